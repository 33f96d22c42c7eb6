/**
 * Dial scheduler: static nodes until they are connected, candidates while there are free slots. go-ethereum's
 * `dialScheduler`, with a back-off for static nodes.
 * @module
 */
import type { Clock, Timer } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { Backoff } from './backoff.ts'
import { ExpiringSet } from './expiring-set.ts'

/** Default of `redialInterval`: go-ethereum's, above the 30 s for which nodes refuse another connection. */
export const REDIAL_INTERVAL = 35_000
const STATIC_BACKOFF = { initial: 1_000, max: 60_000 }
/** Candidates skipped in a row before the source is paused: one that never waits would starve the event loop. */
const MAX_SKIPPED = 64
/** Milliseconds of that pause. */
const SOURCE_PAUSE = 1_000

export interface DialerOptions<C> {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Logger
  /** Dials in progress at most. */
  readonly maxActiveDials: number
  /** Milliseconds in which a candidate is not dialed a second time. @default 35000 */
  readonly redialInterval?: number | undefined
  /** Id of a candidate. */
  readonly idOf: (candidate: C) => string
  /** Free slots for candidates. */
  readonly freeSlots: () => number
  /** @returns the reason not to dial this candidate now, or undefined */
  readonly refuse: (candidate: C) => string | undefined
  /** Dials. Resolves when the candidate has become a peer, rejects when not; logging is up to this function. */
  readonly dial: (candidate: C, isStatic: boolean) => Promise<void>
  /** Source of further nodes. @default none */
  readonly candidates?: AsyncIterable<C> | undefined
}

interface StaticNode<C> {
  readonly candidate: C
  readonly backoff: Backoff
  notBefore: number
}

export class Dialer<C> {
  readonly #options: DialerOptions<C>
  readonly #redialInterval: number
  readonly #history: ExpiringSet
  /** BOUNDED: by the user's own calls. */
  readonly #statics = new Map<string, StaticNode<C>>()
  /** BOUNDED: by `maxActiveDials`. */
  readonly #active = new Set<string>()
  #source: AsyncIterator<C> | undefined
  #pulling = false
  #skipped = 0
  #timer: Timer | undefined
  #pause: Timer | undefined
  #closed = false

  constructor(options: DialerOptions<C>) {
    this.#options = options
    this.#redialInterval = options.redialInterval ?? REDIAL_INTERVAL
    this.#history = new ExpiringSet({ clock: options.clock, lifetime: this.#redialInterval })
    this.#source = options.candidates?.[Symbol.asyncIterator]()
  }

  /** @returns true if a dial to this node is in progress */
  isDialing(id: string): boolean {
    return this.#active.has(id)
  }

  /** Dials a node whenever it is not connected. */
  addStatic(candidate: C): void {
    const id = this.#options.idOf(candidate)
    if (this.#statics.has(id)) return
    const backoff = new Backoff({ ...STATIC_BACKOFF, random: this.#options.random })
    this.#statics.set(id, { candidate, backoff, notBefore: 0 })
    this.wake()
  }

  removeStatic(id: string): boolean {
    return this.#statics.delete(id)
  }

  isStatic(id: string): boolean {
    return this.#statics.has(id)
  }

  /** Fills the free slots; to be called when a peer was added or dropped. */
  wake(): void {
    if (this.#closed) return
    this.#dialStatics()
    void this.#dialCandidates()
  }

  /** Reports a peer lost after so many milliseconds. A static node is dialed again, later after each short connection. */
  lost(id: string, lived: number): void {
    const node = this.#statics.get(id)
    if (node && lived > this.#redialInterval) node.backoff.reset()
    if (node) node.notBefore = this.#options.clock.now() + node.backoff.next()
    this.wake()
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#pause?.cancel()
    this.#source?.return?.().catch(() => {})
  }

  #dialStatics(): void {
    const now = this.#options.clock.now()
    let soonest = Number.POSITIVE_INFINITY
    for (const [id, node] of this.#statics) {
      if (this.#active.size >= this.#options.maxActiveDials) return
      if (this.#active.has(id) || this.#options.refuse(node.candidate)) continue
      if (node.notBefore > now) soonest = Math.min(soonest, node.notBefore)
      else void this.#dial(id, node.candidate, node)
    }
    this.#timer?.cancel()
    if (soonest < Number.POSITIVE_INFINITY) this.#timer = this.#options.clock.setTimer(soonest - now, () => this.wake())
  }

  /** Pulls candidates while slots are free, one request to the source at a time. */
  async #dialCandidates(): Promise<void> {
    if (this.#pulling || this.#pause || !this.#source) return
    this.#pulling = true
    while (!this.#closed && this.#roomForCandidates()) {
      const next = await this.#source.next().catch((error: unknown) => this.#sourceFailed(error))
      if (!next || next.done) {
        this.#source = undefined
        break
      }
      if (this.#consider(next.value)) this.#skipped = 0
      else if (++this.#skipped >= MAX_SKIPPED) {
        this.#pauseSource()
        break
      }
    }
    this.#pulling = false
  }

  #sourceFailed(error: unknown): undefined {
    if (!this.#closed) this.#options.log.warn('Dial candidates failed', { error: describeError(error) })
  }

  #pauseSource(): void {
    this.#skipped = 0
    if (this.#closed) return
    this.#pause = this.#options.clock.setTimer(SOURCE_PAUSE, () => {
      this.#pause = undefined
      this.wake()
    })
  }

  /** @returns true if more dials may start: twice as many as free slots, as in go-ethereum, because most of them fail */
  #roomForCandidates(): boolean {
    const free = Math.min(this.#options.freeSlots() * 2, this.#options.maxActiveDials)
    return free - this.#active.size > 0
  }

  /** Dials a candidate unless there is a reason not to. @returns false if it was skipped */
  #consider(candidate: C): boolean {
    if (this.#closed) return false
    const id = this.#options.idOf(candidate)
    if (this.#active.has(id) || this.#history.has(id) || this.#options.refuse(candidate)) return false
    void this.#dial(id, candidate, undefined)
    return true
  }

  async #dial(id: string, candidate: C, node: StaticNode<C> | undefined): Promise<void> {
    this.#active.add(id)
    this.#history.add(id)
    try {
      await this.#options.dial(candidate, node !== undefined)
    } catch {
      if (node) node.notBefore = this.#options.clock.now() + node.backoff.next()
    } finally {
      this.#active.delete(id)
      this.wake()
    }
  }
}
