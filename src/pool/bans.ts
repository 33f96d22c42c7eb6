/**
 * List of bans under one kind of key: node ids, or IP addresses.
 * @module
 */
import type { Clock } from '../base/clock.ts'

export interface Ban {
  /** Time ({@link Clock.now}) at which it ends. */
  readonly until: number
  /** Text for the operator; may contain text of the remote's. */
  readonly reason: string
  /** Error code of the rule that was broken; undefined for a ban of the operator's. */
  readonly code?: string | undefined
  /** Score of the node when it was banned. */
  readonly score: number
  /** Number of consecutive bans of the key, each within {@link BansOptions.memory} of the last. */
  readonly count: number
  /** Id of the node for which an address was banned. */
  readonly node?: string | undefined
}

export interface BansOptions {
  readonly clock: Clock
  /** Most bans held; beyond it the oldest are dropped. */
  readonly maxEntries: number
  /** Milliseconds for which the count of a ban outlives it. @default 0 */
  readonly memory?: number
}

export class Bans {
  readonly #clock: Clock
  readonly #maxEntries: number
  readonly #memory: number
  /** Bans by key, in the order in which they began. BOUNDED: by `maxEntries`. */
  readonly #bans = new Map<string, Ban>()

  constructor(options: BansOptions) {
    this.#clock = options.clock
    this.#maxEntries = options.maxEntries
    this.#memory = options.memory ?? 0
  }

  set(key: string, ban: Ban): void {
    this.#forget()
    this.#bans.delete(key)
    this.#bans.set(key, ban)
    if (this.#bans.size > this.#maxEntries) this.#bans.delete(this.#bans.keys().next().value as string)
  }

  /** Ban of a key that is in force. */
  get(key: string): Ban | undefined {
    const ban = this.#bans.get(key)
    return ban && ban.until > this.#clock.now() ? ban : undefined
  }

  /** Number of consecutive bans of a key, the last of which may have ended. */
  count(key: string): number {
    const ban = this.#bans.get(key)
    return ban && ban.until + this.#memory > this.#clock.now() ? ban.count : 0
  }

  /** Lifts the ban of a key. @returns false if none was in force */
  lift(key: string): boolean {
    const banned = this.get(key) !== undefined
    this.#bans.delete(key)
    return banned
  }

  /** Lifts the bans that match, scanning all: not for events that a remote can cause at will. @returns their keys */
  liftWhere(matches: (ban: Ban, key: string) => boolean): string[] {
    const keys = Array.from(this.#bans).flatMap(([key, ban]) => (matches(ban, key) ? [key] : []))
    return keys.filter((key) => this.lift(key))
  }

  /** All bans, ended ones whose count is kept included. */
  entries(): Iterable<readonly [key: string, ban: Ban]> {
    return this.#bans.entries()
  }

  /** Drops ended bans from the front. One behind a longer ban may stay; `maxEntries` bounds those. */
  #forget(): void {
    const oldest = this.#clock.now() - this.#memory
    for (const [key, { until }] of this.#bans) {
      if (until > oldest) return
      this.#bans.delete(key)
    }
  }
}
