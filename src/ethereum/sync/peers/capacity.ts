/**
 * Sizes and deadlines of requests, estimated from measured peers. The measures and their constants are go-ethereum's.
 * Source: go-ethereum p2p/msgrate.
 * @module
 */

/** Kinds of requested data. */
export type FetchKind = 'headers' | 'bodies' | 'receipts' | 'accessLists'

/** Weight of the newest measurement. */
const IMPACT = 0.1
/** Factor over the measured capacity: a peer could not show otherwise that it became faster. */
const OVERESTIMATION = 1.01
/** Bounds of the target round trip, in milliseconds. */
const MIN_RTT = 2_000
const MAX_RTT = 20_000
/** Share of the round trip that requests aim at. */
const PUSH_DOWN = 0.9
const MIN_CONFIDENCE = 0.1
/** Round trips after which a request times out, at most a minute. */
const TIMEOUT_SCALE = 3
const MAX_TIMEOUT = 60_000
/** Number of peers from which on another one does not lower the confidence. */
const CONFIDENT_PEERS = 10
const TUNING_IMPACT = 0.25

/** Measured speed of one peer. */
export class PeerCapacity {
  /** Milliseconds from request to response, smoothed over all kinds. */
  rtt: number
  readonly #perSecond: Record<FetchKind, number> = { headers: 0, bodies: 0, receipts: 0, accessLists: 0 }

  /** `rtt` is the estimate from other peers. */
  constructor(rtt: number) {
    this.rtt = rtt
  }

  /** @returns the number of items whose response takes about `rtt` milliseconds; at least 1. */
  items(kind: FetchKind, rtt: number): number {
    return Math.floor(1 + (OVERESTIMATION * this.#perSecond[kind] * rtt) / 1000)
  }

  /** Counts a response of `items` items that took `elapsed` milliseconds; 0 items reset the capacity. */
  measured(kind: FetchKind, items: number, elapsed: number): void {
    if (items === 0) {
      this.#perSecond[kind] = 0
      return
    }
    const rate = (items * 1000) / Math.max(elapsed, 0.1)
    this.#perSecond[kind] += IMPACT * (rate - this.#perSecond[kind])
    this.rtt += IMPACT * (elapsed - this.rtt)
  }
}

/** Target round trip of all requests. */
export class RoundTrip {
  #rtt = MAX_RTT
  #confidence = 1
  #tunedAt: number

  constructor(now: number) {
    this.#tunedAt = now
  }

  /** Milliseconds that a response should take. */
  get target(): number {
    return this.#rtt * PUSH_DOWN
  }

  /** Deadline of a request, in milliseconds. */
  get timeout(): number {
    return Math.min(MAX_TIMEOUT, (TIMEOUT_SCALE * this.#rtt) / this.#confidence)
  }

  /** Assumed round trip of a peer that was not measured yet. */
  get estimate(): number {
    return this.#rtt
  }

  /** Moves towards the measured round trips of the faster peers, once per round trip. */
  tune(rtts: readonly number[], now: number): void {
    if (now - this.#tunedAt < this.#rtt || rtts.length === 0) return
    const sorted = [...rtts].sort((a, b) => a - b)
    const median = sorted[Math.min(sorted.length - 1, Math.floor(Math.sqrt(sorted.length)))] as number
    const bounded = Math.min(MAX_RTT, Math.max(MIN_RTT, median))
    this.#rtt += TUNING_IMPACT * (bounded - this.#rtt)
    this.#confidence += (1 - this.#confidence) / 2
    this.#tunedAt = now
  }

  /** Lowers the confidence when a peer joins few others. */
  joined(peers: number): void {
    if (peers === 1) this.#confidence = 1
    else if (peers < CONFIDENT_PEERS) {
      this.#confidence = Math.max(MIN_CONFIDENCE, (this.#confidence * (peers - 1)) / peers)
    }
  }
}
