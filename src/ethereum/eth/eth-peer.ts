import { InternalError, PeerloomError, TimeoutError } from '../../base/errors.ts'
import type { Channel, Peer } from '../../peer/index.ts'
import type { BlockBody, Header } from '../types/index.ts'
import type { BlockReceipts } from './block-receipts.ts'
import { type BlockRange, MAX_BLOCKS, type Status } from './codecs.ts'
import type { AnyEthMessages, EthBodies, EthVersion } from './messages.ts'
import { ReceiptStitcher, type ReceiptsQuery } from './receipt-stitcher.ts'
import { RequestIds, RequestMeter, type RequestStats } from './requests.ts'
import { violation } from './violations.ts'

/** How long an answer may take, in milliseconds, unless the caller says otherwise. */
export const REQUEST_TIMEOUT = 15_000

export interface EthRequestOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for each message that goes there and back. @default {@link REQUEST_TIMEOUT} */
  readonly timeout?: number | undefined
}

export interface HeaderQuery {
  /** Hash (32 bytes) or number of the first block. */
  readonly start: Uint8Array | number | bigint
  /** At most 1024. */
  readonly limit: number
  /** Blocks left out between two headers. @default 0 */
  readonly skip?: number | undefined
  /** Towards the genesis block. @default false */
  readonly reverse?: boolean | undefined
}

const REPLIES = {
  GetBlockHeaders: 'BlockHeaders',
  GetBlockBodies: 'BlockBodies',
  GetReceipts: 'Receipts',
  GetBlockAccessLists: 'BlockAccessLists',
} as const

export type EthRequest = keyof typeof REPLIES
type ReplyTo<N extends EthRequest> = (typeof REPLIES)[N]

export interface EthPeerOptions {
  readonly peer: Peer
  readonly channel: Channel<AnyEthMessages>
  readonly version: EthVersion
  readonly status: Status
  /** 0 to below 1: where request ids begin. */
  readonly random: () => number
}

/**
 * A peer that has passed eth's handshake, and what can be asked of it. The same in every version: an answer of eth/68
 * has the shape of one of eth/71.
 *
 * All requests reject with `TimeoutError` (the peer stays: it may be slow), `PeerClosedError`, the signal's reason, or
 * the `ProtocolError` or `CodecError` the answer broke a rule with, which closes the peer. Whether an answer is true
 * (hashes, roots, order) is for the caller to check. Fewer items than asked for, even none, is an answer: the peer has
 * no more, or its limit of 2 MiB was reached.
 */
export class EthPeer {
  readonly peer: Peer
  readonly version: EthVersion
  /** What it said in its handshake. */
  readonly status: Status
  /** Which blocks it can serve, as it said last; undefined in eth/68, which does not say. */
  range: BlockRange | undefined
  /** Messages that were taken and not looked into: gossip, while there is no pool. */
  ignored = 0
  readonly #channel: Channel<AnyEthMessages>
  readonly #ids: RequestIds
  readonly #meters: Readonly<Record<EthRequest, RequestMeter>> = {
    GetBlockHeaders: new RequestMeter(),
    GetBlockBodies: new RequestMeter(),
    GetReceipts: new RequestMeter(),
    GetBlockAccessLists: new RequestMeter(),
  }

  /** For `Eth`, which makes one for each connection. */
  constructor(options: EthPeerOptions) {
    const { status } = options
    this.peer = options.peer
    this.version = options.version
    this.status = status
    this.range = 'latest' in status ? status : undefined
    this.#channel = options.channel
    this.#ids = new RequestIds(options.random)
  }

  get id(): string {
    return this.peer.id
  }

  /** Counts and latencies of each kind of request: what capacity is estimated from. */
  get requestStats(): Readonly<Record<EthRequest, RequestStats>> {
    return this.#meters
  }

  /** Requests that wait for their answer. */
  get outstanding(): number {
    return this.#ids.outstanding
  }

  /** Answers that came after nobody waited for them any more. */
  get late(): number {
    return this.#ids.late
  }

  /** Headers with their form checked, at most `limit`. They keep views of the message they came in. */
  async getBlockHeaders(query: HeaderQuery, options: EthRequestOptions = {}): Promise<readonly Header[]> {
    const { start, limit, skip = 0, reverse = false } = query
    checkCount(limit)
    const first = typeof start === 'number' ? BigInt(start) : start
    const wire = { start: first, limit: BigInt(limit), skip: BigInt(skip), reverse }
    const { headers } = await this.#ask('GetBlockHeaders', (id) => ({ id, ...wire }), options)
    return this.#judge(() => {
      this.#checkItems('GetBlockHeaders', headers.length, limit)
      return headers.map((header) => header.value)
    })
  }

  /** Bodies from the first hash on, without gaps, each with the bytes it came in. */
  async getBlockBodies(hashes: readonly Uint8Array[], options: EthRequestOptions = {}): Promise<readonly BlockBody[]> {
    checkCount(hashes.length)
    const { bodies } = await this.#ask('GetBlockBodies', (id) => ({ id, hashes }), options)
    this.#judge(() => this.#checkItems('GetBlockBodies', bodies.length, hashes.length))
    return bodies
  }

  /** Receipts of whole blocks, from the first block on, without gaps. What eth/70 sends in parts is put together. */
  async getReceipts(
    blocks: readonly ReceiptsQuery[],
    options: EthRequestOptions = {},
  ): Promise<readonly BlockReceipts[]> {
    checkCount(blocks.length)
    const stitcher = new ReceiptStitcher(blocks)
    for (let done = false; !done; ) {
      const { rest } = stitcher
      const answer = await this.#ask('GetReceipts', (id) => ({ id, ...rest }), options)
      done = this.#judge(() => stitcher.add(answer))
    }
    return stitcher.whole
  }

  /** RLP of block access lists, each at the place of its hash; undefined: the peer does not have it. Needs eth/71. */
  async getBlockAccessLists(
    hashes: readonly Uint8Array[],
    options: EthRequestOptions = {},
  ): Promise<readonly (Uint8Array | undefined)[]> {
    checkCount(hashes.length)
    if (this.version < 71) {
      throw new PeerloomError('ERR_ETH_UNSUPPORTED', `eth/${this.version} knows no block access lists`)
    }
    const { accessLists } = await this.#ask('GetBlockAccessLists', (id) => ({ id, hashes }), options)
    this.#judge(() => this.#checkItems('GetBlockAccessLists', accessLists.length, hashes.length))
    return accessLists
  }

  /** For `Eth`: takes an answer that no request waited for. Throws `ERR_ETH_UNREQUESTED`. */
  takeLate(id: bigint, reply: string): void {
    this.#ids.takeLate(id, reply)
  }

  /** For `Eth`: tells the peer which blocks can be had here. Nothing before eth/69. */
  sendRange(range: BlockRange): void {
    if (this.version >= 69) this.#channel.send('BlockRangeUpdate', range)
  }

  async #ask<N extends EthRequest>(
    name: N,
    build: (id: bigint) => EthBodies[N],
    options: EthRequestOptions,
  ): Promise<EthBodies[ReplyTo<N>]> {
    const { signal, timeout = REQUEST_TIMEOUT } = options
    const { clock } = this.peer
    const meter = this.#meters[name]
    const reply = REPLIES[name]
    const id = this.#ids.open()
    const began = clock.now()
    meter.requests++
    try {
      const where = (body: { readonly id: bigint }): boolean => body.id === id
      const request = this.#channel.request.bind(this.#channel) as UntypedRequest
      const answer = (await request(name, build(id), { reply, where, signal, timeout })) as EthBodies[ReplyTo<N>]
      this.#ids.close(id)
      meter.answered(itemsIn(answer), clock.now() - began)
      return answer
    } catch (error) {
      this.#ids.abandon(id, reply)
      if (error instanceof TimeoutError) meter.timeouts++
      throw error
    }
  }

  /** What an answer breaks a rule with closes the peer as well as failing the request. */
  #judge<T>(check: () => T): T {
    try {
      return check()
    } catch (error) {
      this.peer.close(error)
      throw error
    }
  }

  #checkItems(name: EthRequest, got: number, asked: number): void {
    if (got > asked) throw violation('ERR_ETH_TOO_MANY_ITEMS', `${REPLIES[name]}: ${got} items, ${asked} asked for`)
  }
}

/** `Channel.request` where name and body are generic: TypeScript cannot relate them. */
type UntypedRequest = (
  name: string,
  body: unknown,
  options: {
    readonly reply: string
    readonly where: (body: { readonly id: bigint }) => boolean
    readonly signal: AbortSignal | undefined
    readonly timeout: number
  },
) => Promise<unknown>

function checkCount(count: number): void {
  if (count > MAX_BLOCKS) throw new InternalError(`${count} blocks in one request, at most ${MAX_BLOCKS} are answered`)
}

function itemsIn(answer: EthBodies[ReplyTo<EthRequest>]): number {
  if ('headers' in answer) return answer.headers.length
  if ('bodies' in answer) return answer.bodies.length
  return 'blocks' in answer ? answer.blocks.length : answer.accessLists.length
}
