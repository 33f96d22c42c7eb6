/**
 * Responses from the chain, assembled from bytes as they are stored, within the limits of go-ethereum.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { CodecError, InternalError } from '../../base/errors.ts'
import { YieldBudget, yieldNow } from '../../base/yield-budget.ts'
import { rlp } from '../../codec/index.ts'
import type { Channel, Message } from '../../peer/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import type { ChainSource } from './chain-source.ts'
import {
  encodeResponse,
  type GetBlockHeaders,
  type GetReceipts,
  type HashRequest,
  MAX_BLOCKS,
  MAX_LOOKUPS,
  UNAVAILABLE,
} from './codecs.ts'
import { type AnyEthMessages, type EthVersion, MAX_MESSAGE_BYTES, messageKey } from './messages.ts'

/** Limits of one response. Source: go-ethereum eth/protocols/eth/handler.go. */
export interface ServeLimits {
  /** Bytes of items after which nothing is added to a response. @default 2 MiB */
  readonly softBytes: number
  /** Bytes of items that no response exceeds. @default 10 MiB, less the room of the message's own headers */
  readonly maxBytes: number
  /** Items in one response. @default 1024 */
  readonly items: number
  /** Look-ups for one request. @default 2048 */
  readonly lookups: number
}

/** Request id, flags and list headers of a response. */
const ENVELOPE_BYTES = 64

export const SERVE_LIMITS: ServeLimits = {
  softBytes: 2 * 1024 * 1024,
  maxBytes: MAX_MESSAGE_BYTES - ENVELOPE_BYTES,
  items: MAX_BLOCKS,
  lookups: MAX_LOOKUPS,
}

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

type Response = 'BlockHeaders' | 'BlockBodies' | 'Receipts' | 'BlockAccessLists'

export interface ResponderOptions {
  readonly chain: ChainSource
  readonly channel: Channel<AnyEthMessages>
  readonly version: EthVersion
  /** @default {@link SERVE_LIMITS} */
  readonly limits?: Partial<ServeLimits> | undefined
}

/** Answers the requests of one peer, one after another, and yields to other peers in between. */
export class Responder {
  readonly #chain: ChainSource
  readonly #channel: Channel<AnyEthMessages>
  readonly #version: EthVersion
  readonly #limits: ServeLimits
  readonly #budget = new YieldBudget()
  /** Bytes of the last response. */
  #bytes = 0

  constructor({ chain, channel, version, limits }: ResponderOptions) {
    this.#chain = chain
    this.#channel = channel
    this.#version = version
    this.#limits = { ...SERVE_LIMITS, ...limits }
  }

  /**
   * Resolves when the peer may be answered again: its socket has room, and the others had their turn. Rejects with an
   * InternalError when the chain holds bytes that cannot be read: that is no fault of the peer's.
   */
  async answer(request: ServedRequest): Promise<void> {
    this.#bytes = 0
    try {
      await this.#respond(request)
    } catch (error) {
      throw error instanceof CodecError ? new InternalError('stored bytes are damaged', { cause: error }) : error
    }
    if (this.#budget.spend(this.#bytes)) await yieldNow()
  }

  #respond({ name, body }: ServedRequest): Promise<void> {
    const { id } = body
    switch (name) {
      case 'GetBlockHeaders':
        return this.#send('BlockHeaders', encodeResponse(id, headersOf(this.#chain, body, this.#limits)))
      case 'GetBlockBodies':
        return this.#send('BlockBodies', encodeResponse(id, bodiesOf(this.#chain, body, this.#limits)))
      case 'GetReceipts': {
        const { blocks, lastBlockIncomplete } = receiptsOf(this.#chain, body, this.#version, this.#limits)
        const flag = this.#version >= 70 ? lastBlockIncomplete : undefined
        return this.#send('Receipts', encodeResponse(id, blocks, flag))
      }
      case 'GetBlockAccessLists':
        return this.#send('BlockAccessLists', encodeResponse(id, accessListsOf(this.#chain, body, this.#limits)))
      case 'GetPooledTransactions': // there is no pool yet
        return this.#channel.send('PooledTransactions', { id, transactions: [] })
    }
  }

  #send(name: Response, payload: Uint8Array): Promise<void> {
    this.#bytes = payload.length
    return this.#channel.write(messageKey(name), payload)
  }
}

/** Collects the items of one response until one of its limits is reached. */
class ResponseBuilder {
  /** BOUNDED: by the limits. RLP of each. */
  readonly items: Uint8Array[] = []
  #bytes = 0
  #lookups = 0
  readonly #limits: ServeLimits

  constructor(limits: ServeLimits) {
    this.#limits = limits
  }

  /** Counts a look-up. @returns false if no more may be made. */
  mayLookUp(): boolean {
    const { softBytes, items, lookups } = this.#limits
    return this.#bytes < softBytes && this.items.length < items && this.#lookups++ < lookups
  }

  /** Bytes that still fit into the message. */
  get room(): number {
    return this.#limits.maxBytes - this.#bytes
  }

  add(item: Uint8Array): void {
    this.items.push(item)
    this.#bytes += item.length
  }
}

/**
 * @returns headers in the order of the query, each a fixed step from the one before, up to the first that is missing.
 */
export function headersOf(chain: ChainSource, query: GetBlockHeaders, limits: ServeLimits): readonly Uint8Array[] {
  const response = new ResponseBuilder({ ...limits, items: Number(min(query.limit, BigInt(limits.items))) })
  const stride = query.skip + 1n > MAX_NUMBER ? Number.POSITIVE_INFINITY : Number(query.skip) + 1
  if (typeof query.start === 'bigint') {
    if (query.start <= MAX_NUMBER) addCanonical(chain, response, Number(query.start), query.reverse ? -stride : stride)
    return response.items
  }
  addFromHash(chain, response, query.start, query.reverse ? -stride : stride)
  return response.items
}

const MAX_NUMBER = BigInt(Number.MAX_SAFE_INTEGER)

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

/** Adds canonical headers. An infinite `step` ends after the first. */
function addCanonical(chain: ChainSource, response: ResponseBuilder, from: number, step: number): void {
  for (let number = from; Number.isSafeInteger(number) && number >= 0 && response.mayLookUp(); number += step) {
    const raw = chain.rawHeaderAt(number)
    if (!raw) return
    response.add(raw)
  }
}

/**
 * Adds headers from a hash on. A side block has no descendants here; its ancestors are walked until one is canonical.
 */
function addFromHash(chain: ChainSource, response: ResponseBuilder, start: Uint8Array, step: number): void {
  const first = chain.numberOf(start)
  if (first === undefined) return
  let hash = start
  let wanted = first // number of the next header to add
  for (let number = first; number >= 0; number--) {
    if (isCanonical(chain, hash, number)) return addCanonical(chain, response, wanted, step)
    if (!response.mayLookUp()) return
    const raw = chain.rawHeader(hash)
    if (!raw) return
    if (number === wanted) {
      response.add(raw)
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

/** @returns bodies up to the first that is missing. */
export function bodiesOf(chain: ChainSource, { hashes }: HashRequest, limits: ServeLimits): readonly Uint8Array[] {
  const response = new ResponseBuilder(limits)
  for (const hash of hashes) {
    const raw = response.mayLookUp() ? chain.rawBody(hash) : undefined
    if (!raw || raw.length > response.room) break
    response.add(raw)
  }
  return response.items
}

/** @returns one item for each hash, until a limit cuts the tail: an access list, or {@link UNAVAILABLE}. */
export function accessListsOf(chain: ChainSource, { hashes }: HashRequest, limits: ServeLimits): readonly Uint8Array[] {
  const response = new ResponseBuilder(limits)
  for (const hash of hashes) {
    if (!response.mayLookUp()) break
    const raw = chain.rawAccessList(hash) ?? UNAVAILABLE
    if (raw !== UNAVAILABLE && raw.length > response.room) break
    response.add(raw)
  }
  return response.items
}

export interface ReceiptsResponse {
  /** RLP of each block's receipts, in the form of the version. */
  readonly blocks: readonly Uint8Array[]
  readonly lastBlockIncomplete: boolean
}

/**
 * Collects receipts up to the first block without. Since eth/70 the first block may start in the middle, and the last
 * one may end there when the message is full. Before, a block that does not fit is not sent.
 */
export function receiptsOf(
  chain: ChainSource,
  { hashes, firstBlockReceiptIndex }: GetReceipts,
  version: EthVersion,
  limits: ServeLimits,
): ReceiptsResponse {
  const response = new ResponseBuilder(limits)
  for (const [index, hash] of hashes.entries()) {
    const stored = response.mayLookUp() ? chain.rawReceipts(hash) : undefined
    if (!stored) break
    const first = index === 0 ? firstBlockReceiptIndex : 0n
    const raw = version === 68 ? BlockReceipts.fromRaw(stored).raw68 : stored
    if (first === 0n && raw.length <= response.room) {
      response.add(raw)
      continue
    }
    const part = version >= 70 ? partOf(stored, first, response.room) : undefined
    if (!part) break
    response.add(part.raw)
    if (part.incomplete) return { blocks: response.items, lastBlockIncomplete: true }
  }
  return { blocks: response.items, lastBlockIncomplete: false }
}

/** @returns the receipts from `first` on that fit into `room`; undefined if there are some but not even one fits. */
function partOf(
  raw: Uint8Array,
  first: bigint,
  room: number,
): { readonly raw: Uint8Array; readonly incomplete: boolean } | undefined {
  const reader = new rlp.RlpReader(raw).enterList()
  for (let i = 0n; i < first && !reader.done; i++) reader.skip()
  const items: Uint8Array[] = []
  let bytes = 0
  while (!reader.done) {
    const item = reader.rawItem()
    if (rlp.lengthOfList(bytes + item.length) > room) {
      return items.length === 0 ? undefined : { raw: rlp.encodeListOfRaw(items), incomplete: true }
    }
    items.push(item)
    bytes += item.length
  }
  return { raw: rlp.encodeListOfRaw(items), incomplete: false }
}
