import { deferred } from '../../src/base/deferred.ts'
import { type CallContext, method } from '../../src/rpc/index.ts'

/** API that the servers of tests register as `test`. */
export const testApi = {
  echo: (value: unknown) => value ?? null,
  large: (length: number) => 'x'.repeat(length),
  /** Yields no value until it is cancelled. */
  async *quiet(signal?: AbortSignal): AsyncGenerator<never> {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve))
  },
  async *forever(signal?: AbortSignal) {
    while (!signal?.aborted) {
      yield 'x'.repeat(100_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
}

/**
 * Creates a method that is answered only when its caller has disconnected; `gone` resolves then. A server that is closed
 * earlier waits for the call until its grace is over.
 */
export function unanswered() {
  const gone = deferred()
  const never = method(
    { summary: 'waits until the caller has disconnected', params: [] },
    ({ signal }: CallContext) =>
      new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => {
          gone.resolve()
          reject(signal.reason)
        })
      }),
  )
  return { gone: gone.promise, never }
}
