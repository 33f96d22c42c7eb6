import { equalBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { keccak256 } from '../../crypto/index.ts'
import { EMPTY_OMMERS_HASH } from './constants.ts'
import { type Header, headerCodec } from './header.ts'
import { type Transaction, transactionCodec } from './transactions/transaction.ts'
import { deriveRoot } from './trie.ts'
import { type Withdrawal, withdrawalCodec } from './withdrawal.ts'

/** Enough for a block of 2.7 billion gas; keeps a message of empty items from becoming millions of objects. */
export const MAX_TRANSACTIONS = 131_072
/** Generous: the rules allow 2. */
const MAX_OMMERS = 16
/** Generous: mainnet allows 16. */
const MAX_WITHDRAWALS = 4_096

const transactionsCodec = rlp.list(transactionCodec, { max: MAX_TRANSACTIONS })
const ommersCodec = rlp.list(headerCodec, { max: MAX_OMMERS })
const withdrawalsCodec = rlp.list(withdrawalCodec, { max: MAX_WITHDRAWALS })

/** The decoded lists of a body. */
export interface BlockBodyParts {
  readonly transactions: readonly Transaction[]
  /** @default none */
  readonly ommers?: readonly Header[] | undefined
  /** Absent before Shanghai, which is not the same as an empty list. */
  readonly withdrawals?: readonly Withdrawal[] | undefined
}

/**
 * The part of a block beside its header: `[transactions, ommers, withdrawals?]`. Decoding checks only the outermost
 * form of these lists. Roots are computed from the bytes as they arrived; items are decoded on first access, which
 * throws the `CodecError` of malformed ones.
 */
export class BlockBody {
  readonly #lists: readonly Uint8Array[]
  #raw: Uint8Array | undefined
  #transactions: readonly Transaction[] | undefined
  #ommers: readonly Header[] | undefined
  #withdrawals: readonly Withdrawal[] | undefined

  private constructor(lists: readonly Uint8Array[], raw: Uint8Array | undefined) {
    this.#lists = lists
    this.#raw = raw
  }

  /** Decodes the wire form. Throws `CodecError`. Keeps views of `bytes`. */
  static decode(bytes: Uint8Array): BlockBody {
    return bodyCodec.decode(bytes)
  }

  static from(parts: BlockBodyParts): BlockBody {
    const lists = [transactionsCodec.encode(parts.transactions), ommersCodec.encode(parts.ommers ?? [])]
    if (parts.withdrawals) lists.push(withdrawalsCodec.encode(parts.withdrawals))
    return new BlockBody(lists, undefined)
  }

  /** Reads two lists, and a third where there is one; leaves what follows. */
  static readLists(reader: rlp.RlpReader, raw?: Uint8Array): BlockBody {
    const lists = [rawList(reader), rawList(reader)]
    if (!reader.done) lists.push(rawList(reader))
    return new BlockBody(lists, raw)
  }

  /** The encoded lists in wire order: two, or three with withdrawals. */
  get lists(): readonly Uint8Array[] {
    return this.#lists
  }

  get raw(): Uint8Array {
    this.#raw ??= rlp.encodeListOfRaw(this.#lists)
    return this.#raw
  }

  get transactions(): readonly Transaction[] {
    this.#transactions ??= transactionsCodec.decode(this.#lists[0] as Uint8Array)
    return this.#transactions
  }

  get ommers(): readonly Header[] {
    this.#ommers ??= ommersCodec.decode(this.#lists[1] as Uint8Array)
    return this.#ommers
  }

  /** Undefined before Shanghai. */
  get withdrawals(): readonly Withdrawal[] | undefined {
    const list = this.#lists[2]
    if (list) this.#withdrawals ??= withdrawalsCodec.decode(list)
    return this.#withdrawals
  }

  /** @returns 32 bytes for each transaction, none of which is decoded for it. */
  transactionHashes(): Uint8Array[] {
    return trieValues(this.#lists[0] as Uint8Array, MAX_TRANSACTIONS).map(keccak256)
  }

  /** Computes the root; nothing is cached here and in the two methods below. */
  transactionsRoot(): Uint8Array {
    return deriveRoot(trieValues(this.#lists[0] as Uint8Array, MAX_TRANSACTIONS))
  }

  /** Undefined before Shanghai. */
  withdrawalsRoot(): Uint8Array | undefined {
    const list = this.#lists[2]
    return list && deriveRoot(trieValues(list, MAX_WITHDRAWALS))
  }

  ommersHash(): Uint8Array {
    const list = this.#lists[1] as Uint8Array
    return list.length === 1 ? EMPTY_OMMERS_HASH : keccak256(list)
  }

  /** @returns true if the header commits to this body. Throws `CodecError` if a list is malformed. */
  matches(header: Header): boolean {
    return (
      equalBytes(this.ommersHash(), header.ommersHash) &&
      equalBytes(this.transactionsRoot(), header.transactionsRoot) &&
      equalOrAbsent(this.withdrawalsRoot(), header.withdrawalsRoot)
    )
  }
}

/**
 * A header with its body: `[header, transactions, ommers, withdrawals?]`. Files of `geth export` add the block access list
 * (EIP-7928) as a fifth element; messages of eth do not.
 */
export class Block {
  readonly header: Header
  readonly body: BlockBody
  /** RLP of the block access list, not verified; undefined where none came with the block. */
  readonly accessList: Uint8Array | undefined
  #raw: Uint8Array | undefined
  #exported: Uint8Array | undefined

  constructor(header: Header, body: BlockBody, raw?: Uint8Array, accessList?: Uint8Array) {
    this.header = header
    this.body = body
    this.#raw = raw
    this.accessList = accessList
  }

  /** Decodes the wire form. Throws `CodecError`. Keeps views of `bytes`. */
  static decode(bytes: Uint8Array): Block {
    return blockCodec.decode(bytes)
  }

  /** Decodes a block of a file of `geth export`, with its access list or without. Throws `CodecError`. Keeps views of `bytes`. */
  static decodeExported(bytes: Uint8Array): Block {
    const reader = new rlp.RlpReader(bytes)
    const inside = reader.enterList()
    reader.finish()
    const header = headerCodec.read(inside)
    const body = BlockBody.readLists(inside)
    const accessList = inside.done ? undefined : rawList(inside)
    inside.finish()
    const block = new Block(header, body, accessList ? undefined : bytes, accessList)
    block.#exported = bytes
    return block
  }

  /** The wire form, without the access list. */
  get raw(): Uint8Array {
    this.#raw ??= rlp.encodeListOfRaw([this.header.raw, ...this.body.lists])
    return this.#raw
  }

  /** The form of `geth export`: the wire form, and the access list where there is one. */
  get exported(): Uint8Array {
    if (!this.accessList) return this.raw
    this.#exported ??= rlp.encodeListOfRaw([this.header.raw, ...this.body.lists, this.accessList])
    return this.#exported
  }

  get hash(): Uint8Array {
    return this.header.hash
  }

  get number(): number {
    return this.header.number
  }
}

/** Codec of a body in BlockBodies. */
export const bodyCodec: rlp.RlpType<BlockBody> = rlp.define<BlockBody>({
  size: (body) => body.raw.length,
  write: (body, out, at) => rlp.writeRaw(body.raw, out, at),
  read(reader) {
    const at = reader.offset
    const inside = reader.enterList()
    const body = BlockBody.readLists(inside, reader.bytes.subarray(at, reader.offset))
    inside.finish()
    return body
  },
})

/** Codec of a block in NewBlock, and in block files without access lists. */
export const blockCodec: rlp.RlpType<Block> = rlp.define<Block>({
  size: (block) => block.raw.length,
  write: (block, out, at) => rlp.writeRaw(block.raw, out, at),
  read(reader) {
    const at = reader.offset
    const inside = reader.enterList()
    const header = headerCodec.read(inside)
    const body = BlockBody.readLists(inside)
    inside.finish()
    return new Block(header, body, reader.bytes.subarray(at, reader.offset))
  },
})

function rawList(reader: rlp.RlpReader): Uint8Array {
  if (!reader.isList()) throw new CodecError('ERR_RLP_KIND', 'byte string instead of a list', reader.offset)
  return reader.rawItem()
}

/** @returns the values of the trie: a list item as it is, the contents of a byte string (typed transactions). */
function trieValues(list: Uint8Array, max: number): Uint8Array[] {
  const reader = new rlp.RlpReader(list).enterList()
  const values: Uint8Array[] = []
  while (!reader.done) {
    if (values.length >= max) throw new CodecError('ERR_RLP_TOO_LONG', `list of more than ${max}`, reader.offset)
    values.push(reader.isList() ? reader.rawItem() : reader.readBytes())
  }
  return values
}

function equalOrAbsent(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a && b ? equalBytes(a, b) : a === b
}
