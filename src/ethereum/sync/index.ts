/**
 * From a head hash to a stored chain: headers in reverse, then bodies, receipts and access lists, from many peers. Not
 * here: who says what the head is (a consensus client, a user), what is said on the wire (`eth/`), the rules and the
 * store (`chain/`); nothing is executed.
 * Start reading at `sync.ts`, then `header-download.ts` and `fill.ts`.
 * @module
 */

export type { WindowLimits } from './blocks/window.ts'
export type { PeerVerdict } from './peers/workers.ts'
export type { SyncPhase, SyncProgress, SyncShare } from './progress.ts'
export { Sync, type SyncEvent, type SyncOptions, type SyncResult } from './sync.ts'
