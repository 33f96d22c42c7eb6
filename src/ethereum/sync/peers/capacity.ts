/**
 * How much to ask of whom: sizes and deadlines of requests from what peers have shown. The measures and their constants
 * are go-ethereum's. Source: go-ethereum p2p/msgrate.
 * @module
 */

/** What is asked of peers. */
export type FetchKind = 'headers' | 'bodies' | 'receipts' | 'accessLists'

/** Weight of the newest measurement. */
const IMPACT = 0.1
/** More is asked than was measured, or a peer could never show that it became faster. */
const OVERESTIMATION = 1.01
/** Milliseconds: between these an answer should take. */
const MIN_RTT = 2_000
const MAX_RTT = 20_000
/** Requests are made a little smaller than would fill the round trip. */
const PUSH_DOWN = 0.9
const MIN_CONFIDENCE = 0.1
/** Round trips after which an answer is given up, at most a minute. */
const TIMEOUT_SCALE = 3
const MAX_TIMEOUT = 60_000
/** Peers from which on one more does not shake the estimate. */
const CONFIDENT_PEERS = 10
const TUNING_IMPACT = 0.25

/** One peer's speed. */
export class PeerCapacity {
  /** Milliseconds from request to answer, smoothed over all kinds. */
  rtt: number
  readonly #perSecond: Record<FetchKind, number> = { headers: 0, bodies: 0, receipts: 0, accessLists: 0 }

  /** `rtt` is what other peers need. */
  constructor(rtt: number) {
    this.rtt = rtt
  }

  /** Items to ask for, so that the answer takes about `rtt` milliseconds; at least 1. */
  items(kind: FetchKind, rtt: number): number {
    return Math.floor(1 + (OVERESTIMATION * this.#perSecond[kind] * rtt) / 1000)
  }

  /** Counts an answer of `items` that took `elapsed` milliseconds; 0 items: the peer starts anew. */
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

/** The round trip that all requests aim at. */
export class RoundTrip {
  #rtt = MAX_RTT
  #confidence = 1
  #tunedAt: number

  constructor(now: number) {
    this.#tunedAt = now
  }

  /** Milliseconds an answer should take. */
  get target(): number {
    return this.#rtt * PUSH_DOWN
  }

  /** Milliseconds after which an answer is not waited for any more. */
  get timeout(): number {
    return Math.min(MAX_TIMEOUT, (TIMEOUT_SCALE * this.#rtt) / this.#confidence)
  }

  /** What a peer of which nothing is known is taken for. */
  get estimate(): number {
    return this.#rtt
  }

  /** Takes over what the peers need by now, once per round trip. The quicker of them count. */
  tune(rtts: readonly number[], now: number): void {
    if (now - this.#tunedAt < this.#rtt || rtts.length === 0) return
    const sorted = [...rtts].sort((a, b) => a - b)
    const median = sorted[Math.min(sorted.length - 1, Math.floor(Math.sqrt(sorted.length)))] as number
    const bounded = Math.min(MAX_RTT, Math.max(MIN_RTT, median))
    this.#rtt += TUNING_IMPACT * (bounded - this.#rtt)
    this.#confidence += (1 - this.#confidence) / 2
    this.#tunedAt = now
  }

  /** A peer came: with few others there, what was known is worth less. */
  joined(peers: number): void {
    if (peers === 1) this.#confidence = 1
    else if (peers < CONFIDENT_PEERS) {
      this.#confidence = Math.max(MIN_CONFIDENCE, (this.#confidence * (peers - 1)) / peers)
    }
  }
}
