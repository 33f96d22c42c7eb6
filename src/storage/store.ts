/**
 * What a key-value store is: sorted by key, written in atomic batches, read synchronously.
 * @module
 */

export type Operation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array }

/** Keys from `gte` up to, and without, `lt`, in the order of their unsigned bytes. */
export interface KeyRange {
  /** @default from the first key */
  readonly gte?: Uint8Array
  /** @default to the last key */
  readonly lt?: Uint8Array
  /** From the last to the first. @default false */
  readonly reverse?: boolean
  /** Entries at most. @default all */
  readonly limit?: number
  /** Gives empty values, without reading them. @default false */
  readonly keysOnly?: boolean
}

export interface WriteOptions {
  /** Also survives a power cut: resolves when the disk has it. @default false */
  readonly sync?: boolean
}

/** Every method throws, or rejects with, a `StorageError`; `ERR_STORAGE_CLOSED` after `close`. */
export interface KeyValueStore extends AsyncDisposable {
  get(key: Uint8Array): Uint8Array | undefined
  /** Values in the order of the keys. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>
  has(key: Uint8Array): boolean
  /**
   * All or nothing, also under kill -9. Writes take effect in the order of the calls, and can be read once the promise
   * has resolved; until then the operations belong to the store. Later operations on one key win.
   */
  write(operations: readonly Operation[], options?: WriteOptions): Promise<void>
  /** The entries as they are when the loop begins, whatever is written meanwhile. Leaving the loop frees them. */
  iterate(range?: KeyRange): AsyncIterable<[Uint8Array, Uint8Array]>
  /** In order with writes. Not atomic: a kill may leave a part, and calling it again takes the rest. */
  deleteRange(gte: Uint8Array, lt: Uint8Array): Promise<void>
  /** Waits for the writes under way. */
  close(): Promise<void>
}
