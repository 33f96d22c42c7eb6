/**
 * The `eth` protocol, versions 68 to 71, in one table of messages: handshake, answering from a chain, asking of a peer.
 * Not here: which peer to ask for what, and whether what it says is true (`sync/`, with `chain/`); transactions that
 * wait for a block (`txpool/`).
 * Start reading at `messages.ts` (what is said), then `eth.ts` (what happens on a connection).
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
