/**
 * The one owner of time. Everything that waits takes a {@link Clock}, so that tests and simulations control it.
 *
 * Timers are unref'ed, so that thousands of idle connections and what is closed keep no process alive. Two things are not:
 * a timer that ends a promise somebody awaits (`ref`), and an open object, by one {@link holdProcess} from its start to its
 * end.
 * @module
 */

/** A timer that has been set. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void
}

export interface TimerOptions {
  /** Keeps the process alive until the timer has run or is cancelled. @default false */
  readonly ref?: boolean | undefined
}

export interface Clock {
  /** Returns monotonic milliseconds from an arbitrary start: for durations. */
  now(): number
  /** Returns Unix time in milliseconds: for values that are stored or sent. */
  unixTime(): number
  /**
   * Runs `callback` once, `delay` milliseconds from now; never for Infinity. A timer does not keep the process alive, unless
   * it is set with `ref`.
   */
  setTimer(delay: number, callback: () => void, options?: TimerOptions): Timer
  /**
   * Resolves after `delay` milliseconds; rejects with the signal's reason when it aborts first. Keeps the process alive
   * meanwhile.
   */
  sleep(delay: number, options?: { readonly signal?: AbortSignal }): Promise<void>
}

/** Longest delay of setTimeout, which counts in 31 bits and runs anything longer at once. */
const MAX_DELAY = 2 ** 31 - 1

/** Clock of the system: the default wherever no clock is given. */
export const systemClock: Clock = {
  now: () => performance.now(),
  unixTime: () => Date.now(),
  setTimer: (delay, callback, options) => new SystemTimer(delay, callback, options?.ref === true),
  sleep(delay, options) {
    return sleepOn(systemClock, delay, options?.signal)
  },
}

class SystemTimer implements Timer {
  #handle: NodeJS.Timeout

  constructor(delay: number, callback: () => void, ref: boolean) {
    this.#handle = delay > MAX_DELAY ? this.#inSteps(delay, callback, ref) : setTimeout(callback, delay)
    if (!ref) this.#handle.unref()
  }

  cancel(): void {
    clearTimeout(this.#handle)
  }

  #inSteps(delay: number, callback: () => void, ref: boolean): NodeJS.Timeout {
    return setTimeout(() => {
      this.#handle = new SystemTimer(delay - MAX_DELAY, callback, ref).#handle
    }, MAX_DELAY)
  }
}

/**
 * Keeps the process alive until the returned timer is cancelled: for an object that is open, such as a server without a
 * socket at the moment. One for each object, not for each of its connections.
 */
export function holdProcess(clock: Clock): Timer {
  return clock.setTimer(Number.POSITIVE_INFINITY, never, { ref: true })
}

function never(): void {}

/** Implements {@link Clock.sleep} by {@link Clock.setTimer}, for every clock. */
export function sleepOn(clock: Clock, delay: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason)
    }
    const onEnd = (): void => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    const timer = clock.setTimer(delay, onEnd, { ref: true })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

interface FakeTimer {
  readonly at: number
  readonly order: number
  readonly callback: () => void
  readonly ref: boolean
}

/** A clock that stands still until {@link advance} moves it. */
export class FakeClock implements Clock {
  #now = 0
  #order = 0
  readonly #epoch: number
  /** BOUNDED: by the timers that the code under test sets. */
  readonly #timers = new Set<FakeTimer>()

  /** Starts at 0, which is `epoch` in Unix time, in milliseconds. */
  constructor(epoch = 1_700_000_000_000) {
    this.#epoch = epoch
  }

  now(): number {
    return this.#now
  }

  unixTime(): number {
    return this.#epoch + this.#now
  }

  setTimer(delay: number, callback: () => void, { ref = false }: TimerOptions = {}): Timer {
    const timer: FakeTimer = { at: this.#now + Math.max(0, delay), order: this.#order++, callback, ref }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  sleep(delay: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    return sleepOn(this, delay, options?.signal)
  }

  /** Number of timers that have been set and have not run, without those that never fall due. */
  get pending(): number {
    return [...this.#timers].filter(({ at }) => at < Number.POSITIVE_INFINITY).length
  }

  /** Number of timers that would keep the process alive on the system's clock; a fake clock does not. */
  get holds(): number {
    return [...this.#timers].filter(({ ref }) => ref).length
  }

  /**
   * Advances the clock by `ms` and runs each timer that falls due at its own time, in order. Promises that a timer
   * settles run before the next timer does.
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

/** Runs everything that is ready: microtasks and immediates. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
