/**
 * Every message of eth/68 to eth/71: one row a message, with its codec from one version on. The bodies are the same in
 * all versions (only Status has two forms), so that code above this table is independent of versions.
 * Source: devp2p caps/eth.md; EIP-5793 (68), EIP-7642 (69), EIP-7975 (70), EIP-8159 (71).
 * @module
 */
import type { Codec } from '../../codec/index.ts'
import { type MessageSpec, message } from '../../peer/index.ts'
import type { Transaction } from '../types/index.ts'
import * as codecs from './codecs.ts'

export type EthVersion = 68 | 69 | 70 | 71

/** Supported versions, newest first. */
export const ETH_VERSIONS: readonly EthVersion[] = [71, 70, 69, 68]

/** Bytes of the largest message that either side accepts. Source: go-ethereum eth/protocols/eth/protocol.go. */
export const MAX_MESSAGE_BYTES = 10 * 1024 * 1024
/**
 * Bytes of the largest Receipts before eth/70, which cannot be paged: a response has those of at least one block, which
 * may exceed the limit of all other messages. The limit is the transport's.
 */
const MAX_UNPAGED_RECEIPTS_BYTES = 16 * 1024 * 1024

/** Body of each message. */
export interface EthBodies {
  readonly Status: codecs.Status
  readonly NewBlockHashes: readonly codecs.NewBlockHash[]
  readonly Transactions: readonly Transaction[]
  readonly GetBlockHeaders: codecs.GetBlockHeaders
  readonly BlockHeaders: codecs.BlockHeaders
  readonly GetBlockBodies: codecs.HashRequest
  readonly BlockBodies: codecs.BlockBodies
  readonly NewBlock: codecs.NewBlock
  readonly NewPooledTransactionHashes: codecs.NewPooledTransactionHashes
  readonly GetPooledTransactions: codecs.HashRequest
  readonly PooledTransactions: codecs.PooledTransactions
  readonly GetReceipts: codecs.GetReceipts
  readonly Receipts: codecs.Receipts
  readonly BlockRangeUpdate: codecs.BlockRange
  readonly GetBlockAccessLists: codecs.HashRequest
  readonly BlockAccessLists: codecs.BlockAccessLists
}

/** Names of messages that a version lacks. */
type Missing<V extends EthVersion> =
  | (V extends 68 ? 'BlockRangeUpdate' : 'NewBlockHashes' | 'NewBlock')
  | (V extends 71 ? never : 'GetBlockAccessLists' | 'BlockAccessLists')

/** Status of one version. */
export type StatusOf<V extends EthVersion> = V extends 68 ? codecs.Status68 : codecs.Status69

/** The message table of one version. */
export type EthMessages<V extends EthVersion = EthVersion> = {
  readonly [N in Exclude<keyof EthBodies, Missing<V>>]: MessageSpec<
    N extends 'Status' ? StatusOf<V> : EthBodies[N],
    number
  >
}

/** All messages of all versions, for code that serves every version. */
export type AnyEthMessages = { readonly [N in keyof EthBodies]: MessageSpec<EthBodies[N], number> }

/** The codec from each version on; undefined if the message does not exist from that version on. */
type Since = { readonly [V in EthVersion]?: Codec<unknown> | undefined }

const table: { readonly [N in keyof EthBodies]: { readonly key: number; readonly since: Since } } = {
  Status: { key: 0x00, since: { 68: codecs.status68, 69: codecs.status69 } },
  NewBlockHashes: { key: 0x01, since: { 68: codecs.newBlockHashes, 69: undefined } },
  Transactions: { key: 0x02, since: { 68: codecs.transactions } },
  GetBlockHeaders: { key: 0x03, since: { 68: codecs.getBlockHeaders } },
  BlockHeaders: { key: 0x04, since: { 68: codecs.blockHeaders } },
  GetBlockBodies: { key: 0x05, since: { 68: codecs.hashRequest } },
  BlockBodies: { key: 0x06, since: { 68: codecs.blockBodies } },
  NewBlock: { key: 0x07, since: { 68: codecs.newBlock, 69: undefined } },
  NewPooledTransactionHashes: { key: 0x08, since: { 68: codecs.newPooledTransactionHashes } },
  GetPooledTransactions: { key: 0x09, since: { 68: codecs.hashRequest } },
  PooledTransactions: { key: 0x0a, since: { 68: codecs.pooledTransactions } },
  GetReceipts: { key: 0x0f, since: { 68: codecs.getReceipts, 70: codecs.getReceipts70 } },
  Receipts: { key: 0x10, since: { 68: codecs.receipts68, 69: codecs.receipts69, 70: codecs.receipts70 } },
  BlockRangeUpdate: { key: 0x11, since: { 69: codecs.blockRangeUpdate } },
  GetBlockAccessLists: { key: 0x12, since: { 71: codecs.hashRequest } },
  BlockAccessLists: { key: 0x13, since: { 71: codecs.blockAccessLists } },
}

/** @returns the table of one version, for `defineProtocol`. */
export function ethMessages<V extends EthVersion>(version: V): EthMessages<V> {
  const messages: Record<string, MessageSpec<unknown, number>> = {}
  for (const [name, { key, since }] of Object.entries(table)) {
    const codec = codecAt(since, version)
    if (codec) messages[name] = message(key, codec, { maxBytes: maxBytesOf(name, version) })
  }
  return messages as unknown as EthMessages<V>
}

/** Key of a message, the same in all versions. */
export function messageKey(name: keyof EthBodies): number {
  return table[name].key
}

function codecAt(since: Since, version: EthVersion): Codec<unknown> | undefined {
  const from = ETH_VERSIONS.find((candidate) => candidate <= version && candidate in since)
  return from && since[from]
}

function maxBytesOf(name: string, version: EthVersion): number {
  return name === 'Receipts' && version < 70 ? MAX_UNPAGED_RECEIPTS_BYTES : MAX_MESSAGE_BYTES
}
