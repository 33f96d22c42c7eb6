/**
 * Sync from a head hash to a stored chain: headers in reverse (`headers/`), then bodies, receipts and access lists
 * (`blocks/`), from many peers (`peers/`). This room does not choose the head (a consensus client or a user does), and
 * executes nothing; messages are in `eth/`, rules and store in `chain/`.
 * Start reading at `sync.ts`, then `headers/header-download.ts` and `blocks/fill.ts`.
 * @module
 */

export type { WindowLimits } from './blocks/window.ts'
export type { PeerVerdict } from './peers/workers.ts'
export type { SyncPhase, SyncProgress, SyncShare } from './progress.ts'
export { Sync, type SyncEvent, type SyncOptions, type SyncResult } from './sync.ts'
