import { type RlpType, rlp } from '../../codec/index.ts'
import { blockReceiptsCodec, blockReceiptsCodec68, type Receipt } from '../types/index.ts'

/**
 * The receipts of one block, as bytes in either form and as objects, each converted on first access, which throws the
 * `CodecError` of malformed contents.
 */
export class BlockReceipts {
  #raw: Uint8Array | undefined
  #receipts: readonly Receipt[] | undefined
  #raw68: Uint8Array | undefined

  private constructor(parts: { raw?: Uint8Array; raw68?: Uint8Array; receipts?: readonly Receipt[] }) {
    this.#raw = parts.raw
    this.#raw68 = parts.raw68
    this.#receipts = parts.receipts
  }

  /** Wraps the list in the form of eth/69, the stored one. Keeps a view. */
  static fromRaw(raw: Uint8Array): BlockReceipts {
    return new BlockReceipts({ raw })
  }

  /** Wraps the list in the form of eth/68, with blooms. Keeps a view. */
  static fromRaw68(raw68: Uint8Array): BlockReceipts {
    return new BlockReceipts({ raw68 })
  }

  static from(receipts: readonly Receipt[]): BlockReceipts {
    return new BlockReceipts({ receipts })
  }

  /** RLP list in the form of eth/69, the stored one. */
  get raw(): Uint8Array {
    this.#raw ??= blockReceiptsCodec.encode(this.receipts)
    return this.#raw
  }

  /** RLP list in the form of eth/68; from the other form, each bloom is computed. */
  get raw68(): Uint8Array {
    this.#raw68 ??= blockReceiptsCodec68.encode(this.receipts)
    return this.#raw68
  }

  get receipts(): readonly Receipt[] {
    this.#receipts ??= this.#raw ? blockReceiptsCodec.decode(this.#raw) : blockReceiptsCodec68.decode(this.raw68)
    return this.#receipts
  }
}

function receiptsType(
  bytesOf: (receipts: BlockReceipts) => Uint8Array,
  make: (raw: Uint8Array) => BlockReceipts,
): RlpType<BlockReceipts> {
  return rlp.define<BlockReceipts>({
    size: (receipts) => bytesOf(receipts).length,
    write: (receipts, out, at) => rlp.writeRaw(bytesOf(receipts), out, at),
    read(reader) {
      const at = reader.offset
      reader.enterList()
      return make(reader.bytes.subarray(at, reader.offset))
    },
  })
}

/** Codec of one block's receipts in Receipts since eth/69. */
export const receiptsOfBlock: RlpType<BlockReceipts> = receiptsType((r) => r.raw, BlockReceipts.fromRaw)

/** Codec of one block's receipts in Receipts of eth/68. */
export const receiptsOfBlock68: RlpType<BlockReceipts> = receiptsType((r) => r.raw68, BlockReceipts.fromRaw68)
