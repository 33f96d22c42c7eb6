/**
 * **Many** peers: slots by class, dialing, back-off, scores and bans. Knows no network.
 * Start reading at `dialer.ts`, and at `penalties.ts` for scores and bans.
 * @module
 */
export { Backoff } from './backoff.ts'
export { Dialer, type DialerOptions, REDIAL_INTERVAL } from './dialer.ts'
export { ExpiringSet } from './expiring-set.ts'
export { Penalties } from './penalties.ts'
export { type BanInfo, Reputation, type ReputationOptions } from './reputation.ts'
export { parseReputation, type ReputationRecord } from './reputation-record.ts'
export { MAX_PEERS, SlotClasses, slotLimits } from './slot-classes.ts'
