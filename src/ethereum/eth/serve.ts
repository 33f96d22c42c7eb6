/**
 * Answers from the chain. Every answer is made of bytes as they are stored; its limits are go-ethereum's.
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { equalBytes } from '../../base/bytes.ts'
import { rlp } from '../../codec/index.ts'
import type { Channel, Message } from '../../peer/index.ts'
import { BlockBody } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import type { ChainSource } from './chain-source.ts'
import {
  type GetBlockHeaders,
  type GetReceipts,
  type HashRequest,
  lazyHeader,
  MAX_BLOCKS,
  MAX_LOOKUPS,
} from './codecs.ts'
import { type AnyEthMessages, type EthVersion, MAX_MESSAGE_BYTES } from './messages.ts'

/** Source: go-ethereum eth/protocols/eth/handler.go. */
export interface ServeLimits {
  /** Bytes of items after which nothing is added to an answer. @default 2 MiB */
  readonly softBytes: number
  /** Bytes of items no answer passes. @default 10 MiB, less the room of the message's own headers */
  readonly maxBytes: number
  /** Items in one answer. @default 1024 */
  readonly items: number
  /** Look-ups for one request. @default 2048 */
  readonly lookups: number
}

/** Request id, flags and list headers of an answer. */
const ENVELOPE_BYTES = 64

export const SERVE_LIMITS: ServeLimits = {
  softBytes: 2 * 1024 * 1024,
  maxBytes: MAX_MESSAGE_BYTES - ENVELOPE_BYTES,
  items: MAX_BLOCKS,
  lookups: MAX_LOOKUPS,
}

/** What one peer is given before the event loop turns to the others. */
const TURN_BYTES = 256 * 1024
const TURN_ANSWERS = 64

/** Requests this node answers. */
export type ServedRequest = Extract<
  Message<AnyEthMessages>,
  {
    readonly name:
      | 'GetBlockHeaders'
      | 'GetBlockBodies'
      | 'GetReceipts'
      | 'GetBlockAccessLists'
      | 'GetPooledTransactions'
  }
>

export interface ResponderOptions {
  readonly chain: ChainSource
  readonly channel: Channel<AnyEthMessages>
  readonly version: EthVersion
  /** @default {@link SERVE_LIMITS} */
  readonly limits?: Partial<ServeLimits> | undefined
}

/** Answers the requests of one peer, one after another, and lets other peers have their turn in between. */
export class Responder {
  readonly #chain: ChainSource
  readonly #channel: Channel<AnyEthMessages>
  readonly #version: EthVersion
  readonly #limits: ServeLimits
  #bytes = 0
  #answers = 0

  constructor({ chain, channel, version, limits }: ResponderOptions) {
    this.#chain = chain
    this.#channel = channel
    this.#version = version
    this.#limits = { ...SERVE_LIMITS, ...limits }
  }

  /** Resolves when the peer may be answered again: its socket has room, and the others had their turn. */
  async answer(request: ServedRequest): Promise<void> {
    await this.#send(request)
    if (this.#bytes < TURN_BYTES && ++this.#answers < TURN_ANSWERS) return
    this.#bytes = this.#answers = 0
    await setImmediate()
  }

  #send({ name, body }: ServedRequest): Promise<void> {
    const { id } = body
    switch (name) {
      case 'GetBlockHeaders': {
        const headers = this.#count(headersOf(this.#chain, body, this.#limits))
        return this.#channel.send('BlockHeaders', { id, headers: headers.map((raw) => lazyHeader.decode(raw)) })
      }
      case 'GetBlockBodies': {
        const bodies = this.#count(bodiesOf(this.#chain, body, this.#limits))
        return this.#channel.send('BlockBodies', { id, bodies: bodies.map((raw) => BlockBody.decode(raw)) })
      }
      case 'GetReceipts': {
        const answer = receiptsOf(this.#chain, body, this.#version, this.#limits)
        this.#count(answer.blocks.map((block) => (this.#version === 68 ? block.raw68 : block.raw)))
        return this.#channel.send('Receipts', { id, ...answer })
      }
      case 'GetBlockAccessLists': {
        const accessLists = accessListsOf(this.#chain, body, this.#limits)
        this.#count(accessLists)
        return this.#channel.send('BlockAccessLists', { id, accessLists })
      }
      case 'GetPooledTransactions': // no pool yet: there is never one to give
        return this.#channel.send('PooledTransactions', { id, transactions: [] })
    }
  }

  #count<T extends Uint8Array | undefined>(items: readonly T[]): readonly T[] {
    for (const item of items) this.#bytes += item?.length ?? 0
    return items
  }
}

/** Items of one answer, until one of its limits is reached. */
class Basket<T> {
  readonly items: T[] = []
  bytes = 0
  #lookups = 0
  readonly #limits: ServeLimits

  constructor(limits: ServeLimits) {
    this.#limits = limits
  }

  /** To be asked before each look-up. */
  get open(): boolean {
    const { softBytes, items, lookups } = this.#limits
    return this.bytes < softBytes && this.items.length < items && this.#lookups++ < lookups
  }

  /** Bytes that still fit into the message. */
  get room(): number {
    return this.#limits.maxBytes - this.bytes
  }

  add(item: T, bytes: number): void {
    this.items.push(item)
    this.bytes += bytes
  }
}

/** Headers in the order of the query: each a fixed step from the one before, until one is not there. */
export function headersOf(chain: ChainSource, query: GetBlockHeaders, limits: ServeLimits): readonly Uint8Array[] {
  const basket = new Basket<Uint8Array>({ ...limits, items: Number(min(query.limit, BigInt(limits.items))) })
  const stride = query.skip + 1n > MAX_NUMBER ? Number.POSITIVE_INFINITY : Number(query.skip) + 1
  if (typeof query.start === 'bigint') {
    if (query.start <= MAX_NUMBER) addCanonical(chain, basket, Number(query.start), query.reverse ? -stride : stride)
    return basket.items
  }
  addFromHash(chain, basket, query.start, query.reverse ? -stride : stride)
  return basket.items
}

const MAX_NUMBER = BigInt(Number.MAX_SAFE_INTEGER)

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** `step` may be infinite: then there is nothing after the first. */
function addCanonical(chain: ChainSource, basket: Basket<Uint8Array>, from: number, step: number): void {
  for (let number = from; Number.isSafeInteger(number) && number >= 0 && basket.open; number += step) {
    const raw = chain.rawHeaderAt(number)
    if (!raw) return
    basket.add(raw, raw.length)
  }
}

/** A block off the canonical chain has no descendants here; its ancestors are walked until they are canonical. */
function addFromHash(chain: ChainSource, basket: Basket<Uint8Array>, start: Uint8Array, step: number): void {
  const first = chain.numberOf(start)
  if (first === undefined) return
  let hash = start
  let wanted = first // number of the next header to be given
  for (let number = first; number >= 0; number--) {
    if (isCanonical(chain, hash, number)) return addCanonical(chain, basket, wanted, step)
    if (!basket.open) return
    const raw = chain.rawHeader(hash)
    if (!raw) return
    if (number === wanted) {
      basket.add(raw, raw.length)
      wanted += step
      if (step > 0 || wanted < 0) return
    }
    hash = parentHashOf(raw)
  }
}

function isCanonical(chain: ChainSource, hash: Uint8Array, number: number): boolean {
  const canonical = chain.hashAt(number)
  return canonical !== undefined && equalBytes(canonical, hash)
}

function parentHashOf(rawHeader: Uint8Array): Uint8Array {
  return new rlp.RlpReader(rawHeader).enterList().readFixed(32)
}

/** Bodies up to the first that is not held. */
export function bodiesOf(chain: ChainSource, { hashes }: HashRequest, limits: ServeLimits): readonly Uint8Array[] {
  const basket = new Basket<Uint8Array>(limits)
  for (const hash of hashes) {
    const raw = basket.open ? chain.rawBody(hash) : undefined
    if (!raw || raw.length > basket.room) break
    basket.add(raw, raw.length)
  }
  return basket.items
}

/** One entry a hash, until a limit cuts the tail. */
export function accessListsOf(
  chain: ChainSource,
  { hashes }: HashRequest,
  limits: ServeLimits,
): readonly (Uint8Array | undefined)[] {
  const basket = new Basket<Uint8Array | undefined>(limits)
  for (const hash of hashes) {
    if (!basket.open) break
    const raw = chain.rawAccessList(hash)
    if (raw && raw.length > basket.room) break
    basket.add(raw, raw?.length ?? 1)
  }
  return basket.items
}

export interface ReceiptsAnswer {
  readonly blocks: readonly BlockReceipts[]
  readonly lastBlockIncomplete: boolean
}

/**
 * Receipts up to the first block whose receipts are not held. Since eth/70 the first block may begin in the middle, and
 * the last one may end there when the message is full. Before, a block that does not fit is not sent.
 */
export function receiptsOf(
  chain: ChainSource,
  { hashes, firstBlockReceiptIndex }: GetReceipts,
  version: EthVersion,
  limits: ServeLimits,
): ReceiptsAnswer {
  const basket = new Basket<BlockReceipts>(limits)
  for (const [index, hash] of hashes.entries()) {
    const raw = basket.open ? chain.rawReceipts(hash) : undefined
    if (!raw) break
    const first = index === 0 ? firstBlockReceiptIndex : 0n
    const block = first === 0n ? BlockReceipts.fromRaw(raw) : undefined
    const bytes = version === 68 && block ? block.raw68.length : raw.length
    if (block && bytes <= basket.room) {
      basket.add(block, bytes)
      continue
    }
    if (version < 70) break
    const part = partOf(raw, first, basket.room)
    if (!part) break
    basket.add(part.block, part.block.raw.length)
    if (part.incomplete) return { blocks: basket.items, lastBlockIncomplete: true }
  }
  return { blocks: basket.items, lastBlockIncomplete: false }
}

/** Receipts from `first` on that fit into `room`; undefined when there are some but not even one fits. */
function partOf(
  raw: Uint8Array,
  first: bigint,
  room: number,
): { readonly block: BlockReceipts; readonly incomplete: boolean } | undefined {
  const reader = new rlp.RlpReader(raw).enterList()
  for (let i = 0n; i < first && !reader.done; i++) reader.skip()
  const items: Uint8Array[] = []
  let bytes = 0
  while (!reader.done) {
    const item = reader.rawItem()
    if (rlp.lengthOfList(bytes + item.length) > room) {
      if (items.length === 0) return undefined
      return { block: BlockReceipts.fromRaw(rlp.encodeListOfRaw(items)), incomplete: true }
    }
    items.push(item)
    bytes += item.length
  }
  return { block: BlockReceipts.fromRaw(rlp.encodeListOfRaw(items)), incomplete: false }
}
