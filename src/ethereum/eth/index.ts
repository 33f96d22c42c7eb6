/**
 * The `eth` protocol, versions 68 to 71, in one table of messages: handshake, responses from a chain, requests to a
 * peer. This room does not choose peers or verify what they send (`sync/`, with `chain/`), and ignores pending
 * transactions.
 * Start reading at `messages.ts` (the messages), then `eth.ts` (the life of a connection).
 * @module
 */
export { BlockReceipts } from './block-receipts.ts'
export type { ChainSource } from './chain-source.ts'
export type { BlockRange, Status, Status68, Status69 } from './codecs.ts'
export { Eth, type EthEvent, type EthOptions, RANGE_UPDATE_BLOCKS } from './eth.ts'
export {
  EthPeer,
  type EthPeerOptions,
  type EthRequest,
  type EthRequestOptions,
  type HeaderQuery,
} from './eth-peer.ts'
export {
  type AnyEthMessages,
  ETH_VERSIONS,
  type EthBodies,
  type EthMessages,
  type EthVersion,
  ethMessages,
} from './messages.ts'
export type { ReceiptsQuery } from './receipt-stitcher.ts'
export type { RequestStats } from './requests.ts'
export type { ServeLimits } from './serve.ts'
