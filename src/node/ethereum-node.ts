/**
 * A node of an Ethereum chain: a store, the chain in it, a server that speaks eth for it, and the sync.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { ConfigError, describeError } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import type { Metrics } from '../base/metrics.ts'
import { Server } from '../devp2p/index.ts'
import { type ChainHead, ChainStore, type Genesis } from '../ethereum/chain/index.ts'
import { Eth, type EthVersion } from '../ethereum/eth/index.ts'
import { Sync, type SyncPhase, type SyncResult } from '../ethereum/sync/index.ts'
import { NodeKey } from '../identity/index.ts'
import type { Network } from '../net/index.ts'
import type { KeyValueStore } from '../storage/index.ts'
import { DataFolder } from './data-folder.ts'
import { clientName } from './version.ts'

export interface EthereumNodeOptions {
  /** Folder that keeps key and chain; made when it is not there. One of `dataDir` and `store`. */
  readonly dataDir?: string
  /** Keeps the chain instead of a folder, and is closed with the node. */
  readonly store?: KeyValueStore
  /** The chain. @default the one that folder or store hold */
  readonly genesis?: Genesis | undefined
  /** Who this node is. @default the folder's key; without a folder a new one */
  readonly key?: NodeKey
  /** `host:port`, `[v6]:port` or `:port`; port 0 takes a free one. @default not listening */
  readonly listen?: string
  /** What the node calls itself. @default Peerloom with versions and system */
  readonly name?: string
  /** Enode URLs kept connected. */
  readonly staticNodes?: readonly string[]
  /** Enode URLs let in beyond `maxPeers`. */
  readonly trustedNodes?: readonly string[]
  /** @default 50 */
  readonly maxPeers?: number
  /** Handshakes in progress, inbound and outbound each. @default 50 */
  readonly maxPendingPeers?: number
  /** Only these ranges, for calls in and out: `10.0.0.0/8,192.168.0.0/16`. @default all */
  readonly netRestrict?: string
  /** @default the chain id */
  readonly networkId?: bigint | undefined
  /** Versions of eth offered. @default 71, 70, 69, 68 */
  readonly versions?: readonly EthVersion[]
  /** @default silentLogger */
  readonly log?: Logger
  /** @default noMetrics */
  readonly metrics?: Metrics
  /** @default tcpNetwork */
  readonly network?: Network
  /** @default systemClock */
  readonly clock?: Clock
}

/** How a sync is getting on, as one number of one whole. */
export interface NodeProgress {
  readonly phase: SyncPhase
  /** Blocks that have what the phase is about, whenever it came. */
  readonly done: number
  /** Undefined while nobody knows. */
  readonly total: number | undefined
  /** Peers that speak eth. */
  readonly peers: number
  /** Bytes of what was downloaded and right, since the node is there. */
  readonly bytes: number
}

export class EthereumNode implements AsyncDisposable {
  readonly chain: ChainStore
  readonly server: Server
  readonly eth: Eth
  readonly sync: Sync
  /** Absolute; undefined for a node without a folder. */
  readonly dataDir: string | undefined
  readonly #owner: AsyncDisposable
  readonly #closing = new AbortController()
  readonly #indexing: Promise<void>

  /**
   * A running node. Rejects with a ConfigError that names the option at fault (`dataDir`, `genesis`, `port`, …) or with a
   * StorageError; what had been opened by then is closed again.
   */
  static async open(options: EthereumNodeOptions): Promise<EthereumNode> {
    const { dataDir, store, genesis, networkId, versions, ...server } = options
    const folder = dataDir === undefined ? undefined : await DataFolder.open(dataDir, genesis)
    const owner = folder ?? store
    if (!owner) throw new ConfigError('dataDir', 'is needed', { hint: 'or a store to keep the chain in' })
    try {
      const chain = folder?.chain ?? (await ChainStore.open(store as KeyValueStore, genesis))
      const log = options.log ?? silentLogger
      reportRepair(chain, log.child({ module: 'node' }))
      const key = options.key ?? (await folder?.nodeKey()) ?? NodeKey.generate()
      const id = networkId ?? chain.chainConfig.chainId
      const eth = new Eth({ chain, networkId: id, log, ...(versions && { versions }) })
      const listening = await Server.listen({ name: clientName(), ...server, key, protocols: eth.protocols })
      return new EthereumNode(options, { chain, eth, server: listening, owner, dataDir: folder?.path })
    } catch (error) {
      await owner[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: EthereumNodeOptions, parts: NodeParts) {
    this.chain = parts.chain
    this.server = parts.server
    this.eth = parts.eth
    this.dataDir = parts.dataDir
    this.#owner = parts.owner
    const { log = silentLogger, clock = systemClock } = options
    this.sync = new Sync({ store: parts.chain, eth: parts.eth, log, clock })
    this.#indexing = this.chain
      .indexTransactions({ signal: this.#closing.signal, log })
      .catch((error: unknown) => log.error('the index of transactions failed', { error: describeError(error) }))
  }

  /** How others reach this node. */
  get enode(): string {
    return this.server.enode
  }

  /** The last block that is verified and stored. */
  get head(): ChainHead {
    return this.chain.head
  }

  get progress(): NodeProgress {
    const { phase, headers, head, target, bytes } = this.sync.progress
    const { done } = phase === 'headers' ? headers : { done: head }
    return { phase, done, total: target?.number, peers: this.eth.peers.size, bytes }
  }

  /** {@link Sync.syncTo}: downloads, verifies and stores everything up to the block of this hash (32 bytes). */
  syncTo(hash: Uint8Array, options: { readonly signal?: AbortSignal } = {}): Promise<SyncResult> {
    return this.sync.syncTo(hash, options)
  }

  /** Ends the sync, says goodbye to the peers, then closes the store. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#indexing
    await this.sync[Symbol.asyncDispose]()
    await this.server.close()
    this.eth[Symbol.dispose]()
    await this.#owner[Symbol.asyncDispose]()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

interface NodeParts {
  readonly chain: ChainStore
  readonly eth: Eth
  readonly server: Server
  readonly owner: AsyncDisposable
  readonly dataDir: string | undefined
}

function reportRepair({ repaired }: ChainStore, log: Logger): void {
  if (!repaired) return
  log.warn('went back to the last block that is whole', { from: repaired.from ?? 'unknown', to: repaired.to })
}
