/**
 * **Many** peers: slots by class, dialing, back-off, scores and bans. Knows no network.
 * Start reading at `dialer.ts` and `reputation.ts`.
 * @module
 */
export { Backoff } from './backoff.ts'
export { Dialer, type DialerOptions, REDIAL_INTERVAL } from './dialer.ts'
export { ExpiringSet } from './expiring-set.ts'
export { type BanInfo, Reputation, type ReputationOptions, ruleOf } from './reputation.ts'
export { parseReputation, type ReputationRecord } from './reputation-record.ts'
export { RuleWatch } from './rule-watch.ts'
export { MAX_SCORE } from './scores.ts'
export { MAX_PEERS, SlotClasses, slotLimits } from './slot-classes.ts'
