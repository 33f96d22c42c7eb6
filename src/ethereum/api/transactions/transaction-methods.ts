import { bytesTo0x } from '../../../base/bytes.ts'
import { method, param, RpcError, RpcErrorCode } from '../../../rpc/index.ts'
import type { FoundTransaction } from '../../chain/index.ts'
import type { BlockReader, StoredBlock } from '../block-reader.ts'
import { quantity } from '../json.ts'
import { type BlockTag, blockTagParam, hashParam, indexParam } from '../params.ts'
import { receiptJson } from './receipt-json.ts'
import { transactionJson } from './transaction-json.ts'

const TX_HASH = param('transactionHash', hashParam)
const HASH = param('blockHash', hashParam)
const NUMBER = param('blockNumber', blockTagParam)
const INDEX = param('index', indexParam)

/** Methods for transactions by their hash. A missing one is null. */
export function transactionMethods(reader: BlockReader) {
  const { chain } = reader
  return {
    getTransactionByHash: method({ summary: 'The transaction of this hash.', params: [TX_HASH] }, (hash) => {
      const found = findTransaction(reader, hash)
      return found ? transactionJson(found.transaction, found.index, headerOf(reader, found), chain.chainConfig) : null
    }),
    getRawTransactionByHash: method(
      { summary: 'The bytes of the transaction of this hash.', params: [TX_HASH] },
      (hash) => rawTransaction(reader, hash),
    ),
    getTransactionReceipt: method({ summary: 'The receipt of the transaction.', params: [TX_HASH] }, (hash) => {
      const found = findTransaction(reader, hash)
      if (!found) return null
      const block = { hash: found.blockHash, header: headerOf(reader, found), body: found.body }
      return receiptJson(block, reader.receipts(block), found.index, chain.chainConfig)
    }),
  }
}

/** Methods for transactions by their position in a block. A missing one is null. */
export function positionMethods(reader: BlockReader) {
  const config = reader.chain.chainConfig
  const count = (block: StoredBlock | undefined) => (block ? quantity(block.body.transactions.length) : null)
  const at = (block: StoredBlock | undefined, index: number) => {
    const transaction = block?.body.transactions[index]
    return block && transaction ? transactionJson(transaction, index, block.header, config) : null
  }
  const raw = (block: StoredBlock | undefined, index: number) => {
    const transaction = block?.body.transactions[index]
    return transaction ? bytesTo0x(transaction.raw) : '0x'
  }
  const byTag = (tag: BlockTag) => reader.block(reader.hashOfTag(tag))
  return {
    getBlockTransactionCountByHash: method({ summary: 'Number of transactions of a block.', params: [HASH] }, (hash) =>
      count(reader.block(hash)),
    ),
    getBlockTransactionCountByNumber: method(
      { summary: 'Number of transactions of a block.', params: [NUMBER] },
      (tag) => count(byTag(tag)),
    ),
    getTransactionByBlockHashAndIndex: method(
      { summary: 'A transaction of a block.', params: [HASH, INDEX] },
      (hash, index) => at(reader.block(hash), index),
    ),
    getTransactionByBlockNumberAndIndex: method(
      { summary: 'A transaction of a block.', params: [NUMBER, INDEX] },
      (tag, index) => at(byTag(tag), index),
    ),
    getRawTransactionByBlockHashAndIndex: method(
      { summary: 'The bytes of a transaction of a block; 0x if there is none.', params: [HASH, INDEX] },
      (hash, index) => raw(reader.block(hash), index),
    ),
    getRawTransactionByBlockNumberAndIndex: method(
      { summary: 'The bytes of a transaction of a block; 0x if there is none.', params: [NUMBER, INDEX] },
      (tag, index) => raw(byTag(tag), index),
    ),
  }
}

/** @returns the bytes of a transaction; `0x`, as in go-ethereum, if there is none. */
export function rawTransaction(reader: BlockReader, hash: Uint8Array): string {
  const found = findTransaction(reader, hash)
  return found ? bytesTo0x(found.transaction.raw) : '0x'
}

/**
 * Finds a transaction. Throws while it may be in a block that is not indexed, as undefined would say that there is
 * none.
 */
function findTransaction({ chain }: BlockReader, hash: Uint8Array): FoundTransaction | undefined {
  const found = chain.findTransaction(hash)
  if (found || chain.firstIndexed === 0) return found
  const message = 'transaction indexing is in progress'
  throw new RpcError(RpcErrorCode.Default, message, { data: message })
}

function headerOf(reader: BlockReader, { blockHash, number }: FoundTransaction) {
  const header = reader.header(blockHash)
  if (header) return header
  throw new RpcError(RpcErrorCode.ResourceNotFound, `the header of block ${number} is not stored`)
}
