/**
 * The keys of the database. Numbers are 8 bytes big-endian, so that keys sort in the order of blocks and a sync writes
 * where it wrote last.
 *
 * | key | value |
 * |---|---|
 * | `M` name | facts of the store: schema, genesis (JSON), head (hash), receipts (number), transactions (number) |
 * | `n` number | hash of the canonical block |
 * | `H` hash | number |
 * | `h` number hash | header, RLP |
 * | `b` number hash | body, RLP `[transactions, ommers, withdrawals?]` |
 * | `r` number hash | receipts in the form of eth/69, an RLP list |
 * | `a` number hash | block access list, RLP |
 * | `t` number hash | total difficulty, big-endian without leading zeros |
 * | `x` transaction hash | its location: number of the block, 4 bytes of index in it |
 * | `S` name | state of a sync |
 * | `k` number | a header that a sync has downloaded and not linked yet, RLP |
 * @module
 */
import { utf8ToBytes } from '../../../base/bytes.ts'

/**
 * Version of the layout, raised when older programs would misread or damage a database. 2: transactions are indexed.
 */
export const SCHEMA_VERSION = '2'
/** The layout without an index of transactions; opening upgrades it, and the index is built afterwards. */
export const SCHEMA_WITHOUT_INDEX = '1'

export const HASH_BYTES = 32
const NUMBER_BYTES = 8
const LOCATION_BYTES = 12

export const Prefix = {
  Meta: 0x4d,
  Canonical: 0x6e,
  NumberOf: 0x48,
  Header: 0x68,
  Body: 0x62,
  Receipts: 0x72,
  AccessList: 0x61,
  TotalDifficulty: 0x74,
  Transaction: 0x78,
  Sync: 0x53,
  Skeleton: 0x6b,
} as const

type BlockPrefix = typeof Prefix.Header | typeof Prefix.Body | typeof Prefix.Receipts | typeof Prefix.AccessList

export function metaKey(name: 'schema' | 'genesis' | 'head' | 'receipts' | 'transactions'): Uint8Array {
  return named(Prefix.Meta, name)
}

export function syncKey(name: string): Uint8Array {
  return named(Prefix.Sync, name)
}

export function canonicalKey(number: number): Uint8Array {
  return numbered(Prefix.Canonical, number, 9)
}

export function skeletonKey(number: number): Uint8Array {
  return numbered(Prefix.Skeleton, number, 9)
}

export function numberOfKey(hash: Uint8Array): Uint8Array {
  return hashed(Prefix.NumberOf, hash)
}

export function transactionKey(hash: Uint8Array): Uint8Array {
  return hashed(Prefix.Transaction, hash)
}

export function blockKey(
  prefix: BlockPrefix | typeof Prefix.TotalDifficulty,
  number: number,
  hash: Uint8Array,
): Uint8Array {
  const key = numbered(prefix, number, 41)
  key.set(hash, 9)
  return key
}

/** Range of all keys of one kind: from `gte` up to, and without, `lt`. */
export function rangeOf(prefix: number): { readonly gte: Uint8Array; readonly lt: Uint8Array } {
  return { gte: Uint8Array.of(prefix), lt: Uint8Array.of(prefix + 1) }
}

export function encodeNumber(number: number): Uint8Array {
  return numbered(0, number, 9).subarray(1)
}

export function decodeNumber(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(0) * 2 ** 32 + view.getUint32(4)
}

/** @returns a number; undefined if the entry is damaged. */
export function readNumber(entry: Uint8Array): number | undefined {
  const number = entry.length === NUMBER_BYTES ? decodeNumber(entry) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}

/** Encodes the location of a transaction: the value of `x`. */
export function encodeLocation(number: number, index: number): Uint8Array {
  const location = numbered(0, number, 13).subarray(1)
  new DataView(location.buffer, location.byteOffset).setUint32(NUMBER_BYTES, index)
  return location
}

/** @returns the location of a transaction; undefined if the entry is damaged. */
export function readLocation(entry: Uint8Array): { readonly number: number; readonly index: number } | undefined {
  const number = entry.length === LOCATION_BYTES ? readNumber(entry.subarray(0, NUMBER_BYTES)) : undefined
  if (number === undefined) return undefined
  return { number, index: new DataView(entry.buffer, entry.byteOffset).getUint32(NUMBER_BYTES) }
}

function hashed(prefix: number, hash: Uint8Array): Uint8Array {
  const key = new Uint8Array(1 + HASH_BYTES)
  key[0] = prefix
  key.set(hash, 1)
  return key
}

function numbered(prefix: number, number: number, length: number): Uint8Array {
  const key = new Uint8Array(length)
  key[0] = prefix
  const view = new DataView(key.buffer)
  view.setUint32(1, Math.floor(number / 2 ** 32))
  view.setUint32(5, number >>> 0)
  return key
}

function named(prefix: number, name: string): Uint8Array {
  const text = utf8ToBytes(name)
  const key = new Uint8Array(1 + text.length)
  key[0] = prefix
  key.set(text, 1)
  return key
}
