/**
 * Finished JSON of what does not change: a block of a hash is verified once, and says the same for ever.
 * @module
 */
import { LRUCache } from 'lru-cache'
import { bytesToHex } from '../../../base/bytes.ts'
import { RawJson } from '../../../rpc/index.ts'

/** What an entry takes beside its text: key, objects, links. */
const ENTRY_BYTES = 512
/** From here on bytes are cheaper over HTTP than a text, by a third at 36 KB. */
const MIN_BYTES_LENGTH = 8 * 1024

/** What is kept of a block: with transactions, with their hashes, its receipts. */
export type CachedKind = 'full' | 'hashes' | 'receipts'

export class JsonCache {
  /** BOUNDED: by the bytes of what it keeps; undefined when nothing is kept. */
  readonly #entries: LRUCache<string, RawJson> | undefined

  /** `maxBytes` 0 keeps nothing. */
  constructor(maxBytes: number) {
    if (maxBytes <= 0) return
    const sizeCalculation = (json: RawJson) => (json.bytes ?? json.text).length + ENTRY_BYTES
    this.#entries = new LRUCache({ maxSize: maxBytes, sizeCalculation })
  }

  /** The JSON of this block: kept, or made. Undefined, which is not kept, when there is nothing to make it of. */
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
