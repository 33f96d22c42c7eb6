/**
 * Interface of a key-value store: sorted by key, written in atomic batches, read synchronously.
 * @module
 */

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Range of keys from `gte` up to, and without, `lt`, in the order of their unsigned bytes. */
export interface KeyRange {
  /** First key. @default the first one of the store */
  readonly gte?: Uint8Array
  /** Key behind the last one. @default none */
  readonly lt?: Uint8Array
  /** Reverses the order. @default false */
  readonly reverse?: boolean
  /** Most entries. @default all */
  readonly limit?: number
  /** Returns empty values without reading them. @default false */
  readonly keysOnly?: boolean
}

export interface WriteOptions {
  /** Syncs the write to the disk before it resolves, so that it survives a power cut. @default false */
  readonly sync?: boolean
}

/** Key-value store. Every method throws, or rejects with, a `StorageError`; `ERR_STORAGE_CLOSED` after `close`. */
export interface KeyValueStore extends AsyncDisposable {
  get(key: Uint8Array): Uint8Array | undefined
  /** Values in the order of the keys. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  has(key: Uint8Array): boolean
  /**
   * Writes a batch atomically, also under kill -9. Batches take effect in the order of the calls, and can be read once the
   * promise has resolved; until then the operations belong to the store. Later operations on one key win.
   */
  write(operations: readonly Operation[], options?: WriteOptions): Promise<void>
  /** Iterates a snapshot taken when the loop begins. Leaving the loop frees it. */
  iterate(range?: KeyRange): AsyncIterable<[Uint8Array, Uint8Array]>
  /** Deletes a range, in order with writes. Not atomic: after a kill, calling it again deletes the rest. */
  deleteRange(gte: Uint8Array, lt: Uint8Array): Promise<void>
  /** Closes the store after the writes in flight. */
  close(): Promise<void>
}
