/** Weight of the newest answer in a smoothed measure. Source: go-ethereum p2p/msgrate (measurementImpact). */
const IMPACT = 0.1

/** What one kind of request has come to, for whoever divides work among peers. */
export interface RequestTally {
  readonly requests: number
  readonly answers: number
  /** Items (headers, bodies, …) in all answers. */
  readonly items: number
  readonly timeouts: number
  /** Milliseconds from request to answer, smoothed; undefined before the first answer. */
  readonly rtt: number | undefined
  /** Items per second, smoothed; 0 before the first answer. */
  readonly throughput: number
}

export class Tally implements RequestTally {
  requests = 0
  answers = 0
  items = 0
  timeouts = 0
  rtt: number | undefined
  throughput = 0

  answered(items: number, elapsed: number): void {
    const rate = (items * 1000) / Math.max(elapsed, 1)
    this.throughput = this.answers === 0 ? rate : smooth(this.throughput, rate)
    this.rtt = this.rtt === undefined ? elapsed : smooth(this.rtt, elapsed)
    this.answers++
    this.items += items
  }
}

function smooth(old: number, measured: number): number {
  return old + IMPACT * (measured - old)
}
