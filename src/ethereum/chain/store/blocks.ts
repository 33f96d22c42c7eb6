import { bigintToBytes, bytesToBigint, equalBytes } from '../../../base/bytes.ts'
import { describeError, StorageError } from '../../../base/errors.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { EMPTY_ROOT, Header } from '../../types/index.ts'
import { blockKey, canonicalKey, encodeNumber, HASH_BYTES, numberOfKey, Prefix, rangeOf, readNumber } from './schema.ts'

/** A verified block, ready to be stored. */
export interface StorableBlock {
  readonly header: Header
  /** RLP `[transactions, ommers, withdrawals?]`. */
  readonly body: Uint8Array
  /** RLP list in the form of eth/69; absent when no peer had them. */
  readonly receipts?: Uint8Array | undefined
  /** RLP (EIP-7928); absent when no peer had it. */
  readonly accessList?: Uint8Array | undefined
}

export interface ChainStats {
  /** Blocks on the canonical chain, genesis included. */
  readonly blocks: number
  readonly headers: number
  readonly bodies: number
  readonly receipts: number
  readonly accessLists: number
}

type BlockPart = typeof Prefix.Header | typeof Prefix.Body | typeof Prefix.Receipts | typeof Prefix.AccessList

const EMPTY_RECEIPTS = Uint8Array.of(0xc0)

/** Reads blocks, canonical or not. Values are the bytes that came from the wire. */
export class StoredBlocks {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  numberOf(hash: Uint8Array): number | undefined {
    const number = hash.length === HASH_BYTES ? this.#store.get(numberOfKey(hash)) : undefined
    return number && readNumber(number)
  }

  /** @returns the hash of the canonical block of this number. */
  canonicalHash(number: number): Uint8Array | undefined {
    return this.#store.get(canonicalKey(number))
  }

  /** @returns one part of the block of this hash, as bytes. */
  raw(part: BlockPart, hash: Uint8Array): Uint8Array | undefined {
    const number = this.numberOf(hash)
    return number === undefined ? undefined : this.#store.get(blockKey(part, number, hash))
  }

  /** @returns a header without the look-up of its number. */
  rawHeader(number: number, hash: Uint8Array): Uint8Array | undefined {
    return this.#store.get(blockKey(Prefix.Header, number, hash))
  }

  totalDifficulty(number: number, hash: Uint8Array): bigint {
    return bytesToBigint(this.#store.get(blockKey(Prefix.TotalDifficulty, number, hash)) ?? new Uint8Array(0))
  }

  /** Counts keys: takes a while on a long chain. */
  async stats(): Promise<ChainStats> {
    return {
      blocks: await this.#count(Prefix.Canonical),
      headers: await this.#count(Prefix.Header),
      bodies: await this.#count(Prefix.Body),
      receipts: await this.#count(Prefix.Receipts),
      accessLists: await this.#count(Prefix.AccessList),
    }
  }

  async #count(prefix: number): Promise<number> {
    let entries = 0
    for await (const _ of this.#store.iterate({ ...rangeOf(prefix), keysOnly: true })) entries++
    return entries
  }
}

/** @returns the operations that store a block as the canonical one of its number. */
export function blockOperations(block: StorableBlock, totalDifficulty: bigint): Operation[] {
  const { header, body, receipts, accessList } = block
  const { number, hash } = header
  const put = (key: Uint8Array, value: Uint8Array): Operation => ({ type: 'put', key, value })
  const operations = [
    put(canonicalKey(number), hash),
    put(numberOfKey(hash), encodeNumber(number)),
    put(blockKey(Prefix.Header, number, hash), header.raw),
    put(blockKey(Prefix.Body, number, hash), body),
    put(blockKey(Prefix.TotalDifficulty, number, hash), bigintToBytes(totalDifficulty)),
  ]
  const held = receipts ?? (hasNoReceipts(header) ? EMPTY_RECEIPTS : undefined)
  if (held) operations.push(put(blockKey(Prefix.Receipts, number, hash), held))
  if (accessList) operations.push(put(blockKey(Prefix.AccessList, number, hash), accessList))
  return operations
}

/** @returns true if the header commits to an empty list of receipts. */
export function hasNoReceipts(header: Header): boolean {
  return equalBytes(header.receiptsRoot, EMPTY_ROOT)
}

/** Decodes a stored header. Throws `ERR_STORAGE_CORRUPT`: it was intact once, so the disk is at fault, not a peer. */
export function decodeStoredHeader(raw: Uint8Array): Header {
  try {
    return Header.decode(raw)
  } catch (error) {
    throw new StorageError('ERR_STORAGE_CORRUPT', '', `a header in the database: ${describeError(error)}`, {
      cause: error,
    })
  }
}
