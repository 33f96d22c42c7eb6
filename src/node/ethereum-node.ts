/**
 * A node of an Ethereum chain: {@link Node} with the one service that has the chain.
 * @module
 */

import { PeerloomError } from '../base/errors.ts'
import type { Server } from '../devp2p/index.ts'
import type { ChainHead, ChainStore } from '../ethereum/chain/index.ts'
import type { Eth } from '../ethereum/eth/index.ts'
import type { Sync, SyncPhase, SyncResult } from '../ethereum/sync/index.ts'
import { checkHoldsChain } from './data-folder.ts'
import { EthereumService, type EthereumServiceOptions } from './ethereum-service.ts'
import { Node } from './node.ts'
import type { NodeOptions, P2pOptions } from './node-options.ts'
import { ServiceError } from './service.ts'

/** What the node, its server and its chain take. One of `dataDir` and `store` is needed to keep the chain in. */
export interface EthereumNodeOptions extends Omit<NodeOptions, 'p2p'>, P2pOptions, EthereumServiceOptions {}

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
  /** The node that carries the chain. */
  readonly node: Node
  readonly #service: EthereumService

  /**
   * A running node. Rejects with a ConfigError that names the option at fault (`dataDir`, `genesis`, `port`, …), a
   * StorageError, or a ServiceError of another service; what had been opened by then is closed again.
   */
  static async open(options: EthereumNodeOptions): Promise<EthereumNode> {
    const { genesis, store, networkId, versions, services = [], ...rest } = options
    const { dataDir, key, http, ws, authrpc, ipc, signal, log, levels, clock, batchLimit, batchResponseBytes, ...p2p } =
      rest
    const own = {
      dataDir,
      key,
      http,
      ws,
      authrpc,
      ipc,
      signal,
      log,
      levels,
      clock,
      batchLimit,
      batchResponseBytes,
      p2p,
    }
    if (dataDir !== undefined && !store && !genesis) await checkHoldsChain(dataDir)
    const service = new EthereumService({ genesis, store, networkId, versions })
    try {
      return new EthereumNode(await Node.start({ ...own, services: [service, ...services] }), service)
    } catch (error) {
      if (!(error instanceof ServiceError) || error.service !== service.name) throw error
      throw error.cause instanceof PeerloomError ? error.cause : error
    }
  }

  private constructor(node: Node, service: EthereumService) {
    this.node = node
    this.#service = service
  }

  get chain(): ChainStore {
    return this.#service.chain
  }

  get server(): Server {
    return this.node.server
  }

  get eth(): Eth {
    return this.#service.eth
  }

  get sync(): Sync {
    return this.#service.sync
  }

  /** Absolute; undefined for a node without a folder. */
  get dataDir(): string | undefined {
    return this.node.dataDir
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

  /** Says goodbye to the peers, ends the sync, then closes the store. */
  close(): Promise<void> {
    return this.node.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
