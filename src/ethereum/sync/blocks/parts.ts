/**
 * Bodies, receipts and block access lists: how each is requested, verified and kept.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import { type ChainStore, verifyAccessList, verifyBody, verifyReceipts } from '../../chain/index.ts'
import type { BlockReceipts, EthPeer, EthRequestOptions } from '../../eth/index.ts'
import { BlockBody, EMPTY_OMMERS_HASH, EMPTY_ROOT, type Header, receiptsRoot } from '../../types/index.ts'
import type { ContentKind, Slot } from './window.ts'

/** One kind of part. `T` is an item of a response, one for each block; undefined if the peer lacks it. */
export interface Part<T> {
  readonly kind: ContentKind
  /** Largest number of blocks in one request. Source: go-ethereum eth/downloader/downloader.go. */
  readonly maxItems: number
  request(peer: EthPeer, slots: readonly Slot[], options: EthRequestOptions): Promise<readonly (T | undefined)[]>
  /**
   * Verifies and keeps an item. @returns its bytes. Throws `ProtocolError` or `CodecError` if the header does not
   * match.
   */
  accept(slot: Slot, item: T): number
  /**
   * @returns true if an item is of one of these blocks: a response may omit what the peer lacks. May throw like
   * `accept`.
   */
  matchesAny(slots: readonly Slot[], item: T): boolean
}

export const bodies: Part<BlockBody> = {
  kind: 'bodies',
  maxItems: 128,
  request: (peer, slots, options) => peer.getBlockBodies(hashesOf(slots), options),
  accept(slot, body) {
    verifyBody(slot.header, body)
    slot.body = body
    return body.raw.length
  },
  matchesAny(slots, body) {
    const root = body.transactionsRoot()
    return slots.some(({ header }) => equalBytes(header.transactionsRoot, root))
  },
}

export const receipts: Part<BlockReceipts> = {
  kind: 'receipts',
  maxItems: 256,
  request(peer, slots, options) {
    const queries = slots.map(({ header }) => ({ hash: header.hash, header }))
    return peer.getReceipts(queries, options)
  },
  accept(slot, block) {
    verifyReceipts(slot.header, block.receipts)
    slot.receipts = block.raw
    return block.raw.length
  },
  matchesAny(slots, block) {
    const root = receiptsRoot(block.receipts)
    return slots.some(({ header }) => equalBytes(header.receiptsRoot, root))
  },
}

export const accessLists: Part<Uint8Array> = {
  kind: 'accessLists',
  maxItems: 128,
  request: (peer, slots, options) => peer.getBlockAccessLists(hashesOf(slots), options),
  accept(slot, raw) {
    verifyAccessList(slot.header, raw)
    slot.accessList = raw
    return raw.length
  },
  matchesAny: () => false,
}

const EMPTY_BODY = BlockBody.from({ transactions: [] })
const EMPTY_BODY_WITH_WITHDRAWALS = BlockBody.from({ transactions: [], withdrawals: [] })
const NO_RECEIPTS = Uint8Array.of(0xc0)

/** Makes a slot. Parts that are empty by the header, or that the store has, are held already. */
export function newSlot(header: Header, store: ChainStore, wantReceipts: boolean): Slot {
  const isHeld = store.numberOf(header.hash) !== undefined
  const body = emptyBody(header) ?? (isHeld ? heldBody(header, store) : undefined)
  const noReceipts = equalBytes(header.receiptsRoot, EMPTY_ROOT) ? NO_RECEIPTS : undefined
  const held = noReceipts ?? (isHeld ? store.rawReceipts(header.hash) : undefined)
  const accessList = header.blockAccessListHash && isHeld ? store.rawAccessList(header.hash) : undefined
  return {
    header,
    state: {
      bodies: body ? 'held' : 'wanted',
      receipts: held ? 'held' : wantReceipts ? 'wanted' : 'waived',
      accessLists: accessList ? 'held' : header.blockAccessListHash ? 'wanted' : 'waived',
    },
    body,
    receipts: held,
    accessList,
    bytes: header.raw.length,
  }
}

/** @returns the body of a block that was canonical once. */
function heldBody(header: Header, store: ChainStore): BlockBody | undefined {
  const raw = store.rawBody(header.hash)
  return raw && BlockBody.decode(raw)
}

function emptyBody(header: Header): BlockBody | undefined {
  if (!equalBytes(header.transactionsRoot, EMPTY_ROOT) || !equalBytes(header.ommersHash, EMPTY_OMMERS_HASH)) {
    return undefined
  }
  if (!header.withdrawalsRoot) return EMPTY_BODY
  return equalBytes(header.withdrawalsRoot, EMPTY_ROOT) ? EMPTY_BODY_WITH_WITHDRAWALS : undefined
}

function hashesOf(slots: readonly Slot[]): Uint8Array[] {
  return slots.map(({ header }) => header.hash)
}
