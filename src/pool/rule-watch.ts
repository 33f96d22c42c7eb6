/**
 * Detection of rules of this side that are wrong: those that most peers break.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { ExpiringSet } from './expiring-set.ts'

/** Window in milliseconds, as long as the shortest ban: bans by a wrong rule never cover most peers at one time. */
export const RULE_WINDOW = 60 * 60_000
/** Fewest nodes that break a rule before it can count as wrong. */
const MIN_NODES = 3
/** Rules watched at a time; beyond it those without a fault for the longest time are dropped. */
const MAX_RULES = 128

export type RuleChange = 'suspended' | 'restored'

/**
 * Counts, for each rule (an error code), the distinct nodes that broke it within the window. A rule is suspended while
 * these are most of all nodes that were peers in that time.
 *
 * An attacker that holds most of the peers can have a rule suspended by breaking it with all of them. That gains no more
 * than new node ids do, which are free: its connections still end at each fault.
 */
export class RuleWatch {
  readonly #clock: Clock
  readonly #window: number
  /** Ids of the peers. BOUNDED: by the slots of the server. */
  readonly #connected = new Set<string>()
  /** Ids of peers that left within the window. */
  readonly #gone: ExpiringSet
  /** Nodes that broke each rule, by its code, in the order of the last fault. BOUNDED: by MAX_RULES. */
  readonly #broken = new Map<string, ExpiringSet>()
  /** Codes of suspended rules. BOUNDED: as the rules. */
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

  /** Counts a node that broke a rule. @returns the change of the rule's state, if any */
  broke(code: string, id: string): RuleChange | undefined {
    this.#nodesOf(code).add(id)
    const was = this.#suspended.has(code)
    const wrong = this.nodes(code) >= MIN_NODES && this.nodes(code) * 2 > this.peers
    if (wrong === was) return undefined
    if (wrong) this.#suspended.add(code)
    else this.#suspended.delete(code)
    return wrong ? 'suspended' : 'restored'
  }

  /** @returns true while the rule must not ban; evaluated at each fault */
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
