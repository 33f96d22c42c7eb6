/**
 * JSON of headers and blocks, in go-ethereum's form.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import { rlp } from '../../../codec/index.ts'
import type { ChainConfig } from '../../chain/index.ts'
import type { Header, Withdrawal } from '../../types/index.ts'
import type { StoredBlock } from '../block-reader.ts'
import { type JsonObject, optionalBytes, optionalQuantity, quantity } from '../json.ts'
import { transactionJson } from '../transactions/transaction-json.ts'

/** Bytes of two empty lists, which count for an uncle without a body. */
const EMPTY_LISTS_BYTES = 2

export function headerJson(header: Header): JsonObject {
  return {
    number: quantity(header.number),
    hash: bytesTo0x(header.hash),
    parentHash: bytesTo0x(header.parentHash),
    nonce: bytesTo0x(header.nonce),
    mixHash: bytesTo0x(header.mixHash),
    sha3Uncles: bytesTo0x(header.ommersHash),
    logsBloom: bytesTo0x(header.logsBloom),
    stateRoot: bytesTo0x(header.stateRoot),
    miner: bytesTo0x(header.coinbase),
    difficulty: quantity(header.difficulty),
    extraData: bytesTo0x(header.extraData),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.exactTimestamp),
    transactionsRoot: bytesTo0x(header.transactionsRoot),
    receiptsRoot: bytesTo0x(header.receiptsRoot),
    baseFeePerGas: optionalQuantity(header.baseFeePerGas),
    withdrawalsRoot: optionalBytes(header.withdrawalsRoot),
    blobGasUsed: optionalQuantity(header.blobGasUsed),
    excessBlobGas: optionalQuantity(header.excessBlobGas),
    parentBeaconBlockRoot: optionalBytes(header.parentBeaconBlockRoot),
    requestsHash: optionalBytes(header.requestsHash),
    blockAccessListHash: optionalBytes(header.blockAccessListHash),
    slotNumber: optionalQuantity(header.slotNumber),
  }
}

/** @returns a header in the form of `newHeads`, where fields of future forks are null. */
export function announcedHeaderJson(header: Header): JsonObject {
  return Object.fromEntries(Object.entries(headerJson(header)).map(([name, value]) => [name, value ?? null]))
}

export function blockJson(block: StoredBlock, config: ChainConfig, full: boolean): JsonObject {
  const { header, body } = block
  const transactions = full
    ? body.transactions.map((transaction, index) => transactionJson(transaction, index, header, config))
    : body.transactionHashes().map(bytesTo0x)
  return {
    ...headerJson(header),
    size: quantity(sizeOf(header, body.lists)),
    transactions,
    uncles: body.ommers.map(({ hash }) => bytesTo0x(hash)),
    withdrawals: body.withdrawals?.map(withdrawalJson),
  }
}

/** @returns an uncle, of which only the header is known. */
export function uncleJson(header: Header): JsonObject {
  const size = quantity(rlp.lengthOfList(header.raw.length + EMPTY_LISTS_BYTES))
  return { ...headerJson(header), size, uncles: [] }
}

function sizeOf(header: Header, lists: readonly Uint8Array[]): number {
  return rlp.lengthOfList(lists.reduce((sum, list) => sum + list.length, header.raw.length))
}

function withdrawalJson({ index, validatorIndex, address, amount }: Withdrawal): JsonObject {
  return {
    index: quantity(index),
    validatorIndex: quantity(validatorIndex),
    address: bytesTo0x(address),
    amount: quantity(amount),
  }
}
