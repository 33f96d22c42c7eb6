/**
 * The service of an Ethereum chain: the store, the chain in it, the protocol eth that speaks for it, the sync, and the
 * namespaces that answer from it.
 * @module
 */
import { ConfigError, InternalError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { debugRawApi, ethApi, ethSubscriptions } from '../ethereum/api/index.ts'
import { ChainStore, type Genesis } from '../ethereum/chain/index.ts'
import { Eth, type EthVersion } from '../ethereum/eth/index.ts'
import { Sync } from '../ethereum/sync/index.ts'
import { method } from '../rpc/index.ts'
import type { KeyValueStore } from '../storage/index.ts'
import { DataFolder } from './data-folder.ts'
import type { Service, ServiceContext, ServiceParts } from './service.ts'

export interface EthereumServiceOptions {
  /** The chain. @default the one that folder or store hold */
  readonly genesis?: Genesis | undefined
  /** Keeps the chain instead of the node's folder, and is closed with the service. */
  readonly store?: KeyValueStore | undefined
  /** @default the chain id */
  readonly networkId?: bigint | undefined
  /** Versions of eth offered. @default 71, 70, 69, 68 */
  readonly versions?: readonly EthVersion[] | undefined
}

interface Parts {
  readonly chain: ChainStore
  readonly eth: Eth
  readonly sync: Sync
}

export class EthereumService implements Service {
  readonly name = 'ethereum'
  readonly #options: EthereumServiceOptions
  #parts: Parts | undefined

  constructor(options: EthereumServiceOptions = {}) {
    this.#options = options
  }

  get chain(): ChainStore {
    return this.#started.chain
  }

  get eth(): Eth {
    return this.#started.eth
  }

  get sync(): Sync {
    return this.#started.sync
  }

  /** For {@link Node.start}. Rejects with a ConfigError (`dataDir`, `genesis`) or a StorageError. */
  async start(context: ServiceContext): Promise<ServiceParts> {
    const { log, clock } = context
    const owner = await this.#open(context.dataDir)
    try {
      const { chain } = owner
      reportRepair(chain, log)
      const networkId = this.#options.networkId ?? chain.chainConfig.chainId
      const { versions } = this.#options
      const eth = new Eth({ chain, networkId, log: log.child({ module: 'eth' }), ...(versions && { versions }) })
      const sync = new Sync({ store: chain, eth, log: log.child({ module: 'sync' }), clock })
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
          await owner.close()
        },
      }
    } catch (error) {
      await owner.close()
      throw error
    }
  }

  get #started(): Parts {
    if (this.#parts) return this.#parts
    throw new InternalError('the service has not been started')
  }

  async #open(dataDir: string | undefined): Promise<{ readonly chain: ChainStore; close(): Promise<void> }> {
    const { store, genesis } = this.#options
    if (!store) {
      if (dataDir !== undefined) return await DataFolder.open(dataDir, genesis)
      throw new ConfigError('dataDir', 'is needed', { hint: 'or a store to keep the chain in' })
    }
    try {
      return { chain: await ChainStore.open(store, genesis), close: () => store.close() }
    } catch (error) {
      await store.close()
      throw error
    }
  }
}

function reportRepair({ repaired }: ChainStore, log: Logger): void {
  if (!repaired) return
  log.warn('went back to the last block that is whole', { from: repaired.from ?? 'unknown', to: repaired.to })
}
