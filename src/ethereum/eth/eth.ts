import { bytesTo0x } from '../../base/bytes.ts'
import { Events, type SubscribeOptions, type Subscription } from '../../base/events.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { randomBytes } from '../../crypto/index.ts'
import { type AnyProtocol, type Channel, defineProtocol, type Message, type Peer } from '../../peer/index.ts'
import type { ChainSource } from './chain-source.ts'
import type { BlockRange } from './codecs.ts'
import { EthPeer } from './eth-peer.ts'
import { type AnyEthMessages, ETH_VERSIONS, type EthVersion, ethMessages } from './messages.ts'
import { Responder, type ServeLimits } from './serve.ts'
import { checkRange, handshake, rangeOf } from './status.ts'
import { violation } from './violations.ts'

/** Blocks that the head moves between two announcements. Source: go-ethereum eth/handler.go. */
export const RANGE_UPDATE_BLOCKS = 32

export interface EthOptions {
  readonly chain: ChainSource
  readonly networkId: bigint
  /** Versions offered; the highest common one is used. @default 71, 70, 69, 68 */
  readonly versions?: readonly EthVersion[]
  /** Limits of responses. @default go-ethereum's limits */
  readonly limits?: Partial<ServeLimits>
  /** Random source of the first request id: from 0 to below 1. @default random bytes of the system */
  readonly random?: () => number
  /** @default silentLogger */
  readonly log?: Logger
}

/** A peer has passed the handshake, or disconnected. */
export interface EthEvent {
  readonly type: 'join' | 'leave'
  readonly peer: EthPeer
}

/**
 * Ethereum's main protocol on every connection of a server that has its `protocols`. Answers requests from the chain,
 * and offers `peers` to code that makes requests, such as `sync/`.
 *
 * Sends nothing on its own but its Status and, through `announceRange`, its block range.
 */
export class Eth implements Disposable {
  readonly protocols: readonly AnyProtocol[]
  readonly #chain: ChainSource
  readonly #networkId: bigint
  readonly #random: () => number
  readonly #log: Logger
  readonly #limits: Partial<ServeLimits>
  readonly #events = new Events<EthEvent>()
  /** BOUNDED: by the connections of the server. */
  readonly #peers = new Set<EthPeer>()
  #announced: BlockRange

  constructor(options: EthOptions) {
    this.#chain = options.chain
    this.#networkId = options.networkId
    this.#random = options.random ?? systemRandom
    this.#log = (options.log ?? silentLogger).child({ module: 'eth' })
    this.#limits = options.limits ?? {}
    this.#announced = rangeOf(options.chain)
    this.protocols = (options.versions ?? ETH_VERSIONS).map((version) => this.#protocol(version))
  }

  /** Connected peers that have passed the handshake. */
  get peers(): ReadonlySet<EthPeer> {
    return this.#peers
  }

  /** Subscribes to peers that join and leave. */
  events(options?: SubscribeOptions): Subscription<EthEvent> {
    return this.#events.subscribe(options)
  }

  /**
   * Announces the block range to all peers if the head is 32 blocks beyond the last announcement, or went back: to be
   * called whenever the chain has moved. @returns true if it was announced.
   */
  announceRange(): boolean {
    const range = rangeOf(this.#chain)
    const moved = range.latest - this.#announced.latest
    if (moved >= 0 && moved < RANGE_UPDATE_BLOCKS) return false
    this.#announced = range
    for (const peer of this.#peers) peer.sendRange(range)
    return true
  }

  /** Ends all subscriptions. The connections belong to the server. */
  [Symbol.dispose](): void {
    this.#events.close()
  }

  #protocol(version: EthVersion): AnyProtocol {
    return defineProtocol({
      name: 'eth',
      version,
      messages: ethMessages(version),
      run: (peer, channel) => this.#run(version, peer, channel as unknown as Channel<AnyEthMessages>),
      peerInfo: (peerId) => this.#peerInfo(peerId),
      nodeInfo: () => this.#nodeInfo(),
    })
  }

  async #run(version: EthVersion, peer: Peer, channel: Channel<AnyEthMessages>): Promise<void> {
    const status = await handshake(channel, { version, networkId: this.#networkId, chain: this.#chain })
    const ethPeer = new EthPeer({ peer, channel, version, status, random: this.#random })
    const responder = new Responder({ chain: this.#chain, channel, version, limits: this.#limits })
    this.#peers.add(ethPeer)
    this.#events.emit({ type: 'join', peer: ethPeer })
    try {
      for await (const message of channel) await this.#handle(message, ethPeer, responder)
    } finally {
      this.#peers.delete(ethPeer)
      this.#events.emit({ type: 'leave', peer: ethPeer })
      const { late, ignored } = ethPeer
      this.#log.debug('Peer disconnected', { peer: peer.id.slice(0, 8), protocol: `eth/${version}`, late, ignored })
    }
  }

  async #handle(message: Message<AnyEthMessages>, peer: EthPeer, responder: Responder): Promise<void> {
    switch (message.name) {
      case 'GetBlockHeaders':
      case 'GetBlockBodies':
      case 'GetReceipts':
      case 'GetBlockAccessLists':
      case 'GetPooledTransactions':
        return responder.answer(message)
      case 'BlockHeaders':
      case 'BlockBodies':
      case 'Receipts':
      case 'BlockAccessLists':
      case 'PooledTransactions':
        return peer.takeLate(message.body.id, message.name)
      case 'BlockRangeUpdate':
        checkRange(message.body)
        peer.range = message.body
        return
      case 'Status':
        throw violation('ERR_ETH_EXTRA_STATUS', 'second Status')
      default:
        peer.ignored++
    }
  }

  /** Information about a peer, in the form of go-ethereum's `admin_peers`. */
  #peerInfo(peerId: string): unknown {
    for (const { id, version, range } of this.#peers) {
      if (id !== peerId) continue
      if (!range) return { version }
      const { earliest, latest, latestHash } = range
      return { version, earliestBlock: earliest, latestBlock: latest, latestBlockHash: bytesTo0x(latestHash) }
    }
    return undefined
  }

  /** Information about this node, in the form of go-ethereum's `admin_nodeInfo`. */
  #nodeInfo(): unknown {
    const { genesisHash, config, head } = this.#chain
    const network = Number(this.#networkId)
    return { network, genesis: bytesTo0x(genesisHash), config, head: bytesTo0x(head.hash) }
  }
}

function systemRandom(): number {
  return new DataView(randomBytes(4).buffer).getUint32(0) / 2 ** 32
}
