/**
 * **Many** peers: how many there may be, whom to dial and when, who called too recently. Knows no network.
 * Start reading at `dialer.ts`.
 * @module
 */
export { Backoff, type BackoffOptions } from './backoff.ts'
export { Dialer, type DialerOptions, MAX_ACTIVE_DIALS, REDIAL_INTERVAL } from './dialer.ts'
export { ExpiringSet, type ExpiringSetOptions } from './expiring-set.ts'
export { DIAL_RATIO, MAX_PEERS, SlotClasses, type SlotLimits, type SlotOptions, slotLimits } from './slot-classes.ts'
