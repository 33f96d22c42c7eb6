/**
 * Which block a transaction is in. Every block brings its entries along; those of blocks that were stored before there was
 * an index are added later, from the youngest block down, so that at any moment all blocks from one number up are in it.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { BlockBody, type Transaction } from '../../types/index.ts'
import {
  blockKey,
  canonicalKey,
  encodeNumber,
  encodePlace,
  metaKey,
  Prefix,
  readPlace,
  transactionKey,
} from './schema.ts'

/** A transaction of the canonical chain. */
export interface FoundTransaction {
  readonly transaction: Transaction
  /** Of its block. */
  readonly number: number
  /** Of its block: 32 bytes. */
  readonly blockHash: Uint8Array
  /** Its place in the block, from 0. */
  readonly index: number
  readonly body: BlockBody
}

/** One batch of blocks from before there was an index: some milliseconds of work. */
const STEP_BLOCKS = 128
const STEP_BYTES = 256 * 1024

/** What puts the transactions of a body into the index. Takes the place of what an earlier branch said of them. */
export function indexOperations(number: number, rawBody: Uint8Array): Operation[] {
  return BlockBody.decode(rawBody)
    .transactionHashes()
    .map((hash, index) => ({ type: 'put', key: transactionKey(hash), value: encodePlace(number, index) }))
}

/** The note from which block on the index is whole. */
export function firstIndexedOperation(first: number): Operation {
  return { type: 'put', key: metaKey('transactions'), value: encodeNumber(first) }
}

/**
 * An entry may be left over from a branch that is canonical no more, so what it leads to is compared. `hash` has 32 bytes.
 */
export function findTransaction(store: KeyValueStore, hash: Uint8Array, head: number): FoundTransaction | undefined {
  const entry = store.get(transactionKey(hash))
  const place = entry && readPlace(entry)
  const found = place && place.number <= head ? canonicalBody(store, place.number) : undefined
  if (!place || !found) return undefined
  const transaction = found.body.transactions[place.index]
  if (!transaction || !equalBytes(transaction.hash, hash)) return undefined
  return { transaction, ...place, ...found }
}

/** The next batch below `first`, and where the index begins with it. */
export function indexStep(store: KeyValueStore, first: number): { operations: Operation[]; first: number } {
  const operations: Operation[] = []
  let bytes = 0
  let number = first
  while (number > 0 && first - number < STEP_BLOCKS && bytes < STEP_BYTES) {
    number--
    const hash = store.get(canonicalKey(number))
    const body = hash && store.get(blockKey(Prefix.Body, number, hash))
    if (!body) continue // lost, and so are its transactions
    operations.push(...indexOperations(number, body))
    bytes += body.length
  }
  operations.push(firstIndexedOperation(number))
  return { operations, first: number }
}

function canonicalBody(store: KeyValueStore, number: number): { blockHash: Uint8Array; body: BlockBody } | undefined {
  const blockHash = store.get(canonicalKey(number))
  const raw = blockHash && store.get(blockKey(Prefix.Body, number, blockHash))
  return raw && { blockHash, body: BlockBody.decode(raw) }
}
