/**
 * Service of an Ethereum chain: its store, the protocol eth, the sync, and the RPC namespaces that answer from it;
 * go-ethereum's `eth/backend.go`.
 * @module
 */
import { ConfigError, InternalError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Service, ServiceContext, ServiceParts } from '../node/index.ts'
import { method } from '../rpc/index.ts'
import type { KeyValueStore } from '../storage/index.ts'
import { debugRawApi, ethApi, ethSubscriptions } from './api/index.ts'
import { type ChainHead, ChainStore, type Genesis, type GenesisWarning } from './chain/index.ts'
import { Eth, type EthVersion } from './eth/index.ts'
import {
  CHAIN_DATABASE,
  type ChainName,
  checkHoldsChain,
  genesisOf,
  logGenesisWarning,
  openChain,
} from './files/index.ts'
import { Sync, type SyncPhase } from './sync/index.ts'

/** Options of the service; the chain is that of `genesis` or `network`. @default the chain in the folder or store */
export interface EthereumServiceOptions extends ChainName {
  /** Store of the chain, closed with the service. @default the node's folder */
  readonly store?: KeyValueStore | undefined
  /** @default the chain id */
  readonly networkId?: bigint | number | undefined
  /** Versions of eth offered. @default 71, 70, 69, 68 */
  readonly versions?: readonly EthVersion[] | undefined
}

/** Progress of a sync as one number of a total. */
export interface ChainProgress {
  readonly phase: SyncPhase
  /** Blocks that are done in this phase, including those from earlier runs. */
  readonly done: number
  /** Undefined while the target's number is unknown. */
  readonly total: number | undefined
  /** Number of peers that speak eth. */
  readonly peers: number
  /** Bytes of valid downloads since the service started. */
  readonly bytes: number
}

interface Parts {
  readonly chain: ChainStore
  readonly eth: Eth
  readonly sync: Sync
}

/**
 * Adds a chain to a node: `Node.start({ services: [new EthereumService({ genesis })] })`. An instance serves one node,
 * once.
 */
export class EthereumService implements Service {
  readonly name = 'ethereum'
  readonly #options: EthereumServiceOptions
  #genesis: Genesis | undefined
  /** Warnings about the genesis, logged at the start. BOUNDED: parseGenesis gives 100 at most. */
  #warnings: GenesisWarning[] = []
  #parts: Parts | undefined

  constructor(options: EthereumServiceOptions = {}) {
    this.#options = options
  }

  /** Store of the chain. Throws an InternalError before the node has started, as do all getters here. */
  get chain(): ChainStore {
    return this.#started.chain
  }

  get eth(): Eth {
    return this.#started.eth
  }

  get sync(): Sync {
    return this.#started.sync
  }

  /** Last block that is verified and stored. */
  get head(): ChainHead {
    return this.chain.head
  }

  get progress(): ChainProgress {
    const { phase, headers, head, target, bytes } = this.sync.progress
    const { done } = phase === 'headers' ? headers : { done: head }
    return { phase, done, total: target?.number, peers: this.eth.peers.size, bytes }
  }

  /**
   * Reads the genesis. Rejects with a ConfigError: `genesis` for a file without a genesis, `dataDir` when neither an
   * option nor the folder names a chain.
   */
  async check(dataDir: string | undefined): Promise<void> {
    const { store } = this.#options
    const warnings: GenesisWarning[] = []
    this.#genesis = await genesisOf(this.#options, { onWarning: (warning) => warnings.push(warning) })
    this.#warnings = warnings
    if (store) return
    if (dataDir === undefined) {
      throw new ConfigError('dataDir', 'is required', { hint: 'or pass a store that keeps the chain' })
    }
    if (!this.#genesis) await checkHoldsChain(dataDir)
  }

  /**
   * Opens the chain; called by {@link Node.start}. Rejects with a ConfigError (`dataDir`, `genesis`) or a StorageError.
   */
  async start(context: ServiceContext): Promise<ServiceParts> {
    const { log, clock } = context
    for (const warning of this.#warnings.splice(0)) logGenesisWarning(log, warning)
    const chain = await this.#open(context)
    logRepair(chain, log)
    const networkId = BigInt(this.#options.networkId ?? BigInt.asUintN(64, chain.chainConfig.chainId))
    const { versions, store } = this.#options
    const eth = new Eth({ chain, networkId, log, ...(versions && { versions }) })
    const sync = new Sync({ store: chain, eth, log, clock })
    this.#parts = { chain, eth, sync }
    return {
      protocols: eth.protocols,
      rpc: {
        eth: [ethApi({ chain, sync, clock }), ethSubscriptions({ chain, sync, clock })],
        debug: debugRawApi({ chain }),
        net: { version: method({ summary: 'the network id', params: [] }, () => String(networkId)) },
      },
      run: async ({ signal }) => {
        await chain.indexTransactions({ signal, log })
      },
      async [Symbol.asyncDispose]() {
        await sync[Symbol.asyncDispose]()
        eth[Symbol.dispose]()
        await store?.close()
      },
    }
  }

  get #started(): Parts {
    if (this.#parts) return this.#parts
    throw new InternalError('the Ethereum service has not been started')
  }

  async #open({ dataDir, openStore }: ServiceContext): Promise<ChainStore> {
    const { store } = this.#options
    const genesis = this.#genesis
    if (!store) return await openChain(await openStore(CHAIN_DATABASE), genesis, dataDir ?? '')
    try {
      return await ChainStore.open(store, genesis)
    } catch (error) {
      await store.close()
      throw error
    }
  }
}

function logRepair({ repaired }: ChainStore, log: Logger): void {
  if (!repaired) return
  log.warn('Database repaired, head rewound', { from: repaired.from ?? 'unknown', to: repaired.to })
}
