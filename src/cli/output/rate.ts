/** Rate of growth of a number over the last seconds. */
export class Rate {
  /** BOUNDED: by MAX_SAMPLES. */
  readonly #samples: { readonly at: number; readonly value: number }[] = []

  /** `at`: time in milliseconds, ascending. */
  add(at: number, value: number): void {
    const last = this.#samples.at(-1)
    if (last && at - last.at < SAMPLE_INTERVAL) return
    this.#samples.push({ at, value })
    while (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  /** Growth per second over the last seconds, up to the given sample. */
  perSecond(at: number, value: number): number {
    const first = this.#samples[0]
    return first && at > first.at ? (Math.max(0, value - first.value) * 1000) / (at - first.at) : 0
  }
}

const SAMPLE_INTERVAL = 250
/** Samples of five seconds. */
const MAX_SAMPLES = 20
