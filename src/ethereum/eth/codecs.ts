/**
 * Bodies of eth's messages and their codecs. `messages.ts` maps them to messages and versions.
 * Source: devp2p caps/eth.md, EIP-7642, EIP-7975, EIP-8159.
 * @module
 */
import { CodecError } from '../../base/errors.ts'
import { type RlpType, rlp } from '../../codec/index.ts'
import { type ForkId, forkIdCodec } from '../chain/index.ts'
import {
  type Block,
  type BlockBody,
  blockCodec,
  bodyCodec,
  type Header,
  headerCodec,
  pooledTransactionCodec,
  type Transaction,
  transactionCodec,
} from '../types/index.ts'
import { type BlockReceipts, receiptsOfBlock, receiptsOfBlock68 } from './block-receipts.ts'

/** Items of one response. Source: go-ethereum eth/protocols/eth/handler.go. */
export const MAX_BLOCKS = 1024
/** Hashes of one request that are looked up: twice the items of a response. Source: as above. */
export const MAX_LOOKUPS = 2048
/** Transactions or announcements in one message. Source: go-ethereum eth/protocols/eth/protocol.go. */
export const MAX_TRANSACTIONS = 5000

/** Range of blocks that a node can serve. Source: EIP-7642. */
export interface BlockRange {
  readonly earliest: number
  readonly latest: number
  /** Hash of the latest block, 32 bytes. */
  readonly latestHash: Uint8Array
}

/** Body of the first message up to eth/68. */
export interface Status68 {
  readonly version: number
  readonly networkId: bigint
  readonly totalDifficulty: bigint
  readonly headHash: Uint8Array
  readonly genesisHash: Uint8Array
  readonly forkId: ForkId
}

/** Body of the first message since eth/69. Source: EIP-7642. */
export interface Status69 extends BlockRange {
  readonly version: number
  readonly networkId: bigint
  readonly genesisHash: Uint8Array
  readonly forkId: ForkId
}

export type Status = Status68 | Status69

export interface GetBlockHeaders {
  readonly id: bigint
  /** Hash (32 bytes) or number of the first block. */
  readonly start: Uint8Array | bigint
  readonly limit: bigint
  /** Blocks skipped between two headers. */
  readonly skip: bigint
  /** True to go towards the genesis block. */
  readonly reverse: boolean
}

/** Body of every request for blocks by hash. */
export interface HashRequest {
  readonly id: bigint
  /** The first 2048 hashes: the rest of a longer request is dropped. */
  readonly hashes: readonly Uint8Array[]
}

export interface GetReceipts extends HashRequest {
  /** Number of receipts of the first block to skip. Always 0 before eth/70. Source: EIP-7975. */
  readonly firstBlockReceiptIndex: bigint
}

export interface BlockHeaders {
  readonly id: bigint
  /** Headers, decoded on first access, which may throw `CodecError`. */
  readonly headers: readonly rlp.Lazy<Header>[]
}

export interface BlockBodies {
  readonly id: bigint
  readonly bodies: readonly BlockBody[]
}

export interface Receipts {
  readonly id: bigint
  /** True if the receipts of the last block are incomplete. Always false before eth/70. Source: EIP-7975. */
  readonly lastBlockIncomplete: boolean
  readonly blocks: readonly BlockReceipts[]
}

export interface BlockAccessLists {
  readonly id: bigint
  /** RLP of each, in the order of the request; undefined (0x80 on the wire) if unavailable. Source: EIP-8159. */
  readonly accessLists: readonly (Uint8Array | undefined)[]
}

export interface PooledTransactions {
  readonly id: bigint
  readonly transactions: readonly Transaction[]
}

export interface NewPooledTransactionHashes {
  /** Types, one byte for each transaction. */
  readonly types: Uint8Array
  /** Size of each transaction's network form, in bytes. */
  readonly sizes: readonly number[]
  readonly hashes: readonly Uint8Array[]
}

export interface NewBlockHash {
  readonly hash: Uint8Array
  readonly number: number
}

export interface NewBlock {
  readonly block: Block
  readonly totalDifficulty: bigint
}

const hash = rlp.fixed(32)
const id = rlp.uint64

/** Codec of a list of hashes that keeps the first `keep` and skips the rest without decoding it. */
function hashesOf(keep: number): RlpType<readonly Uint8Array[]> {
  const { size, write } = rlp.list(hash)
  return rlp.define<readonly Uint8Array[]>({
    size,
    write,
    read(reader) {
      const inside = reader.enterList()
      const hashes: Uint8Array[] = []
      while (!inside.done && hashes.length < keep) hashes.push(inside.readFixed(32))
      return hashes
    },
  })
}

/** Codec of a block by hash or by number, which differ in length: a number has at most 8 bytes. */
const start: RlpType<Uint8Array | bigint> = rlp.define<Uint8Array | bigint>({
  size: (value) => (typeof value === 'bigint' ? rlp.uint64.size(value) : hash.size(value)),
  write: (value, out, at) =>
    typeof value === 'bigint' ? rlp.uint64.write(value, out, at) : hash.write(value, out, at),
  read(reader) {
    const at = reader.offset
    const bytes = reader.readBytesOf(32)
    if (bytes.length === 32) return bytes
    reader.offset = at
    return rlp.uint64.read(reader)
  },
})

const status = { version: rlp.number, networkId: rlp.uint64 }

export const status68: RlpType<Status68> = rlp.struct({
  ...status,
  totalDifficulty: rlp.uint,
  headHash: hash,
  genesisHash: hash,
  forkId: forkIdCodec,
})

const range = { earliest: rlp.number, latest: rlp.number, latestHash: hash }

export const status69: RlpType<Status69> = rlp.struct({
  ...status,
  genesisHash: hash,
  forkId: forkIdCodec,
  ...range,
})

export const blockRangeUpdate: RlpType<BlockRange> = rlp.struct(range)

const query = rlp.struct({ start, limit: rlp.uint64, skip: rlp.uint64, reverse: rlp.bool })

export const getBlockHeaders: RlpType<GetBlockHeaders> = rlp.mapped(
  rlp.struct({ id, query }),
  (packet): GetBlockHeaders => ({ id: packet.id, ...packet.query }),
  ({ id, ...query }: GetBlockHeaders) => ({ id, query }),
)

/** Codec of a header that is decoded when its value is read. */
export const lazyHeader: rlp.LazyType<Header> = rlp.lazy(headerCodec)

export const blockHeaders: RlpType<BlockHeaders> = rlp.struct({
  id,
  headers: rlp.list(lazyHeader, { max: MAX_BLOCKS }),
})

export const hashRequest: RlpType<HashRequest> = rlp.struct({ id, hashes: hashesOf(MAX_LOOKUPS) })

export const blockBodies: RlpType<BlockBodies> = rlp.struct({
  id,
  bodies: rlp.list(bodyCodec, { max: MAX_BLOCKS }),
})

/** Codec up to eth/69. */
export const getReceipts: RlpType<GetReceipts> = rlp.mapped(
  hashRequest,
  (packet): GetReceipts => ({ ...packet, firstBlockReceiptIndex: 0n }),
  (packet: GetReceipts) => {
    if (packet.firstBlockReceiptIndex === 0n) return packet
    throw new CodecError('ERR_ETH_PARTIAL_RECEIPTS', 'parts of a block cannot be requested before eth/70')
  },
)

/** Codec since eth/70. */
export const getReceipts70: RlpType<GetReceipts> = rlp.struct({
  id,
  firstBlockReceiptIndex: rlp.uint64,
  hashes: hashesOf(MAX_LOOKUPS),
})

function wholeReceipts(block: RlpType<BlockReceipts>): RlpType<Receipts> {
  return rlp.mapped(
    rlp.struct({ id, blocks: rlp.list(block, { max: MAX_BLOCKS }) }),
    (packet): Receipts => ({ ...packet, lastBlockIncomplete: false }),
    (packet: Receipts) => {
      if (!packet.lastBlockIncomplete) return packet
      throw new CodecError('ERR_ETH_PARTIAL_RECEIPTS', 'parts of a block cannot be sent before eth/70')
    },
  )
}

export const receipts68: RlpType<Receipts> = wholeReceipts(receiptsOfBlock68)
export const receipts69: RlpType<Receipts> = wholeReceipts(receiptsOfBlock)
export const receipts70: RlpType<Receipts> = rlp.struct({
  id,
  lastBlockIncomplete: rlp.bool,
  blocks: rlp.list(receiptsOfBlock, { max: MAX_BLOCKS }),
})

/** RLP of a missing access list: an empty byte string, as an empty list is a list. Shared: do not write to it. */
export const UNAVAILABLE: Uint8Array = Uint8Array.of(0x80)

const accessList: RlpType<Uint8Array | undefined> = rlp.mapped(
  rlp.raw,
  (raw): Uint8Array | undefined => {
    const first = raw[0] as number
    if (first >= 0xc0) return raw
    if (first === 0x80) return undefined
    throw new CodecError('ERR_ETH_ACCESS_LIST', 'neither a block access list nor an empty string')
  },
  (value: Uint8Array | undefined) => value ?? UNAVAILABLE,
)

export const blockAccessLists: RlpType<BlockAccessLists> = rlp.struct({
  id,
  accessLists: rlp.list(accessList, { max: MAX_BLOCKS }),
})

export const transactions: RlpType<readonly Transaction[]> = rlp.list(transactionCodec, { max: MAX_TRANSACTIONS })

export const pooledTransactions: RlpType<PooledTransactions> = rlp.struct({
  id,
  transactions: rlp.list(pooledTransactionCodec, { max: MAX_TRANSACTIONS }),
})

const announcement = rlp.struct({
  types: rlp.bytesOf({ max: MAX_TRANSACTIONS }),
  sizes: rlp.list(rlp.number, { max: MAX_TRANSACTIONS }),
  hashes: rlp.list(hash, { max: MAX_TRANSACTIONS }),
})

function sameLengths(packet: NewPooledTransactionHashes): NewPooledTransactionHashes {
  const { types, sizes, hashes } = packet
  if (types.length === hashes.length && sizes.length === hashes.length) return packet
  throw new CodecError(
    'ERR_ETH_ANNOUNCEMENT',
    `${types.length} types and ${sizes.length} sizes for ${hashes.length} hashes`,
  )
}

/** Codec of announced transactions. Source: EIP-5793. */
export const newPooledTransactionHashes: RlpType<NewPooledTransactionHashes> = rlp.mapped(
  announcement,
  sameLengths,
  sameLengths,
)

export const newBlockHashes: RlpType<readonly NewBlockHash[]> = rlp.list(rlp.struct({ hash, number: rlp.number }), {
  max: MAX_BLOCKS,
})

export const newBlock: RlpType<NewBlock> = rlp.struct({ block: blockCodec, totalDifficulty: rlp.uint })

/**
 * Encodes a response from encoded items: `[id, [item, …]]`. `lastBlockIncomplete` stands between the two in
 * Receipts since eth/70.
 */
export function encodeResponse(
  requestId: bigint,
  items: readonly Uint8Array[],
  lastBlockIncomplete?: boolean,
): Uint8Array {
  let itemsBytes = 0
  for (const item of items) itemsBytes += item.length
  const flagBytes = lastBlockIncomplete === undefined ? 0 : rlp.bool.size(lastBlockIncomplete)
  const payloadBytes = id.size(requestId) + flagBytes + rlp.lengthOfList(itemsBytes)
  const out = new Uint8Array(rlp.lengthOfList(payloadBytes))
  let at = id.write(requestId, out, rlp.writeListHeader(payloadBytes, out, 0))
  if (lastBlockIncomplete !== undefined) at = rlp.bool.write(lastBlockIncomplete, out, at)
  at = rlp.writeListHeader(itemsBytes, out, at)
  for (const item of items) at = rlp.writeRaw(item, out, at)
  return out
}
