/**
 * Progress of a sync, for people and for `eth_syncing`.
 * @module
 */

/** Current phase of a sync; in `target` it searches the header of the target. */
export type SyncPhase = 'idle' | 'target' | 'headers' | 'blocks'

/** Number of blocks that have a part, of all up to the target. */
export interface SyncShare {
  readonly done: number
  readonly total: number
}

export interface SyncProgress {
  readonly phase: SyncPhase
  /** True if no peer is connected. */
  readonly waiting: boolean
  /** Undefined without a target, and before its header is known. */
  readonly target: { readonly number: number; readonly hash: Uint8Array } | undefined
  /** Number of the head when this sync began; the current one if none runs. */
  readonly start: number
  /** Number of the last complete block in the store. */
  readonly head: number
  readonly headers: SyncShare
  readonly bodies: SyncShare
  readonly receipts: SyncShare
  /** Blocks stored per second, over the last ten seconds. */
  readonly blocksPerSecond: number
  /** Bytes of verified headers, bodies, receipts and access lists, since the start. */
  readonly bytes: number
  readonly peers: number
}
