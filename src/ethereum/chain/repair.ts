/**
 * What to do with a database that lost something: go back to the last block that is whole.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { CodecError, StorageError } from '../../base/errors.ts'
import type { KeyValueStore, Operation } from '../../storage/index.ts'
import { Header } from '../types/index.ts'
import { blockKey, canonicalKey, decodeNumber, encodeNumber, metaKey, numberOfKey, Prefix } from './schema.ts'

export interface RepairReport {
  /** Number of the head as it was noted; undefined when the note itself was lost. */
  readonly from: number | undefined
  /** Number of the last whole block: the head now. */
  readonly to: number
}

export interface WholeHead {
  readonly repaired: RepairReport | undefined
  /** What makes the store agree. */
  readonly operations: readonly Operation[]
}

/** Looks at the head, and below it when it is not whole. Writes nothing. Throws when not even the genesis is left. */
export function wholeHead(store: KeyValueStore): WholeHead {
  const noted = store.get(metaKey('head'))
  const number = noted && store.get(numberOfKey(noted))
  const from = number && decodeNumber(number)
  const receipts = store.get(metaKey('receipts'))
  if (from !== undefined && noted && receipts && isWhole(store, from, noted))
    return { repaired: undefined, operations: [] }
  const highest = from ?? highestCanonical(store)
  let to = highest
  while (to >= 0 && !isWhole(store, to, store.get(canonicalKey(to)))) to--
  if (to < 0) throw new StorageError('ERR_STORAGE_CORRUPT', '', 'the database has lost its genesis block')
  const operations: Operation[] = [
    { type: 'put', key: metaKey('head'), value: store.get(canonicalKey(to)) as Uint8Array },
    { type: 'put', key: metaKey('receipts'), value: encodeNumber(firstReceipts(store, to, receipts)) },
  ]
  for (let lost = to + 1; lost <= highest; lost++) operations.push({ type: 'del', key: canonicalKey(lost) })
  return { repaired: { from, to }, operations }
}

function isWhole(store: KeyValueStore, number: number, hash: Uint8Array | undefined): boolean {
  const canonical = store.get(canonicalKey(number))
  if (!hash || !canonical || !equalBytes(canonical, hash)) return false
  const header = store.get(blockKey(Prefix.Header, number, hash))
  return header !== undefined && store.has(blockKey(Prefix.Body, number, hash)) && isHeaderOf(header, hash)
}

function isHeaderOf(raw: Uint8Array, hash: Uint8Array): boolean {
  try {
    return equalBytes(Header.decode(raw).hash, hash)
  } catch (error) {
    if (error instanceof CodecError) return false
    throw error
  }
}

/** The note of the head is lost: the canonical index tells, by doubling and halving. */
function highestCanonical(store: KeyValueStore): number {
  let high = 1
  while (store.has(canonicalKey(high))) high *= 2
  let low = Math.floor(high / 2)
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2)
    if (store.has(canonicalKey(middle))) low = middle
    else high = middle
  }
  return low
}

function firstReceipts(store: KeyValueStore, head: number, noted: Uint8Array | undefined): number {
  if (noted) return Math.min(decodeNumber(noted), head + 1)
  let first = head + 1
  while (first > 0) {
    const hash = store.get(canonicalKey(first - 1))
    if (!hash || !store.has(blockKey(Prefix.Receipts, first - 1, hash))) break
    first--
  }
  return first
}
