/**
 * Repairs a database that lost entries: the head goes back to the last intact block.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import { CodecError, StorageError } from '../../../base/errors.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { Header } from '../../types/index.ts'
import {
  blockKey,
  canonicalKey,
  encodeNumber,
  HASH_BYTES,
  metaKey,
  numberOfKey,
  Prefix,
  rangeOf,
  readNumber,
} from './schema.ts'

export interface RepairReport {
  /** Number of the head as it was noted; undefined if the note itself was lost. */
  readonly from: number | undefined
  /** Number of the last intact block: the head now. */
  readonly to: number
}

export interface IntactHead {
  readonly repaired: RepairReport | undefined
  /** Number of the head. */
  readonly head: number
  /** Changes that make the store consistent. */
  readonly operations: readonly Operation[]
}

/**
 * Checks the head, and the blocks below it if it is damaged. Writes nothing. Throws if not even the genesis is intact.
 */
export async function findIntactHead(store: KeyValueStore): Promise<IntactHead> {
  const noted = store.get(metaKey('head'))
  const from = noted && numberOf(store, noted)
  const receipts = store.get(metaKey('receipts'))
  const first = receipts && readNumber(receipts)
  const agrees = from !== undefined && first !== undefined && first <= from + 1
  if (noted && agrees && isIntact(store, from, noted, first)) {
    return { repaired: undefined, head: from, operations: [] }
  }
  const highest = await highestCanonical(store)
  let to = highest
  while (to >= 0 && !isIntact(store, to, store.get(canonicalKey(to)), first)) to--
  const hash = store.get(canonicalKey(to))
  if (to < 0 || !hash) throw new StorageError('ERR_STORAGE_CORRUPT', '', 'the database has no intact genesis block')
  const operations: Operation[] = [
    { type: 'put', key: metaKey('head'), value: hash },
    { type: 'put', key: metaKey('receipts'), value: encodeNumber(firstReceipts(store, to, first)) },
    { type: 'put', key: numberOfKey(hash), value: encodeNumber(to) },
  ]
  for (let lost = to + 1; lost <= highest; lost++) operations.push({ type: 'del', key: canonicalKey(lost) })
  return { repaired: { from, to }, head: to, operations }
}

/** @returns the number of a block that was canonical; undefined if the entry is lost or damaged. */
function numberOf(store: KeyValueStore, hash: Uint8Array): number | undefined {
  const entry = hash.length === HASH_BYTES ? store.get(numberOfKey(hash)) : undefined
  return entry && readNumber(entry)
}

/** `first`: blocks from this number on have receipts, as the store noted; receipts are not checked if that is lost. */
function isIntact(store: KeyValueStore, number: number, hash: Uint8Array | undefined, first = Infinity): boolean {
  const canonical = store.get(canonicalKey(number))
  if (!hash || !canonical || !equalBytes(canonical, hash)) return false
  const header = store.get(blockKey(Prefix.Header, number, hash))
  const rest = [Prefix.Body, Prefix.TotalDifficulty] as const
  if (!header || !rest.every((prefix) => store.has(blockKey(prefix, number, hash)))) return false
  if (number >= first && !store.has(blockKey(Prefix.Receipts, number, hash))) return false
  return isHeaderOf(header, hash)
}

function isHeaderOf(raw: Uint8Array, hash: Uint8Array): boolean {
  try {
    return equalBytes(Header.decode(raw).hash, hash)
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}

/** @returns the highest number with a canonical block, -1 if there is none. The entries may have gaps. */
async function highestCanonical(store: KeyValueStore): Promise<number> {
  const range = { ...rangeOf(Prefix.Canonical), reverse: true, limit: 1, keysOnly: true }
  for await (const [key] of store.iterate(range)) return readNumber(key.subarray(1)) ?? -1
  return -1
}

function firstReceipts(store: KeyValueStore, head: number, noted: number | undefined): number {
  if (noted !== undefined && noted <= head + 1) return noted
  let first = head + 1
  while (first > 0) {
    const hash = store.get(canonicalKey(first - 1))
    if (!hash || !store.has(blockKey(Prefix.Receipts, first - 1, hash))) break
    first--
  }
  return first
}
