import { concatBytes } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import { keccak256 } from '../../../crypto/index.ts'
import { decodeSidecar, encodeNetworkForm, splitNetworkForm } from './sidecar.ts'
import { recoverSender, signPayload } from './signing.ts'
import {
  type BlobSidecar,
  decodeFields,
  encodePayload,
  type TransactionFields,
  type TransactionType,
  type UnsignedTransaction,
} from './transaction-fields.ts'

const BLOB_TYPE = 3
const LAST_TYPE = 4

/**
 * A transaction as it arrived: `raw` is the canonical form (legacy: an RLP list; typed: type byte, then the payload),
 * `hash` its keccak-256. Only the outermost form is checked at first; the fields are decoded on first access.
 * Source: EIP-2718, 2930, 1559, 4844, 7702.
 */
export class Transaction {
  /** Canonical bytes, never with a sidecar: these are hashed and stand in a block's trie. */
  readonly raw: Uint8Array
  readonly type: TransactionType
  readonly #network: Uint8Array | undefined
  #hash: Uint8Array | undefined
  #fields: TransactionFields | undefined
  #sender: Uint8Array | undefined
  #sidecar: BlobSidecar | undefined

  private constructor(type: TransactionType, raw: Uint8Array, network: Uint8Array | undefined) {
    this.type = type
    this.raw = raw
    this.#network = network
  }

  /**
   * Decodes the canonical form. Throws `CodecError`: ERR_TX_SIDECAR for a blob transaction in its network form (with
   * blobs).
   */
  static decode(bytes: Uint8Array): Transaction {
    const type = typeOf(bytes)
    if (type === BLOB_TYPE && payloadReader(bytes, type).isList()) {
      throw new CodecError('ERR_TX_SIDECAR', 'blob transaction with its sidecar, which is not allowed here')
    }
    return new Transaction(type, bytes, undefined)
  }

  /** Decodes the form of the pool and of PooledTransactions: as `decode`, or a blob transaction with its sidecar. */
  static decodePooled(bytes: Uint8Array): Transaction {
    const type = typeOf(bytes)
    if (type !== BLOB_TYPE || !payloadReader(bytes, type).isList()) return new Transaction(type, bytes, undefined)
    return new Transaction(type, splitNetworkForm(bytes), bytes)
  }

  static from(fields: TransactionFields, sidecar?: BlobSidecar): Transaction {
    const payload = encodePayload(fields)
    const raw = fields.type === 0 ? payload : concatBytes(Uint8Array.of(fields.type), payload)
    return new Transaction(fields.type, raw, sidecar ? encodeNetworkForm(payload, sidecar) : undefined)
  }

  /**
   * Signs with a private key of 32 bytes. A legacy transaction is bound to `fields.chainId` (EIP-155) when there is
   * one.
   */
  static sign(fields: UnsignedTransaction, privateKey: Uint8Array, sidecar?: BlobSidecar): Transaction {
    return Transaction.from(signPayload(fields, privateKey), sidecar)
  }

  get hash(): Uint8Array {
    this.#hash ??= keccak256(this.raw)
    return this.#hash
  }

  /** Fields, decoded on first access. Throws `CodecError` then if the payload is malformed. */
  get fields(): TransactionFields {
    this.#fields ??= decodeFields(this.type, this.type === 0 ? this.raw : this.raw.subarray(1))
    return this.#fields
  }

  /** The chain it is bound to; undefined for a legacy transaction without EIP-155, which is valid on every chain. */
  get chainId(): bigint | undefined {
    const { fields } = this
    if (fields.type !== 0) return fields.chainId
    return fields.v >= 35n ? (fields.v - 35n) >> 1n : undefined
  }

  /** Bytes in the form of the pool and of PooledTransactions: with the sidecar if there is one, else `raw`. */
  get networkForm(): Uint8Array {
    return this.#network ?? this.raw
  }

  /** Blobs, commitments and proofs; undefined if it came without. Throws `CodecError` on first access. */
  get sidecar(): BlobSidecar | undefined {
    if (this.#network) this.#sidecar ??= decodeSidecar(this.#network)
    return this.#sidecar
  }

  /** @returns the same transaction without blobs, the form of blocks. */
  withoutSidecar(): Transaction {
    return this.#network ? new Transaction(this.type, this.raw, undefined) : this
  }

  /**
   * @returns the address (20 bytes) of the signer; recovered once. Throws `CodecError`: ERR_INVALID_SIGNATURE if the
   * signature is impossible or, unless `anyS`, its s is in the upper half (EIP-2: allowed in blocks before Homestead).
   */
  sender(options: { readonly anyS?: boolean } = {}): Uint8Array {
    this.#sender ??= recoverSender(this.fields, this.raw, options.anyS ?? false)
    return this.#sender
  }
}

/** @returns the type. Checks the outermost form: one list, or a type byte and one list, and nothing after it. */
function typeOf(bytes: Uint8Array): TransactionType {
  const first = bytes[0] ?? 0x80
  const type = first >= 0xc0 ? 0 : first
  if (type > LAST_TYPE || (type === 0 && first === 0)) {
    throw new CodecError('ERR_TX_TYPE', `unknown transaction type: first byte 0x${first.toString(16)}`)
  }
  const reader = new rlp.RlpReader(bytes, type === 0 ? 0 : 1)
  if (reader.offset >= reader.end || !reader.isList())
    throw new CodecError('ERR_TX_PAYLOAD', 'payload is not a list', 1)
  reader.skip()
  if (reader.offset !== reader.end) {
    throw new CodecError('ERR_RLP_TRAILING', 'trailing bytes after a transaction', reader.offset)
  }
  return type as TransactionType
}

function payloadReader(bytes: Uint8Array, type: TransactionType): { isList(): boolean } {
  const list = new rlp.RlpReader(bytes, type === 0 ? 0 : 1).enterList()
  if (list.offset >= list.end) throw new CodecError('ERR_TX_PAYLOAD', 'payload is an empty list', list.offset)
  return list
}

/** Makes the codec of a transaction inside a list: a legacy one is a list, a typed one a byte string. */
function transactionType(
  bytesOf: (transaction: Transaction) => Uint8Array,
  decode: (bytes: Uint8Array) => Transaction,
): rlp.RlpType<Transaction> {
  return rlp.define<Transaction>({
    size(transaction) {
      const { length } = bytesOf(transaction)
      return transaction.type === 0 ? length : rlp.lengthOfList(length)
    },
    write(transaction, out, at) {
      const bytes = bytesOf(transaction)
      const start = transaction.type === 0 ? at : rlp.writeStringHeader(bytes.length, out, at)
      return rlp.writeRaw(bytes, out, start)
    },
    read: (reader) => readTransaction(reader, decode),
  })
}

function readTransaction(reader: rlp.RlpReader, decode: (bytes: Uint8Array) => Transaction): Transaction {
  const at = reader.offset
  if (reader.isList()) return decode(reader.rawItem())
  const bytes = reader.readBytes()
  if ((bytes[0] ?? 0xc0) >= 0xc0) throw new CodecError('ERR_TX_TYPE', 'legacy transaction inside a byte string', at)
  return decode(bytes)
}

/** Codec of a transaction in bodies and broadcasts: never with blobs. */
export const transactionCodec: rlp.RlpType<Transaction> = transactionType(
  (transaction) => transaction.raw,
  Transaction.decode,
)

/** Codec of a transaction in PooledTransactions: blob transactions may carry their sidecar. */
export const pooledTransactionCodec: rlp.RlpType<Transaction> = transactionType(
  (transaction) => transaction.networkForm,
  Transaction.decodePooled,
)
