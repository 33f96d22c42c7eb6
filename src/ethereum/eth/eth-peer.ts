import { InternalError, PeerloomError, TimeoutError } from '../../base/errors.ts'
import type { Channel, Peer } from '../../peer/index.ts'
import type { BlockBody, Header } from '../types/index.ts'
import type { BlockReceipts } from './block-receipts.ts'
import { type BlockRange, MAX_BLOCKS, type Status } from './codecs.ts'
import type { AnyEthMessages, EthBodies, EthVersion } from './messages.ts'
import { ReceiptStitcher, type ReceiptsQuery } from './receipt-stitcher.ts'
import { RequestIds, RequestMeter, type RequestStats } from './requests.ts'
import { violation } from './violations.ts'

/** Default deadline of a response, in milliseconds. */
export const REQUEST_TIMEOUT = 15_000

export interface EthRequestOptions {
  readonly signal?: AbortSignal | undefined
  /** Deadline of each response, in milliseconds. @default {@link REQUEST_TIMEOUT} */
  readonly timeout?: number | undefined
}

export interface HeaderQuery {
  /** Hash (32 bytes) or number of the first block. */
  readonly start: Uint8Array | number | bigint
  /** Number of headers, at most 1024. */
  readonly limit: number
  /** Blocks skipped between two headers. @default 0 */
  readonly skip?: number | undefined
  /** True to go towards the genesis block. @default false */
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
  /** Random source of the first request id: from 0 to below 1. */
  readonly random: () => number
}

/**
 * A peer that has passed eth's handshake, and the requests it answers. Responses have the same shape in every version.
 *
 * All requests reject with `TimeoutError` (the peer stays: it may be slow), `PeerClosedError`, the signal's reason, or
 * the `ProtocolError` or `CodecError` of a response that breaks a rule, which closes the peer. The caller verifies
 * hashes, roots and order. Fewer items than requested, even none, are a valid response: the peer has no more, or has
 * reached its limit of 2 MiB.
 */
export class EthPeer {
  readonly peer: Peer
  readonly version: EthVersion
  /** Status that the peer sent. */
  readonly status: Status
  /** Block range that the peer announced last; undefined in eth/68, which has no such message. */
  range: BlockRange | undefined
  /** Number of ignored messages: gossip, while there is no pool. */
  ignored = 0
  readonly #channel: Channel<AnyEthMessages>
  readonly #ids: RequestIds
  readonly #meters: Readonly<Record<EthRequest, RequestMeter>> = {
    GetBlockHeaders: new RequestMeter(),
    GetBlockBodies: new RequestMeter(),
    GetReceipts: new RequestMeter(),
    GetBlockAccessLists: new RequestMeter(),
  }

  /** Called by `Eth`, for each connection. */
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

  /** Counts and latencies of each kind of request. */
  get requestStats(): Readonly<Record<EthRequest, RequestStats>> {
    return this.#meters
  }

  /** Number of requests in flight. */
  get outstanding(): number {
    return this.#ids.outstanding
  }

  /** Number of responses that came after their request was abandoned. */
  get late(): number {
    return this.#ids.late
  }

  /** Requests headers. @returns at most `limit`, their form checked, as views of the message they came in. */
  async getBlockHeaders(query: HeaderQuery, options: EthRequestOptions = {}): Promise<readonly Header[]> {
    const { start, limit, skip = 0, reverse = false } = query
    checkCount(limit)
    const first = typeof start === 'number' ? BigInt(start) : start
    const wire = { start: first, limit: BigInt(limit), skip: BigInt(skip), reverse }
    const { headers } = await this.#request('GetBlockHeaders', (id) => ({ id, ...wire }), options)
    return this.#check(() => {
      this.#checkCount('GetBlockHeaders', headers.length, limit)
      return headers.map((header) => header.value)
    })
  }

  /** Requests bodies. @returns those of the first hashes. */
  async getBlockBodies(hashes: readonly Uint8Array[], options: EthRequestOptions = {}): Promise<readonly BlockBody[]> {
    checkCount(hashes.length)
    const { bodies } = await this.#request('GetBlockBodies', (id) => ({ id, hashes }), options)
    this.#check(() => this.#checkCount('GetBlockBodies', bodies.length, hashes.length))
    return bodies
  }

  /** Requests receipts. @returns those of the first blocks, each complete: parts of eth/70 are assembled. */
  async getReceipts(
    blocks: readonly ReceiptsQuery[],
    options: EthRequestOptions = {},
  ): Promise<readonly BlockReceipts[]> {
    checkCount(blocks.length)
    const stitcher = new ReceiptStitcher(blocks)
    for (let done = false; !done; ) {
      const { rest } = stitcher
      const answer = await this.#request('GetReceipts', (id) => ({ id, ...rest }), options)
      done = this.#check(() => stitcher.add(answer))
    }
    return stitcher.complete
  }

  /** Requests block access lists. @returns RLP in the order of the hashes, undefined where missing. Needs eth/71. */
  async getBlockAccessLists(
    hashes: readonly Uint8Array[],
    options: EthRequestOptions = {},
  ): Promise<readonly (Uint8Array | undefined)[]> {
    checkCount(hashes.length)
    if (this.version < 71) {
      throw new PeerloomError('ERR_ETH_UNSUPPORTED', `eth/${this.version} has no block access lists`)
    }
    const { accessLists } = await this.#request('GetBlockAccessLists', (id) => ({ id, hashes }), options)
    this.#check(() => this.#checkCount('GetBlockAccessLists', accessLists.length, hashes.length))
    return accessLists
  }

  /** Called by `Eth` with a response that no request waits for. Throws `ERR_ETH_UNREQUESTED`. */
  takeLate(id: bigint, reply: string): void {
    this.#ids.takeLate(id, reply)
  }

  /** Called by `Eth` to announce the block range. Sends nothing before eth/69. */
  sendRange(range: BlockRange): void {
    if (this.version >= 69) this.#channel.send('BlockRangeUpdate', range)
  }

  async #request<N extends EthRequest>(
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

  /** Checks a response. An error closes the peer as well as failing the request. */
  #check<T>(check: () => T): T {
    try {
      return check()
    } catch (error) {
      this.peer.close(error)
      throw error
    }
  }

  #checkCount(name: EthRequest, got: number, asked: number): void {
    if (got > asked)
      throw violation('ERR_ETH_TOO_MANY_ITEMS', `${REPLIES[name]}: ${got} items instead of at most ${asked}`)
  }
}

/** `Channel.request` with a generic name and body, which TypeScript cannot relate. */
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
  if (count > MAX_BLOCKS) throw new InternalError(`${count} blocks in one request, at most ${MAX_BLOCKS} allowed`)
}

function itemsIn(answer: EthBodies[ReplyTo<EthRequest>]): number {
  if ('headers' in answer) return answer.headers.length
  if ('bodies' in answer) return answer.bodies.length
  return 'blocks' in answer ? answer.blocks.length : answer.accessLists.length
}
