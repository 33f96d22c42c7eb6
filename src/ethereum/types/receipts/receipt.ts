import { EMPTY_BYTES } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import type { TransactionType } from '../transactions/transaction-fields.ts'
import { addToBloom, BLOOM_BYTES, EMPTY_BLOOM } from './bloom.ts'

/** An event that a contract emitted. */
export interface Log {
  /** Address of the contract, 20 bytes. */
  readonly address: Uint8Array
  /** Up to 4, of 32 bytes each. */
  readonly topics: readonly Uint8Array[]
  readonly data: Uint8Array
}

export interface ReceiptFields {
  readonly type: TransactionType
  /** 1 if the transaction succeeded. Absent before Byzantium, which has `postState`. */
  readonly status?: 0 | 1 | undefined
  /** State root after the transaction; absent since Byzantium. */
  readonly postState?: Uint8Array | undefined
  /** Gas used in the block up to and including this transaction. */
  readonly cumulativeGasUsed: bigint
  readonly logs: readonly Log[]
}

/** The parts of a receipt that codecs read. */
interface ReceiptParts {
  readonly type: TransactionType
  /** Status or state root in wire form: no bytes (failed), 0x01 (succeeded) or 32 bytes. */
  readonly outcome: Uint8Array
  readonly cumulativeGasUsed: bigint
  /** The encoded list of logs. */
  readonly rawLogs: Uint8Array
  /** The bloom that came with the receipt; computed from the logs if absent. */
  readonly logsBloom?: Uint8Array | undefined
}

const MAX_TOPICS = 4
const BLOOM_ITEM_BYTES = BLOOM_BYTES + 3
const SUCCEEDED = Uint8Array.of(1)

const address = rlp.fixed(20)
const topics = rlp.list(rlp.fixed(32), { max: MAX_TOPICS })
const logsCodec: rlp.RlpType<readonly Log[]> = rlp.list(rlp.struct({ address, topics, data: rlp.bytes }))

/**
 * The result of a transaction. The logs are decoded on first access; malformed ones throw `CodecError` then: from
 * `logs`, `logsBloom` or `consensusForm()`. A bloom that came with the receipt (up to eth/68) is kept: the block's
 * receipts root tells if it is right. Source: yellow paper 4.3.1, EIP-658, EIP-2718, EIP-7642.
 */
export class Receipt implements ReceiptFields {
  readonly type: TransactionType
  readonly outcome: Uint8Array
  readonly cumulativeGasUsed: bigint
  readonly rawLogs: Uint8Array
  #logs: readonly Log[] | undefined
  #logsBloom: Uint8Array | undefined

  constructor(parts: ReceiptParts) {
    this.type = parts.type
    this.outcome = parts.outcome
    this.cumulativeGasUsed = parts.cumulativeGasUsed
    this.rawLogs = parts.rawLogs
    this.#logsBloom = parts.logsBloom
  }

  static from(fields: ReceiptFields): Receipt {
    const { type, cumulativeGasUsed } = fields
    const outcome = fields.postState ?? (fields.status === 1 ? SUCCEEDED : EMPTY_BYTES)
    return new Receipt({ type, outcome, cumulativeGasUsed, rawLogs: logsCodec.encode(fields.logs) })
  }

  get status(): 0 | 1 | undefined {
    if (this.outcome.length === 0) return 0
    return this.outcome.length === 1 ? 1 : undefined
  }

  get postState(): Uint8Array | undefined {
    return this.outcome.length > 1 ? this.outcome : undefined
  }

  get logs(): readonly Log[] {
    this.#logs ??= logsCodec.decode(this.rawLogs)
    return this.#logs
  }

  /** Bloom filter over addresses and topics of the logs, 256 bytes. */
  get logsBloom(): Uint8Array {
    this.#logsBloom ??= bloomOf(this.rawLogs)
    return this.#logsBloom
  }

  /**
   * Encodes the form of the receipts trie, and of the wire up to eth/68: type ‖ [outcome, cumulative gas, bloom, logs].
   */
  consensusForm(): Uint8Array {
    const { outcome, cumulativeGasUsed, rawLogs, logsBloom } = this
    const length = rlp.lengthOfString(outcome) + rlp.uint64.size(cumulativeGasUsed) + BLOOM_ITEM_BYTES + rawLogs.length
    const prefix = this.type === 0 ? 0 : 1
    const out = new Uint8Array(prefix + rlp.lengthOfList(length))
    out[0] = this.type
    let at = rlp.writeListHeader(length, out, prefix)
    at = rlp.writeString(outcome, out, at)
    at = rlp.uint64.write(cumulativeGasUsed, out, at)
    at = rlp.writeString(logsBloom, out, at)
    rlp.writeRaw(rawLogs, out, at)
    return out
  }
}

/** Computes the bloom from the bytes, without objects for the logs. */
function bloomOf(rawLogs: Uint8Array): Uint8Array {
  const logs = new rlp.RlpReader(rawLogs).enterList()
  if (logs.done) return EMPTY_BLOOM
  const bloom = new Uint8Array(BLOOM_BYTES)
  while (!logs.done) {
    const log = logs.enterList()
    addToBloom(bloom, log.readFixed(20))
    const list = log.enterList()
    while (!list.done) addToBloom(bloom, list.readFixed(32))
    log.readBytes()
    log.finish()
  }
  return bloom
}

/** Checks a status or state root in wire form. Throws `CodecError`. */
export function checkOutcome(outcome: Uint8Array, offset: number): Uint8Array {
  if (outcome.length === 0 || outcome.length === 32 || (outcome.length === 1 && outcome[0] === 1)) return outcome
  throw new CodecError('ERR_RECEIPT_STATUS', `neither a status nor a state root: ${outcome.length} bytes`, offset)
}
