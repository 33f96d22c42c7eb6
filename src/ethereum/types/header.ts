import { rlp } from '../../codec/index.ts'
import { keccak256 } from '../../crypto/index.ts'

/**
 * A header's fields in wire order; a fork's fields are absent before that fork.
 * Source: go-ethereum core/types/block.go, EIP-1559, 4895, 4844, 4788, 7685, 7928, 7843.
 */
export interface HeaderFields {
  readonly parentHash: Uint8Array
  readonly ommersHash: Uint8Array
  /** 20 bytes: recipient of the fees (`miner` in JSON). */
  readonly coinbase: Uint8Array
  readonly stateRoot: Uint8Array
  readonly transactionsRoot: Uint8Array
  readonly receiptsRoot: Uint8Array
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: number
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Seconds; a bigint where a number is not exact, above 2^53 - 1. */
  readonly timestamp: number | bigint
  readonly extraData: Uint8Array
  /** 32 bytes; the beacon chain's randomness since the merge. */
  readonly mixHash: Uint8Array
  /** 8 bytes. */
  readonly nonce: Uint8Array
  /** Since London. */
  readonly baseFeePerGas?: bigint | undefined
  /** Since Shanghai. */
  readonly withdrawalsRoot?: Uint8Array | undefined
  /** Since Cancun. */
  readonly blobGasUsed?: bigint | undefined
  /** Since Cancun. */
  readonly excessBlobGas?: bigint | undefined
  /** Since Cancun. */
  readonly parentBeaconBlockRoot?: Uint8Array | undefined
  /** Since Prague. */
  readonly requestsHash?: Uint8Array | undefined
  /** Since Amsterdam. */
  readonly blockAccessListHash?: Uint8Array | undefined
  /** Since Amsterdam. */
  readonly slotNumber?: bigint | undefined
}

/** Clique's signer lists make it long; no chain's rules allow more. Source: go-ethereum Header.SanityCheck. */
const MAX_EXTRA_DATA_BYTES = 100 * 1024

const hash = rlp.fixed(32)

/** Encodes fields; the constructor of `Header` decodes them. */
const fieldsCodec: rlp.RlpType<HeaderFields> = rlp.struct({
  parentHash: hash,
  ommersHash: hash,
  coinbase: rlp.fixed(20),
  stateRoot: hash,
  transactionsRoot: hash,
  receiptsRoot: hash,
  logsBloom: rlp.fixed(256),
  difficulty: rlp.uint,
  number: rlp.number,
  gasLimit: rlp.uint64,
  gasUsed: rlp.uint64,
  timestamp: rlp.numberOrBigint,
  extraData: rlp.bytesOf({ max: MAX_EXTRA_DATA_BYTES }),
  mixHash: hash,
  nonce: rlp.fixed(8),
  baseFeePerGas: rlp.optional(rlp.uint),
  withdrawalsRoot: rlp.optional(hash),
  blobGasUsed: rlp.optional(rlp.uint64),
  excessBlobGas: rlp.optional(rlp.uint64),
  parentBeaconBlockRoot: rlp.optional(hash),
  requestsHash: rlp.optional(hash),
  blockAccessListHash: rlp.optional(hash),
  slotNumber: rlp.optional(rlp.uint64),
})

/**
 * A block header as it arrived: `hash` is keccak-256 of `raw`. Its form is checked (lengths, canonical numbers), its
 * rules are not: see `chain/`.
 */
export class Header implements HeaderFields {
  readonly raw: Uint8Array
  readonly parentHash: Uint8Array
  readonly ommersHash: Uint8Array
  readonly coinbase: Uint8Array
  readonly stateRoot: Uint8Array
  readonly transactionsRoot: Uint8Array
  readonly receiptsRoot: Uint8Array
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: number
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Seconds. Above 2^53 it is the nearest number: {@link Header.exactTimestamp} has every digit. */
  readonly timestamp: number
  readonly extraData: Uint8Array
  readonly mixHash: Uint8Array
  readonly nonce: Uint8Array
  readonly baseFeePerGas: bigint | undefined
  readonly withdrawalsRoot: Uint8Array | undefined
  readonly blobGasUsed: bigint | undefined
  readonly excessBlobGas: bigint | undefined
  readonly parentBeaconBlockRoot: Uint8Array | undefined
  readonly requestsHash: Uint8Array | undefined
  readonly blockAccessListHash: Uint8Array | undefined
  readonly slotNumber: bigint | undefined
  readonly #exactTimestamp: number | bigint
  #hash: Uint8Array | undefined

  /** Reads field by field instead of through the table above: a sync decodes more headers than anything else. */
  private constructor(reader: rlp.RlpReader) {
    const at = reader.offset
    const list = reader.enterList()
    this.raw = reader.bytes.subarray(at, reader.offset)
    this.parentHash = list.readFixed(32)
    this.ommersHash = list.readFixed(32)
    this.coinbase = list.readFixed(20)
    this.stateRoot = list.readFixed(32)
    this.transactionsRoot = list.readFixed(32)
    this.receiptsRoot = list.readFixed(32)
    this.logsBloom = list.readFixed(256)
    this.difficulty = list.readBigint(32)
    this.number = list.readNumber()
    this.gasLimit = list.readBigint(8)
    this.gasUsed = list.readBigint(8)
    this.#exactTimestamp = list.readNumberOrBigint()
    this.timestamp = Number(this.#exactTimestamp)
    this.extraData = list.readBytesOf(MAX_EXTRA_DATA_BYTES)
    this.mixHash = list.readFixed(32)
    this.nonce = list.readFixed(8)
    this.baseFeePerGas = list.done ? undefined : list.readBigint(32)
    this.withdrawalsRoot = list.done ? undefined : list.readFixed(32)
    this.blobGasUsed = list.done ? undefined : list.readBigint(8)
    this.excessBlobGas = list.done ? undefined : list.readBigint(8)
    this.parentBeaconBlockRoot = list.done ? undefined : list.readFixed(32)
    this.requestsHash = list.done ? undefined : list.readFixed(32)
    this.blockAccessListHash = list.done ? undefined : list.readFixed(32)
    this.slotNumber = list.done ? undefined : list.readBigint(8)
    list.finish()
  }

  /** Decodes the wire form. Throws `CodecError`. Keeps a view of `bytes`. */
  static decode(bytes: Uint8Array): Header {
    return headerCodec.decode(bytes)
  }

  /** Reads the next item. Throws `CodecError`. */
  static read(reader: rlp.RlpReader): Header {
    return new Header(reader)
  }

  /**
   * Makes a header of its fields. Throws `CodecError` if they have no encoding (a wrong length, a missing field of a
   * fork).
   */
  static from(fields: HeaderFields): Header {
    return Header.decode(fieldsCodec.encode(fields))
  }

  /** Seconds: a number up to 2^53 - 1, a bigint above. */
  get exactTimestamp(): number | bigint {
    return this.#exactTimestamp
  }

  /** keccak-256 of `raw`: the block's hash. */
  get hash(): Uint8Array {
    this.#hash ??= keccak256(this.raw)
    return this.#hash
  }
}

/** Codec of a header inside lists and structs. */
export const headerCodec: rlp.RlpType<Header> = rlp.define<Header>({
  size: (header) => header.raw.length,
  write: (header, out, at) => rlp.writeRaw(header.raw, out, at),
  read: (reader) => Header.read(reader),
})
