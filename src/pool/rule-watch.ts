/**
 * Detects rules of this side that are wrong: those that most peers break.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { ExpiringSet } from './expiring-set.ts'

/** Milliseconds looked back, as long as the shortest ban: the bans of a wrong rule never cover most peers at one time. */
export const RULE_WINDOW = 60 * 60_000
/** Nodes that must break a rule before it can be wrong: fewer are an accident. */
const MIN_NODES = 3
/** Rules watched at a time; beyond it the ones without a fault for the longest time are forgotten. */
const MAX_RULES = 128

export type RuleChange = 'suspended' | 'restored'

/**
 * Counts, for each rule (an error code), the distinct nodes that broke it within the window. A rule is suspended while
 * these are most of all nodes that were peers in that time.
 *
 * Whoever holds most of the peers can have a rule suspended by breaking it with all of them. That gains it no more than
 * new node ids do, which are free: its connections still end at each fault.
 */
export class RuleWatch {
  readonly #clock: Clock
  readonly #window: number
  /** BOUNDED: by the slots of the server. */
  readonly #connected = new Set<string>()
  /** Nodes that were peers within the window and have gone. */
  readonly #gone: ExpiringSet
  /** By code. BOUNDED: by MAX_RULES. In the order of the last fault. */
  readonly #broken = new Map<string, ExpiringSet>()
  /** BOUNDED: as the rules. */
  readonly #suspended = new Set<string>()

  constructor(options: { readonly clock: Clock; readonly window?: number | undefined }) {
    this.#clock = options.clock
    this.#window = options.window ?? RULE_WINDOW
    this.#gone = new ExpiringSet({ clock: options.clock, lifetime: this.#window })
  }

  /** Distinct nodes that are peers, or were within the window. */
  get peers(): number {
    return this.#connected.size + this.#gone.size
  }

  joined(id: string): void {
    this.#gone.delete(id)
    this.#connected.add(id)
  }

  left(id: string): void {
    this.#connected.delete(id)
    this.#gone.add(id)
  }

  /** Notes that a node broke a rule. Returns how the rule's standing has changed by that, if it has. */
  broke(code: string, id: string): RuleChange | undefined {
    this.#nodesOf(code).add(id)
    const was = this.#suspended.has(code)
    const wrong = this.nodes(code) >= MIN_NODES && this.nodes(code) * 2 > this.peers
    if (wrong === was) return undefined
    if (wrong) this.#suspended.add(code)
    else this.#suspended.delete(code)
    return wrong ? 'suspended' : 'restored'
  }

  /** True while the rule must ban nobody; looked at anew with each fault. */
  isSuspended(code: string): boolean {
    return this.#suspended.has(code)
  }

  /** Distinct nodes that broke the rule within the window. */
  nodes(code: string): number {
    return this.#broken.get(code)?.size ?? 0
  }

  #nodesOf(code: string): ExpiringSet {
    const known = this.#broken.get(code)
    const nodes = known ?? new ExpiringSet({ clock: this.#clock, lifetime: this.#window })
    this.#broken.delete(code)
    this.#broken.set(code, nodes)
    if (this.#broken.size > MAX_RULES) {
      const oldest = this.#broken.keys().next().value as string
      this.#broken.delete(oldest)
      this.#suspended.delete(oldest)
    }
    return nodes
  }
}
