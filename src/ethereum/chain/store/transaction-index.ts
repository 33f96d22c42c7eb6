/**
 * The index from a transaction's hash to its block. Every new block adds its entries; those of blocks that were stored
 * by a version without an index are added later, from the youngest block down, so that the index always covers all
 * blocks from one number up.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { BlockBody, type Transaction } from '../../types/index.ts'
import type { StorableBlock } from './blocks.ts'
import type { StagedChange } from './heads.ts'
import {
  blockKey,
  canonicalKey,
  encodeLocation,
  encodeNumber,
  metaKey,
  Prefix,
  readLocation,
  transactionKey,
} from './schema.ts'

/** A transaction of the canonical chain. */
export interface FoundTransaction {
  readonly transaction: Transaction
  /** Number of its block. */
  readonly number: number
  /** Hash of its block: 32 bytes. */
  readonly blockHash: Uint8Array
  /** Position in the block, from 0. */
  readonly index: number
  readonly body: BlockBody
}

/** Limits of one batch of old blocks: some milliseconds of work. */
const BATCH_BLOCKS = 128
const BATCH_BYTES = 256 * 1024

export class TransactionIndex {
  readonly #store: KeyValueStore
  #first: number

  constructor(store: KeyValueStore, first: number) {
    this.#store = store
    this.#first = first
  }

  /** First block of the range, up to the head, whose transactions are in the index; 0 when all are. */
  get first(): number {
    return this.#first
  }

  /**
   * @returns the transaction of this hash, which has 32 bytes. An entry may be left over from a branch that is no
   * longer canonical, so the transaction at its location is compared.
   */
  find(hash: Uint8Array, head: number): FoundTransaction | undefined {
    const entry = this.#store.get(transactionKey(hash))
    const location = entry && readLocation(entry)
    const found = location && location.number <= head ? this.#canonicalBody(location.number) : undefined
    if (!location || !found) return undefined
    const transaction = found.body.transactions[location.index]
    if (!transaction || !equalBytes(transaction.hash, hash)) return undefined
    return { transaction, ...location, ...found }
  }

  /** Adds the transactions of new blocks, replacing entries of an older branch. */
  append(blocks: readonly StorableBlock[]): StagedChange {
    const first = Math.min(this.#first, (blocks[0] as StorableBlock).header.number)
    const operations = blocks.flatMap(({ header, body }) => indexOperations(header.number, body))
    if (first !== this.#first) operations.push(firstIndexedOperation(first))
    return { operations, commit: () => this.#setFirst(first) }
  }

  /** Adds the next batch of old blocks. */
  async indexMore(): Promise<void> {
    const operations: Operation[] = []
    let bytes = 0
    let number = this.#first
    while (number > 0 && this.#first - number < BATCH_BLOCKS && bytes < BATCH_BYTES) {
      number--
      const body = this.#rawCanonicalBody(number)?.raw
      if (!body) continue // lost, and its transactions with it
      operations.push(...indexOperations(number, body))
      bytes += body.length
    }
    operations.push(firstIndexedOperation(number))
    await this.#store.write(operations)
    this.#setFirst(number)
  }

  #setFirst(first: number): void {
    this.#first = first
  }

  #canonicalBody(number: number): { blockHash: Uint8Array; body: BlockBody } | undefined {
    const found = this.#rawCanonicalBody(number)
    return found && { blockHash: found.blockHash, body: BlockBody.decode(found.raw) }
  }

  #rawCanonicalBody(number: number): { blockHash: Uint8Array; raw: Uint8Array } | undefined {
    const blockHash = this.#store.get(canonicalKey(number))
    const raw = blockHash && this.#store.get(blockKey(Prefix.Body, number, blockHash))
    return raw && { blockHash, raw }
  }
}

/** Notes the first block of the range that the index covers. */
export function firstIndexedOperation(first: number): Operation {
  return { type: 'put', key: metaKey('transactions'), value: encodeNumber(first) }
}

function indexOperations(number: number, rawBody: Uint8Array): Operation[] {
  return BlockBody.decode(rawBody)
    .transactionHashes()
    .map((hash, index) => ({ type: 'put', key: transactionKey(hash), value: encodeLocation(number, index) }))
}
