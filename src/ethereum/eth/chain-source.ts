import type { ChainHead, ForkId } from '../chain/index.ts'

/**
 * The chain that this room serves; `ChainStore` is one. Every getter is a synchronous look-up of bytes as they are
 * stored, so that serving a peer encodes nothing. Arguments come from the remote: unknown hashes give undefined.
 */
export interface ChainSource {
  /** 32 bytes. */
  readonly genesisHash: Uint8Array
  /** The chain's configuration as go-ethereum's JSON has it: shown by `nodeInfo`. */
  readonly config: unknown
  readonly head: ChainHead
  /** First block of the unbroken range, up to the head, that has bodies and receipts. */
  readonly earliest: number
  /** Fork id of the chain at its head. */
  forkId(): ForkId
  /**
   * @returns the reason why a remote with this fork id is on another chain; undefined if it is not. Source: EIP-2124.
   */
  forkFilter(remote: ForkId): string | undefined
  /** Hash of the canonical block of this number. */
  hashAt(number: number): Uint8Array | undefined
  /** Number of a block whose header is stored, canonical or not. */
  numberOf(hash: Uint8Array): number | undefined
  /** RLP of a header, canonical or not. */
  rawHeader(hash: Uint8Array): Uint8Array | undefined
  /** RLP of the canonical header of this number. */
  rawHeaderAt(number: number): Uint8Array | undefined
  /** RLP `[transactions, ommers, withdrawals?]`. */
  rawBody(hash: Uint8Array): Uint8Array | undefined
  /**
   * RLP list of the block's receipts in the form of eth/69: `[type, outcome, cumulative gas, logs]`, without blooms.
   */
  rawReceipts(hash: Uint8Array): Uint8Array | undefined
  /** RLP of the block access list (EIP-7928). */
  rawAccessList(hash: Uint8Array): Uint8Array | undefined
}
