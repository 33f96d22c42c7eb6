/**
 * Bans under one kind of key: node ids, or IP addresses.
 * @module
 */
import type { Clock } from '../base/clock.ts'

export interface Ban {
  /** {@link Clock.now} at which it ends. */
  readonly until: number
  /** Shown to the operator; may hold text of the remote's. */
  readonly reason: string
  /** Error code of the rule that was broken; undefined for a ban of the operator's. */
  readonly code?: string | undefined
  /** Score of the node when it was banned. */
  readonly score: number
  /** Bans of this key up to this one, each within {@link BansOptions.memory} of the last. */
  readonly count: number
  /** Id of the node that an address was banned for. */
  readonly node?: string | undefined
}

export interface BansOptions {
  readonly clock: Clock
  /** Bans held; beyond it the oldest are forgotten. */
  readonly maxEntries: number
  /** Milliseconds for which a ban that has ended is remembered, for its count. @default 0 */
  readonly memory?: number
}

export class Bans {
  readonly #clock: Clock
  readonly #maxEntries: number
  readonly #memory: number
  /** BOUNDED: by `maxEntries`. In the order in which they were banned. */
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

  /** The ban in force; undefined when there is none, or it has ended. */
  get(key: string): Ban | undefined {
    const ban = this.#bans.get(key)
    return ban && ban.until > this.#clock.now() ? ban : undefined
  }

  /** Bans of a key in a row, the last of which may have ended. */
  count(key: string): number {
    const ban = this.#bans.get(key)
    return ban && ban.until + this.#memory > this.#clock.now() ? ban.count : 0
  }

  /** False when there was none in force. */
  lift(key: string): boolean {
    const banned = this.get(key) !== undefined
    this.#bans.delete(key)
    return banned
  }

  /** Lifts the bans that match; returns their keys. Looks at all of them: not for what a remote can cause at will. */
  liftWhere(matches: (ban: Ban, key: string) => boolean): string[] {
    const keys = Array.from(this.#bans).flatMap(([key, ban]) => (matches(ban, key) ? [key] : []))
    return keys.filter((key) => this.lift(key))
  }

  /** All bans, those that have ended and are remembered among them. */
  entries(): Iterable<readonly [key: string, ban: Ban]> {
    return this.#bans.entries()
  }

  /** Bans differ in length, so that one may wait behind a longer one; the limit holds all the same. */
  #forget(): void {
    const oldest = this.#clock.now() - this.#memory
    for (const [key, { until }] of this.#bans) {
      if (until > oldest) return
      this.#bans.delete(key)
    }
  }
}
