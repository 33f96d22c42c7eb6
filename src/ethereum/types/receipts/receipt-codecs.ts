import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import { MAX_TRANSACTIONS } from '../block.ts'
import type { TransactionType } from '../transactions/transaction-fields.ts'
import { BLOOM_BYTES } from './bloom.ts'
import { checkOutcome, Receipt } from './receipt.ts'

const LAST_TYPE = 4

/** Codec since eth/69: `[type, status or state root, cumulative gas, logs]`, no bloom. Source: EIP-7642. */
export const receiptCodec: rlp.RlpType<Receipt> = rlp.define<Receipt>({
  size: (receipt) => rlp.lengthOfList(flatLength(receipt)),
  write(receipt, out, at) {
    const afterHeader = rlp.writeListHeader(flatLength(receipt), out, at)
    const afterType = rlp.number.write(receipt.type, out, afterHeader)
    const afterOutcome = rlp.writeString(receipt.outcome, out, afterType)
    const afterGas = rlp.uint64.write(receipt.cumulativeGasUsed, out, afterOutcome)
    return rlp.writeRaw(receipt.rawLogs, out, afterGas)
  },
  read(reader) {
    const at = reader.offset
    const list = reader.enterList()
    const receipt = new Receipt({
      type: checkType(list.readNumber(), at),
      outcome: checkOutcome(list.readBytesOf(32), at),
      cumulativeGasUsed: list.readBigint(8),
      rawLogs: readLogs(list),
    })
    list.finish()
    return receipt
  },
})

/** Codec up to eth/68: the consensus form with its bloom; a typed receipt inside a list is a byte string. */
export const receiptCodec68: rlp.RlpType<Receipt> = rlp.define<Receipt>({
  size(receipt) {
    const { length } = receipt.consensusForm()
    return receipt.type === 0 ? length : rlp.lengthOfList(length)
  },
  write(receipt, out, at) {
    const form = receipt.consensusForm()
    return receipt.type === 0 ? rlp.writeRaw(form, out, at) : rlp.writeString(form, out, at)
  },
  read(reader) {
    if (reader.isList()) return readConsensusList(reader, 0)
    const at = reader.offset
    const bytes = reader.readBytes()
    const type = checkType(bytes[0] ?? 0, at)
    if (type === 0) throw new CodecError('ERR_RECEIPT_TYPE', 'legacy receipt inside a byte string', at)
    const inside = new rlp.RlpReader(bytes, 1)
    const receipt = readConsensusList(inside, type)
    inside.finish()
    return receipt
  },
})

/** Codec of the receipts of one block since eth/69. */
export const blockReceiptsCodec: rlp.RlpType<readonly Receipt[]> = rlp.list(receiptCodec, { max: MAX_TRANSACTIONS })

/** Codec of the receipts of one block up to eth/68. */
export const blockReceiptsCodec68: rlp.RlpType<readonly Receipt[]> = rlp.list(receiptCodec68, { max: MAX_TRANSACTIONS })

function flatLength(receipt: Receipt): number {
  const { outcome, cumulativeGasUsed, rawLogs } = receipt
  return 1 + rlp.lengthOfString(outcome) + rlp.uint64.size(cumulativeGasUsed) + rawLogs.length
}

function readConsensusList(reader: rlp.RlpReader, type: TransactionType): Receipt {
  const at = reader.offset
  const list = reader.enterList()
  const receipt = new Receipt({
    type,
    outcome: checkOutcome(list.readBytesOf(32), at),
    cumulativeGasUsed: list.readBigint(8),
    logsBloom: list.readFixed(BLOOM_BYTES),
    rawLogs: readLogs(list),
  })
  list.finish()
  return receipt
}

function readLogs(list: rlp.RlpReader): Uint8Array {
  if (!list.isList()) throw new CodecError('ERR_RLP_KIND', 'byte string instead of a list of logs', list.offset)
  return list.rawItem()
}

function checkType(type: number, offset: number): TransactionType {
  if (type > LAST_TYPE) throw new CodecError('ERR_RECEIPT_TYPE', `unknown receipt type ${type}`, offset)
  return type as TransactionType
}
