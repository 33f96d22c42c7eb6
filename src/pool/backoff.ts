/**
 * How long to wait before trying again.
 * @module
 */
export interface BackoffOptions {
  /** Milliseconds after the first failure. */
  readonly initial: number
  /** Most milliseconds between two tries. */
  readonly max: number
  /** In [0, 1). */
  readonly random: () => number
}

/** Doubles with every failure, up to a limit, and varies by a quarter either way so that many do not come at once. */
export class Backoff {
  readonly #options: BackoffOptions
  #failures = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** Counts a failure and answers how many milliseconds to wait. */
  next(): number {
    const { initial, max, random } = this.#options
    const delay = Math.min(max, initial * 2 ** Math.min(this.#failures++, 30))
    return delay * (0.75 + random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
