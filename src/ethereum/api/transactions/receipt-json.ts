/**
 * JSON of receipts and logs, in go-ethereum's form: fields that a receipt lacks come from its block.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import { rlp } from '../../../codec/index.ts'
import { keccak256 } from '../../../crypto/index.ts'
import { blobBaseFee, type ChainConfig, GAS_PER_BLOB } from '../../chain/index.ts'
import type { Header, Log, Receipt, Transaction, TransactionFields } from '../../types/index.ts'
import type { StoredBlock } from '../block-reader.ts'
import { type JsonObject, quantity } from '../json.ts'
import { effectiveGasPrice, senderOf } from './transaction-json.ts'

/** Position of a log in the chain. */
export interface LogPosition {
  readonly header: Header
  readonly transactionHash: Uint8Array
  readonly transactionIndex: number
  /** Position in the block. */
  readonly logIndex: number
  /** True if its block is no longer canonical. @default false */
  readonly removed?: boolean
}

/** @returns the receipts of a block, in order. There is one for each transaction, as their root was verified. */
export function blockReceiptsJson(block: StoredBlock, receipts: readonly Receipt[], config: ChainConfig): JsonObject[] {
  let gas = 0n
  let logIndex = 0
  return receipts.map((receipt, index) => {
    const json = oneReceiptJson(block, receipt, index, { gasBefore: gas, firstLog: logIndex }, config)
    gas = receipt.cumulativeGasUsed
    logIndex += receipt.logs.length
    return json
  })
}

/** @returns the receipt of one transaction of a block. */
export function receiptJson(
  block: StoredBlock,
  receipts: readonly Receipt[],
  index: number,
  config: ChainConfig,
): JsonObject {
  const firstLog = receipts.slice(0, index).reduce((sum, { logs }) => sum + logs.length, 0)
  const gasBefore = receipts[index - 1]?.cumulativeGasUsed ?? 0n
  return oneReceiptJson(block, receipts[index] as Receipt, index, { gasBefore, firstLog }, config)
}

export function logJson(
  log: Log,
  { header, transactionHash, transactionIndex, logIndex, removed }: LogPosition,
): JsonObject {
  return {
    address: bytesTo0x(log.address),
    topics: log.topics.map(bytesTo0x),
    data: bytesTo0x(log.data),
    blockNumber: quantity(header.number),
    transactionHash: bytesTo0x(transactionHash),
    transactionIndex: quantity(transactionIndex),
    blockHash: bytesTo0x(header.hash),
    blockTimestamp: quantity(header.exactTimestamp),
    logIndex: quantity(logIndex),
    removed: removed ?? false,
  }
}

function oneReceiptJson(
  { header, body }: StoredBlock,
  receipt: Receipt,
  index: number,
  before: { readonly gasBefore: bigint; readonly firstLog: number },
  config: ChainConfig,
): JsonObject {
  const transaction = body.transactions[index] as Transaction
  const { fields, hash } = transaction
  const from = senderOf(transaction, header, config)
  const place = { header, transactionHash: hash, transactionIndex: index }
  return {
    blockHash: bytesTo0x(header.hash),
    blockNumber: quantity(header.number),
    transactionHash: bytesTo0x(hash),
    transactionIndex: quantity(index),
    from: bytesTo0x(from),
    to: fields.to ? bytesTo0x(fields.to) : null,
    gasUsed: quantity(receipt.cumulativeGasUsed - before.gasBefore),
    cumulativeGasUsed: quantity(receipt.cumulativeGasUsed),
    contractAddress: fields.to ? null : bytesTo0x(createdAddress(from, fields.nonce)),
    logs: receipt.logs.map((log, i) => logJson(log, { ...place, logIndex: before.firstLog + i })),
    logsBloom: bytesTo0x(receipt.logsBloom),
    type: quantity(fields.type),
    effectiveGasPrice: quantity(effectiveGasPrice(fields, header)),
    ...(receipt.postState ? { root: bytesTo0x(receipt.postState) } : { status: quantity(receipt.status ?? 0) }),
    ...blobJson(fields, header, config),
  }
}

function blobJson(fields: TransactionFields, header: Header, config: ChainConfig): JsonObject {
  if (fields.type !== 3) return {}
  return {
    blobGasUsed: quantity(BigInt(fields.blobVersionedHashes.length) * GAS_PER_BLOB),
    blobGasPrice: quantity(blobBaseFee(config, header)),
  }
}

const creation = rlp.struct({ from: rlp.fixed(20), nonce: rlp.uint64 })

/**
 * Computes the address of the contract that a transaction without a recipient creates. Source: yellow paper, section 7.
 */
function createdAddress(from: Uint8Array, nonce: bigint): Uint8Array {
  return keccak256(creation.encode({ from, nonce })).subarray(12)
}
