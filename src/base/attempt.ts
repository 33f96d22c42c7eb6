/**
 * An attempt at something that takes time, with a signal, a time limit and one outcome.
 * @module
 */
import type { Clock } from './clock.ts'
import { TimeoutError } from './errors.ts'

export interface Outcome<T> {
  resolve(value: T): void
  /** Makes the attempt fail. */
  fail(why: unknown): void
}

export interface AttemptOptions {
  readonly clock: Clock
  /** Name of the attempt, for the `TimeoutError`. */
  readonly what: string
  /** Milliseconds until the attempt fails. */
  readonly timeout: number
  /** Cancels the attempt; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Makes the error of a failure, a timeout included. @default the failure itself */
  readonly explain?: (why: unknown) => unknown
}

/** Undoes what an attempt began; called with the error when it fails or is cancelled. */
export type Cancel = (error: unknown) => void

/**
 * Runs `begin`, which may return how to cancel. Only the first outcome counts; one other than `resolve` cancels. Keeps the
 * process alive until then.
 */
export function attempt<T>(options: AttemptOptions, begin: (outcome: Outcome<T>) => Cancel | undefined): Promise<T> {
  const { clock, what, timeout, signal, explain = (why) => why } = options
  if (signal?.aborted) return Promise.reject(signal.reason)
  return new Promise<T>((resolve, reject) => {
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const giveUp = (error: unknown): void => {
      if (!settle()) return
      cancel?.(error)
      reject(error)
    }
    const fail = (why: unknown): void => giveUp(explain(why))
    const onAbort = (): void => giveUp(signal?.reason)
    const timer = clock.setTimer(timeout, () => fail(new TimeoutError(what, timeout)), { ref: true })
    signal?.addEventListener('abort', onAbort, { once: true })
    let cancel: Cancel | undefined
    cancel = begin({ resolve: (value) => settle() && resolve(value), fail })
  })
}
