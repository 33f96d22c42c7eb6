/**
 * Cache of encoded JSON: the block of a hash never changes.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { bytesToHex } from '../../../base/bytes.ts'
import { RawJson } from '../../../rpc/index.ts'

/** Bytes of an entry beside its text: key, objects, links. */
const ENTRY_BYTES = 512
/** Length from which bytes are cheaper over HTTP than a string, by a third at 36 KB. */
const MIN_BYTES_LENGTH = 8 * 1024

/** Cached forms of a block: with transactions, with their hashes, its receipts. */
export type CachedKind = 'full' | 'hashes' | 'receipts'

export class JsonCache {
  /** BOUNDED: by the bytes of its entries. Undefined if the cache is disabled. */
  readonly #entries: LRUCache<string, RawJson> | undefined

  /** `maxBytes` 0 disables the cache. */
  constructor(maxBytes: number) {
    if (maxBytes <= 0) return
    const sizeCalculation = (json: RawJson) => (json.bytes ?? json.text).length + ENTRY_BYTES
    this.#entries = new LRUCache({ maxSize: maxBytes, sizeCalculation })
  }

  /** @returns the cached JSON of a block, or encodes what `make` returns. Undefined is not cached. */
  get(kind: CachedKind, hash: Uint8Array, make: () => unknown): RawJson | undefined {
    const key = kind + bytesToHex(hash)
    const kept = this.#entries?.get(key)
    if (kept) return kept
    const value = make()
    if (value === undefined) return undefined
    const text = JSON.stringify(value)
    const json = new RawJson(text.length >= MIN_BYTES_LENGTH ? Buffer.from(text) : text)
    this.#entries?.set(key, json)
    return json
  }
}
