/**
 * Progress of a sync, for people and for `eth_syncing`.
 * @module
 */
import type { Clock } from '../../base/clock.ts'

/** Current phase of a sync; in `target` it searches the header of the target. */
export type SyncPhase = 'idle' | 'target' | 'headers' | 'blocks'

/** Number of blocks that have a part, of all up to the target. */
export interface SyncShare {
  readonly done: number
  readonly total: number
}

export interface SyncProgress {
  readonly phase: SyncPhase
  /** True if no peer is connected. */
  readonly waiting: boolean
  /** Undefined without a target, and before its header is known. */
  readonly target: { readonly number: number; readonly hash: Uint8Array } | undefined
  /** Number of the head when this sync began; the current one if none runs. */
  readonly start: number
  /** Number of the last complete block in the store. */
  readonly head: number
  readonly headers: SyncShare
  readonly bodies: SyncShare
  readonly receipts: SyncShare
  /** Blocks stored per second, over the last ten seconds. */
  readonly blocksPerSecond: number
  /** Bytes of verified headers, bodies, receipts and access lists, since the start. */
  readonly bytes: number
  readonly peers: number
}

/** Milliseconds that a rate covers. */
const SPAN = 10_000
/** Samples that a meter keeps. */
const MAX_SAMPLES = 100
/** Milliseconds that one sample covers. */
const SAMPLE = SPAN / MAX_SAMPLES

/** Measures a rate over the last ten seconds. */
export class RateMeter {
  readonly #clock: Clock
  readonly #began: number
  /** BOUNDED: {@link MAX_SAMPLES}. */
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
