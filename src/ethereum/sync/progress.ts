/**
 * How far a sync is, for people and for `eth_syncing`.
 * @module
 */
import type { Clock } from '../../base/clock.ts'

/** What a sync does at the moment; `target`: it looks for the header of the target. */
export type SyncPhase = 'idle' | 'target' | 'headers' | 'blocks'

/** Block numbers: of `total` blocks this many have it, whenever they came. */
export interface SyncShare {
  readonly done: number
  readonly total: number
}

export interface SyncProgress {
  readonly phase: SyncPhase
  /** There is nobody to ask. */
  readonly waiting: boolean
  /** Undefined before its header is known, and when there is none. */
  readonly target: { readonly number: number; readonly hash: Uint8Array } | undefined
  /** Number of the head when this sync began, or that of now when there is none. */
  readonly start: number
  /** Number of the last block that is stored whole. */
  readonly head: number
  readonly headers: SyncShare
  readonly bodies: SyncShare
  readonly receipts: SyncShare
  /** Stored, over the last seconds. */
  readonly blocksPerSecond: number
  /** Of headers, bodies, receipts and access lists that were right, since the start. */
  readonly bytes: number
  readonly peers: number
}

/** Milliseconds a rate looks back. */
const SPAN = 10_000
/** BOUNDED: samples a meter keeps. */
const MAX_SAMPLES = 100
/** Milliseconds one sample covers. */
const SAMPLE = SPAN / MAX_SAMPLES

/** Counts what happens, as a rate over the last ten seconds. */
export class RateMeter {
  readonly #clock: Clock
  readonly #began: number
  #samples: { readonly at: number; count: number }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#began = clock.now()
  }

  add(count: number): void {
    const now = this.#clock.now()
    const last = this.#samples.at(-1)
    if (last && now - last.at < SAMPLE) last.count += count
    else this.#samples.push({ at: now, count })
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift()
  }

  get perSecond(): number {
    const now = this.#clock.now()
    this.#samples = this.#samples.filter(({ at }) => now - at < SPAN)
    const count = this.#samples.reduce((sum, sample) => sum + sample.count, 0)
    const elapsed = Math.min(SPAN, now - this.#began)
    return count === 0 ? 0 : (count * 1000) / Math.max(elapsed, 1)
  }
}
