/**
 * **Many** peers: slots by class, dialing, back-off, scores and bans. Knows no network.
 * Start reading at `dialer.ts` and `reputation.ts`.
 * @module
 */
export { Backoff, type BackoffOptions } from './backoff.ts'
export type { Ban } from './bans.ts'
export { Dialer, type DialerOptions, MAX_ACTIVE_DIALS, REDIAL_INTERVAL } from './dialer.ts'
export { ExpiringSet, type ExpiringSetOptions } from './expiring-set.ts'
export {
  BAN_TIMEOUT,
  type BanInfo,
  MAX_BAN_TIMEOUT,
  Reputation,
  type ReputationOptions,
  ruleOf,
} from './reputation.ts'
export { parseReputation, type ReputationRecord } from './reputation-record.ts'
export { RULE_WINDOW, type RuleChange, RuleWatch } from './rule-watch.ts'
export { MAX_SCORE, SCORE_HALF_LIFE } from './scores.ts'
export { DIAL_RATIO, MAX_PEERS, SlotClasses, type SlotLimits, type SlotOptions, slotLimits } from './slot-classes.ts'
