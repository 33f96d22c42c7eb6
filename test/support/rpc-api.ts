/** What servers of tests offer in the namespace `test`. */
export const testApi = {
  echo: (value: unknown) => value ?? null,
  large: (length: number) => 'x'.repeat(length),
  /** Says nothing. */
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
