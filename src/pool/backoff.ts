/**
 * Exponential back-off of retries.
 * @module
 */
export interface BackoffOptions {
  /** Delay in milliseconds after the first failure. */
  readonly initial: number
  /** Longest delay in milliseconds. */
  readonly max: number
  /** Source of random numbers in [0, 1). */
  readonly random: () => number
}

/** Delay that doubles with every failure up to a limit, and varies by a quarter either way to spread retries. */
export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Counts a failure. @returns the delay in milliseconds before the next attempt */
  next(): number {
    const { initial, max, random } = this.#options
    const delay = Math.min(max, initial * 2 ** Math.min(this.#failures++, 30))
    return delay * (0.75 + random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
