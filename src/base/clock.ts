/**
 * The one owner of time. Everything that waits takes a {@link Clock}, so that a test or a simulation can turn the hands.
 * @module
 */

/** A timer that has been set. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Monotonic milliseconds from an arbitrary start: for durations. */
  now(): number
  /** Unix time in milliseconds: for what is written down or sent. */
  unixTime(): number
  /** Runs `callback` once, `delay` milliseconds from now. A timer does not keep the process alive on its own. */
  setTimer(delay: number, callback: () => void): Timer
  /** Resolves after `delay` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(delay: number, options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** setTimeout counts in 31 bits and runs anything longer at once. */
const MAX_DELAY = 2 ** 31 - 1

/** What the package uses when no clock is given. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unixTime: () => Date.now(),
  setTimer: (delay, callback) => new SystemTimer(delay, callback),
  sleep(delay, options) {
    return sleepOn(systemClock, delay, options?.signal)
  },
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(delay: number, callback: () => void) {
    this.#handle = delay > MAX_DELAY ? this.#inSteps(delay, callback) : setTimeout(callback, delay)
    this.#handle.unref()
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #inSteps(delay: number, callback: () => void): NodeJS.Timeout {
    return setTimeout(() => {
      this.#handle = new SystemTimer(delay - MAX_DELAY, callback).#handle
    }, MAX_DELAY)
  }
}

/** {@link Clock.sleep} in terms of {@link Clock.setTimer}, for every implementation. */
export function sleepOn(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const timer = clock.setTimer(delay, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

interface FakeTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
}

/** A clock that stands still until it is told to move. */
export class FakeClock implements Clock {
  #now = 0
  #order = 0
  readonly #epoch: number
  /** BOUNDED: by the timers the code under test sets. */
  readonly #timers = new Set<FakeTimer>()

  /** `epoch` is the Unix time, in milliseconds, at which {@link now} is 0. */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#now
  }

  unixTime(): number {
    return this.#epoch + this.#now
  }

  setTimer(delay: number, callback: () => void): Timer {
    const timer: FakeTimer = { at: this.#now + Math.max(0, delay), order: this.#order++, callback }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  sleep(delay: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return sleepOn(this, delay, options?.signal)
  }

  /** Timers that have been set and have not run. */
  get pending(): number {
    return this.#timers.size
  }

  /**
   * Moves the hands forward by `ms`, running each timer that falls due at its own moment, in order. Promises that a
   * timer settles get to run before the next timer does.
   */
  async advance(ms: number): Promise<void> {
    const target = this.#now + ms
    await settle()
    for (let due = this.#next(target); due; due = this.#next(target)) {
      this.#timers.delete(due)
      this.#now = Math.max(this.#now, due.at)
      due.callback()
      await settle()
    }
    this.#now = target
  }

  #next(until: number): FakeTimer | undefined {
    let first: FakeTimer | undefined
    for (const timer of this.#timers) {
      if (timer.at > until) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
}

/** Lets everything that is ready to run do so: microtasks and immediates. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
