/**
 * JSON of transactions, in go-ethereum's form.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import { type ChainConfig, isBlockFork } from '../../chain/index.ts'
import type { AccessListEntry, Authorization, Header, Transaction, TransactionFields } from '../../types/index.ts'
import { optionalBytes, optionalQuantity, quantity } from '../json.ts'

/** @returns a transaction; `header` is its block's, `index` its position in the block. */
export function transactionJson(transaction: Transaction, index: number, header: Header, config: ChainConfig): object {
  const { fields, chainId } = transaction
  return {
    blockHash: bytesTo0x(header.hash),
    blockNumber: quantity(header.number),
    blockTimestamp: quantity(header.exactTimestamp),
    from: bytesTo0x(senderOf(transaction, header, config)),
    gas: quantity(fields.gasLimit),
    gasPrice: quantity(effectiveGasPrice(fields, header)),
    ...feeMarketJson(fields),
    hash: bytesTo0x(transaction.hash),
    input: bytesTo0x(fields.data),
    nonce: quantity(fields.nonce),
    to: fields.to ? bytesTo0x(fields.to) : null,
    transactionIndex: quantity(index),
    value: quantity(fields.value),
    type: quantity(fields.type),
    accessList: fields.type === 0 ? undefined : fields.accessList.map(accessListEntryJson),
    chainId: optionalQuantity(fields.type === 0 && chainId === 0n ? undefined : chainId),
    ...signatureJson(fields),
  }
}

/** @returns the address of the signer. Before Homestead a signature may have its s in the upper half (EIP-2). */
export function senderOf(transaction: Transaction, { number }: Header, config: ChainConfig): Uint8Array {
  return transaction.sender({ anyS: !isBlockFork(config, 'homesteadBlock', number) })
}

/** @returns the price paid in a block with this header, in wei per gas. Source: EIP-1559. */
export function effectiveGasPrice(fields: TransactionFields, { baseFeePerGas }: Header): bigint {
  if (fields.type === 0 || fields.type === 1) return fields.gasPrice
  if (baseFeePerGas === undefined) return fields.maxFeePerGas
  const price = fields.maxPriorityFeePerGas + baseFeePerGas
  return price < fields.maxFeePerGas ? price : fields.maxFeePerGas
}

/** @returns the tip to the miner of a block with this header, in wei per gas. Source: EIP-1559. */
export function priorityFee(fields: TransactionFields, header: Header): bigint {
  return effectiveGasPrice(fields, header) - (header.baseFeePerGas ?? 0n)
}

function feeMarketJson(fields: TransactionFields): object {
  if (fields.type === 0 || fields.type === 1) return {}
  return {
    maxFeePerGas: quantity(fields.maxFeePerGas),
    maxPriorityFeePerGas: quantity(fields.maxPriorityFeePerGas),
    ...(fields.type === 3 && {
      maxFeePerBlobGas: quantity(fields.maxFeePerBlobGas),
      blobVersionedHashes: fields.blobVersionedHashes.map(bytesTo0x),
    }),
    ...(fields.type === 4 && { authorizationList: fields.authorizationList.map(authorizationJson) }),
  }
}

function signatureJson(fields: TransactionFields): object {
  const { r, s } = fields
  const v = quantity(fields.type === 0 ? fields.v : fields.yParity)
  return { v, r: quantity(r), s: quantity(s), ...(fields.type !== 0 && { yParity: v }) }
}

function accessListEntryJson({ address, storageKeys }: AccessListEntry): object {
  return { address: bytesTo0x(address), storageKeys: storageKeys.map(bytesTo0x) }
}

function authorizationJson({ chainId, address, nonce, yParity, r, s }: Authorization): object {
  return {
    chainId: quantity(chainId),
    address: optionalBytes(address),
    nonce: quantity(nonce),
    yParity: quantity(yParity),
    r: quantity(r),
    s: quantity(s),
  }
}
