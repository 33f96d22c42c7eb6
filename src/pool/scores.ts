/**
 * Scores of nodes: penalties that decay.
 * @module
 */
import type { Clock } from '../base/clock.ts'

/** Highest score, at which a node is banned. */
export const MAX_SCORE = 100
/**
 * Milliseconds in which a score halves: as long as the shortest ban, so that half of the score stands against a node that
 * comes back from one. Faults of penalty 20 ban a node when they come every 19 minutes, and never when once a day.
 */
export const SCORE_HALF_LIFE = 60 * 60_000
/** Lowest score that is kept. */
const FORGOTTEN = 1
/** Half-lives after which even the highest score is below {@link FORGOTTEN}. */
const LIFETIMES = Math.log2(MAX_SCORE / FORGOTTEN)
const MAX_ENTRIES = 4_000

export interface ScoreOptions {
  readonly clock: Clock
  /** Milliseconds in which a score halves. @default 3600000 */
  readonly halfLife?: number | undefined
  /** Most nodes with a score; beyond it those without a fault for the longest time are dropped. @default 4000 */
  readonly maxEntries?: number | undefined
}

interface Entry {
  readonly score: number
  /** Time ({@link Clock.now}) of the score. */
  readonly at: number
}

/** Scores by node id, from 0 to 100; exponential decay costs one multiplication and no timer. */
export class Scores {
  readonly #clock: Clock
  readonly #halfLife: number
  readonly #maxEntries: number
  /** Scores by id, in the order of the last fault, so that those to drop are in front. BOUNDED: by `maxEntries`. */
  readonly #entries = new Map<string, Entry>()

  constructor(options: ScoreOptions) {
    this.#clock = options.clock
    this.#halfLife = options.halfLife ?? SCORE_HALF_LIFE
    this.#maxEntries = options.maxEntries ?? MAX_ENTRIES
  }

  /** Adds a penalty. @returns the new score */
  add(id: string, penalty: number): number {
    const score = Math.min(MAX_SCORE, this.of(id) + penalty)
    this.#put(id, { score, at: this.#clock.now() })
    return score
  }

  /** Score of a node as of now; 0 for one without faults. */
  of(id: string): number {
    const entry = this.#entries.get(id)
    const score = entry ? this.#decayed(entry) : 0
    return score < FORGOTTEN ? 0 : score
  }

  reset(id: string): void {
    this.#entries.delete(id)
  }

  /** Restores a score of so many milliseconds ago. Scores have to come oldest first. */
  restore(id: string, score: number, age: number): void {
    const entry = { score, at: this.#clock.now() - age }
    if (this.#decayed(entry) >= FORGOTTEN) this.#put(id, entry)
  }

  /** Nodes with a score, in the order of their last fault. */
  *entries(): Generator<readonly [id: string, score: number, age: number]> {
    const now = this.#clock.now()
    for (const [id, { score, at }] of this.#entries) yield [id, score, now - at]
  }

  #decayed({ score, at }: Entry): number {
    return score * 2 ** ((at - this.#clock.now()) / this.#halfLife)
  }

  #put(id: string, entry: Entry): void {
    this.#forget()
    this.#entries.delete(id)
    this.#entries.set(id, entry)
    if (this.#entries.size > this.#maxEntries) this.#entries.delete(this.#entries.keys().next().value as string)
  }

  /** Drops entries that have decayed, in amortized constant time: the first one that has not ends the loop. */
  #forget(): void {
    const oldest = this.#clock.now() - LIFETIMES * this.#halfLife
    for (const [id, { at }] of this.#entries) {
      if (at > oldest) return
      this.#entries.delete(id)
    }
  }
}
