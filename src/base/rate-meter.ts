/**
 * Rates: how many of something there were per second, over the last seconds.
 * @module
 */
import type { Clock } from './clock.ts'

/** Samples that a meter keeps. */
const MAX_SAMPLES = 100

export class RateMeter {
  readonly #clock: Clock
  readonly #span: number
  readonly #began: number
  /** BOUNDED: by MAX_SAMPLES. */
  #samples: { readonly at: number; count: number }[] = []
  #total: number | undefined

  /** `span`: milliseconds that the rate covers. */
  constructor(clock: Clock, span: number) {
    this.#clock = clock
    this.#span = span
    this.#began = clock.now()
  }

  add(count: number): void {
    const now = this.#clock.now()
    const last = this.#samples.at(-1)
    if (last && now - last.at < this.#span / MAX_SAMPLES) last.count += count
    else this.#samples.push({ at: now, count })
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  /** Adds the growth of a total since the last call; the first call only takes note of it. */
  addUpTo(total: number): void {
    if (this.#total !== undefined) this.add(Math.max(0, total - this.#total))
    this.#total = total
  }

  get perSecond(): number {
    const now = this.#clock.now()
    this.#samples = this.#samples.filter(({ at }) => now - at < this.#span)
    const count = this.#samples.reduce((sum, sample) => sum + sample.count, 0)
    const elapsed = Math.min(this.#span, now - this.#began)
    return count === 0 ? 0 : (count * 1000) / Math.max(elapsed, 1)
  }
}
