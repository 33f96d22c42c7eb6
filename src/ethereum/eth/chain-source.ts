import type { ChainHead, ForkId } from '../chain/index.ts'

/**
 * What this room needs of a chain; `ChainStore` is one. Every getter is a synchronous look-up that gives the bytes as
 * they are stored, so that serving a peer encodes nothing. They are called with whatever the remote sent: unknown
 * hashes are answered undefined.
 */
export interface ChainSource {
  /** 32 bytes. */
  readonly genesisHash: Uint8Array
  /** As go-ethereum's JSON has it: what `nodeInfo` shows. */
  readonly config: unknown
  readonly head: ChainHead
  /** The first block of the unbroken range up to the head whose body and receipts are held. */
  readonly earliest: number
  /** Of the chain at its head. */
  forkId(): ForkId
  /** Why a remote with this fork id is on another chain than ours; undefined when it is not. Source: EIP-2124. */
  forkFilter(remote: ForkId): string | undefined
  /** Hash of the canonical block of this number. */
  hashAt(number: number): Uint8Array | undefined
  /** Number of a block whose header is held, canonical or not. */
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
