/**
 * Reputation of nodes: scores of their faults, and bans by score or by the operator.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { ConfigError, describeError, PeerClosedError, PeerloomError } from '../base/errors.ts'
import { type Ban, Bans } from './bans.ts'
import { MAX_BAN_COUNT, MAX_REASON_LENGTH, type ReputationRecord } from './reputation-record.ts'
import { MAX_SCORE, Scores } from './scores.ts'

/** Milliseconds of a node's first ban. */
export const BAN_TIMEOUT = 60 * 60_000
/** Milliseconds of the longest ban by score, and those for which a ban that has ended still doubles the next. */
export const MAX_BAN_TIMEOUT = 24 * 60 * 60_000
/** Bans of ids held; ids are free, so a longer list would keep no one out. */
const MAX_ID_BANS = 4_000
const MAX_IP_BANS = 10_000
/** 100 years in milliseconds: as good as for ever, and still a number that can be written down. */
const MAX_IP_BAN_TIMEOUT = 100 * 365 * 24 * 60 * 60_000

export interface ReputationOptions {
  /** @default systemClock */
  readonly clock?: Clock | undefined
  /** Milliseconds in which a score halves. @default 3600000 */
  readonly halfLife?: number | undefined
  /** Milliseconds of a node's first ban; each further one is twice as long. @default 3600000 */
  readonly banTimeout?: number | undefined
  /** Milliseconds of the longest ban by score. @default 86400000 */
  readonly maxBanTimeout?: number | undefined
  /** Scores and bans of an earlier run. @default none */
  readonly kept?: ReputationRecord | undefined
  /** Called after each change: for a file that keeps {@link Reputation.toJSON}. @default nothing */
  readonly onChange?: (() => void) | undefined
}

/** A ban as operators see it. Either `id` or `ip` is there. */
export interface BanInfo {
  /** 64 hex digits. */
  readonly id?: string
  readonly ip?: string
  /** Unix time in milliseconds. */
  readonly until: number
  /** May hold text of the remote's. */
  readonly reason: string
  /** 0 to 100, when the ban began. */
  readonly score: number
}

/**
 * Scores and bans, which several servers may share.
 *
 * A score belongs to a node id, and so does a ban by score. It never bans an address: many nodes sit behind one NAT. New
 * ids are free, so a ban keeps out a node that is broken, and slows down one that is hostile: from one address outside the
 * LAN it may come back with another id once in 30 seconds (`INBOUND_THROTTLE` of the devp2p server), do one fault of
 * penalty 100 with it, and hold no more slots than there are. Bans by address are the operator's alone.
 */
export class Reputation {
  readonly #clock: Clock
  readonly #banTimeout: number
  readonly #maxBanTimeout: number
  readonly #onChange: () => void
  readonly #scores: Scores
  readonly #ids: Bans
  readonly #ips: Bans

  constructor(options: ReputationOptions = {}) {
    const { clock = systemClock, halfLife, kept } = options
    this.#clock = clock
    this.#banTimeout = options.banTimeout ?? BAN_TIMEOUT
    this.#maxBanTimeout = Math.max(this.#banTimeout, options.maxBanTimeout ?? MAX_BAN_TIMEOUT)
    this.#onChange = options.onChange ?? (() => {})
    this.#scores = new Scores({ clock, halfLife })
    this.#ids = new Bans({ clock, maxEntries: MAX_ID_BANS, memory: this.#maxBanTimeout })
    this.#ips = new Bans({ clock, maxEntries: MAX_IP_BANS })
    if (kept) this.#restore(kept)
  }

  /** Score of a node as of now, 0 to 100. */
  scoreOf(id: string): number {
    return this.#scores.of(id)
  }

  /** Ban of a node id that is in force. */
  banOf(id: string): Ban | undefined {
    return this.#ids.get(id)
  }

  /** Ban of an address that is in force. */
  ipBanOf(ip: string): Ban | undefined {
    return this.#ips.get(ip)
  }

  /**
   * Adds the penalty of a node's fault to its score, and bans the node at 100, unless it is exempt.
   * @returns the new score, and the ban if it began now
   */
  penalize(id: string, error: PeerloomError, exempt = false): { readonly score: number; readonly ban?: Ban } {
    const { penalty } = error
    if (!(penalty > 0)) return { score: this.scoreOf(id) }
    const score = this.#scores.add(id, penalty)
    const banned = exempt || this.banOf(id) !== undefined
    const ban = score >= MAX_SCORE && !banned ? this.#ban(id, error) : undefined
    this.#onChange()
    return ban ? { score, ban } : { score }
  }

  /**
   * Bans addresses for so many milliseconds, on behalf of a node. A longer ban on behalf of another node stays. Throws a
   * ConfigError (`timeout`).
   */
  banIps(ips: Iterable<string>, node: string, timeout: number): void {
    if (!(timeout >= 0)) throw new ConfigError('timeout', `${timeout} is not a number of milliseconds`)
    const until = this.#clock.now() + Math.min(timeout, MAX_IP_BAN_TIMEOUT)
    for (const ip of ips) {
      const ban = this.ipBanOf(ip)
      if (ban && ban.node !== node && ban.until > until) continue
      this.#ips.set(ip, { until, reason: 'banned by the operator', score: this.scoreOf(node), count: 1, node })
    }
    this.#onChange()
  }

  /** Lifts the ban of a node, of addresses banned for it, and of `ip`. @returns false if there was none */
  lift(id: string, ip?: string): boolean {
    const lifted = this.#ids.lift(id)
    this.#scores.reset(id)
    const ips = this.#ips.liftWhere((ban, key) => key === ip || ban.node === id)
    this.#onChange()
    return lifted || ips.length > 0
  }

  /** Lifts all bans for breaking a rule, by its error code. @returns the ids */
  liftRule(code: string): readonly string[] {
    const ids = this.#ids.liftWhere((ban) => ban.code === code)
    for (const id of ids) this.#scores.reset(id)
    if (ids.length > 0) this.#onChange()
    return ids
  }

  /** Bans in force, those that end last first. */
  bans(): BanInfo[] {
    const now = this.#clock.now()
    const toInfo = (key: 'id' | 'ip', list: Bans): BanInfo[] =>
      Array.from(list.entries()).flatMap(([of, { until, reason, score }]) =>
        until > now ? [{ [key]: of, until: this.#toUnix(until), reason, score: Math.round(score) }] : [],
      )
    return [...toInfo('id', this.#ids), ...toInfo('ip', this.#ips)].sort((a, b) => b.until - a.until)
  }

  toJSON(): ReputationRecord {
    const toRecord = (list: Bans) =>
      Array.from(list.entries(), ([key, ban]) => ({ key, ...ban, until: this.#toUnix(ban.until) }))
    const now = this.#clock.unixTime()
    const scores = Array.from(this.#scores.entries(), ([id, score, age]) => ({
      id,
      score,
      at: Math.max(0, Math.round(now - age)),
    }))
    return { version: 1, ids: toRecord(this.#ids), ips: toRecord(this.#ips), scores }
  }

  #ban(id: string, error: PeerloomError): Ban {
    const count = Math.min(this.#ids.count(id) + 1, MAX_BAN_COUNT)
    const timeout = Math.min(this.#maxBanTimeout, this.#banTimeout * 2 ** Math.min(count - 1, 30))
    const reason = describeError(error).slice(0, MAX_REASON_LENGTH)
    const ban = { until: this.#clock.now() + timeout, reason, code: ruleOf(error), score: MAX_SCORE, count }
    this.#ids.set(id, ban)
    return ban
  }

  /** Restores a record. Caps bans by score at the longest: the system clock may have moved, or the file been edited. */
  #restore({ ids, ips, scores }: ReputationRecord): void {
    const [now, unixNow] = [this.#clock.now(), this.#clock.unixTime()]
    for (const { key, until, ...ban } of ids) {
      this.#ids.set(key, { ...ban, until: now + Math.min(until - unixNow, this.#maxBanTimeout) })
    }
    for (const { key, until, ...ban } of ips) this.#ips.set(key, { ...ban, until: now + until - unixNow })
    const aged = scores.map(({ id, score, at }) => ({ id, score, age: Math.max(0, unixNow - at) }))
    for (const { id, score, age } of aged.sort((a, b) => b.age - a.age)) this.#scores.restore(id, score, age)
  }

  #toUnix(time: number): number {
    return Math.max(0, Math.round(this.#clock.unixTime() + time - this.#clock.now()))
  }
}

/** Error code of the rule that was broken; for a closed peer, that of its cause. */
export function ruleOf(error: PeerloomError): string {
  return error instanceof PeerClosedError && error.cause instanceof PeerloomError ? ruleOf(error.cause) : error.code
}
