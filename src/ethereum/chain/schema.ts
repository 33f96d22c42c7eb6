/**
 * The keys of the database, all in one place. Numbers are 8 bytes big-endian, so that keys sort as blocks follow each
 * other and a sync writes where it wrote last.
 *
 * | key | value |
 * |---|---|
 * | `M` name | what the store knows of itself: schema, genesis (JSON), head (hash), receipts (number) |
 * | `n` number | hash of the canonical block |
 * | `H` hash | number |
 * | `h` number hash | header, RLP |
 * | `b` number hash | body, RLP `[transactions, ommers, withdrawals?]` |
 * | `r` number hash | receipts in the form of eth/69, an RLP list |
 * | `a` number hash | block access list, RLP |
 * | `t` number hash | total difficulty, big-endian without leading zeros |
 * | `S` name | how far the sync is |
 * | `k` number | a header that the sync has downloaded and not linked yet, RLP |
 * @module
 */
import { utf8ToBytes } from '../../base/bytes.ts'

/** Raised when the meaning of a key changes. */
export const SCHEMA_VERSION = '1'

export const HASH_BYTES = 32
const NUMBER_BYTES = 8

export const Prefix = {
  Meta: 0x4d,
  Canonical: 0x6e,
  NumberOf: 0x48,
  Header: 0x68,
  Body: 0x62,
  Receipts: 0x72,
  AccessList: 0x61,
  TotalDifficulty: 0x74,
  Sync: 0x53,
  Skeleton: 0x6b,
} as const

type BlockPrefix = typeof Prefix.Header | typeof Prefix.Body | typeof Prefix.Receipts | typeof Prefix.AccessList

export function metaKey(name: 'schema' | 'genesis' | 'head' | 'receipts'): Uint8Array {
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
  const key = new Uint8Array(33)
  key[0] = Prefix.NumberOf
  key.set(hash, 1)
  return key
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

/** The keys of one kind: from `gte` up to, and without, `lt`. */
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

/** Undefined for what cannot be a number of ours: the entry is damaged. */
export function readNumber(entry: Uint8Array): number | undefined {
  const number = entry.length === NUMBER_BYTES ? decodeNumber(entry) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
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
