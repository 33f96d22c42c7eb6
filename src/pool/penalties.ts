/**
 * Penalties of peers: from the error that ended a peer to its score, its ban, and the rules that most peers break.
 * @module
 */

import type { Clock } from '../base/clock.ts'
import { describeError, type PeerClosedError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { type Reputation, ruleOf } from './reputation.ts'
import { RuleWatch } from './rule-watch.ts'
import { MAX_SCORE } from './scores.ts'

/** `P`: a peer of any network. */
export interface PenaltiesOptions<P> {
  readonly reputation: Reputation
  readonly clock: Clock
  readonly log: Logger
  /** @returns true for nodes that are never banned: static and trusted ones */
  readonly isExempt: (id: string) => boolean
  /** Called when the node of a peer, which has ended, has been banned. */
  readonly onBan: (peer: P) => void
}

export class Penalties<P extends { readonly id: string }> {
  readonly #options: PenaltiesOptions<P>
  readonly #rules: RuleWatch

  constructor(options: PenaltiesOptions<P>) {
    this.#options = options
    this.#rules = new RuleWatch({ clock: options.clock })
  }

  isBanned(id: string): boolean {
    return this.#options.reputation.banOf(id) !== undefined && !this.#options.isExempt(id)
  }

  joined(peer: P): void {
    this.#rules.joined(peer.id)
  }

  /** Adds the penalty of the reason, which is 0 unless the remote broke a rule, to the score of the node. */
  left(peer: P, reason: PeerClosedError): void {
    this.#rules.left(peer.id)
    if (reason.penalty <= 0) return
    const code = ruleOf(reason)
    this.#watch(code, peer.id)
    if (!this.#rules.isSuspended(code)) this.#penalize(peer, reason, code)
  }

  /** Treats a rule that most peers break as this side's fault: lifts its bans, and suspends it. */
  #watch(code: string, id: string): void {
    const { log, reputation } = this.#options
    const change = this.#rules.broke(code, id)
    if (change === 'restored') log.info('Rule enforced again', { code })
    if (change !== 'suspended') return
    const lifted = reputation.liftRule(code).length
    log.error('Most peers fail one rule', { code, peers: this.#rules.nodes(code), of: this.#rules.peers, lifted })
  }

  #penalize(peer: P, reason: PeerClosedError, code: string): void {
    const { log, reputation, clock } = this.#options
    const exempt = this.#options.isExempt(peer.id)
    const { score, ban } = reputation.penalize(peer.id, reason, exempt)
    const fields = { peer: peer.id.slice(0, 8), code, penalty: reason.penalty, score: Math.round(score) }
    log.debug('Peer penalized', fields)
    if (ban) {
      const seconds = Math.round((ban.until - clock.now()) / 1_000)
      log.debug('Peer banned', { peer: fields.peer, seconds, reason: ban.reason })
      this.#options.onBan(peer)
    } else if (exempt && score >= MAX_SCORE) {
      log.warn('Exempt peer not banned', { ...fields, reason: describeError(reason) })
    }
  }
}
