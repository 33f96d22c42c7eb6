import { type Clock, systemClock } from '../../base/clock.ts'
import type { ChainStore } from '../chain/index.ts'
import type { Sync } from '../sync/index.ts'
import { BlockReader } from './block-reader.ts'
import { blockMethods, uncleMethods } from './blocks/block-methods.ts'
import { JsonCache } from './blocks/json-cache.ts'
import { feeMethods } from './fees/fee-methods.ts'
import { Filters } from './logs/filters.ts'
import { logMethods } from './logs/log-methods.ts'
import { type LogLimits, LogSearch } from './logs/log-search.ts'
import { SearchLimiter } from './query-limits.ts'
import { statusMethods } from './status/status-methods.ts'
import { unsupportedMethods } from './status/unsupported-methods.ts'
import { positionMethods, transactionMethods } from './transactions/transaction-methods.ts'

export interface EthApiOptions {
  readonly chain: ChainStore
  /** Source of `eth_syncing`. @default none: only the index of transactions can be behind */
  readonly sync?: Sync | undefined
  /** Bytes of cached JSON of blocks; 0 disables the cache. @default 64 MiB */
  readonly cacheBytes?: number
  /** Limits of one search for logs. */
  readonly logs?: LogLimits
  /** Filters that may exist at a time. @default 1000 */
  readonly maxFilters?: number
  /** Clock of filter timeouts. @default systemClock */
  readonly clock?: Clock
}

const DEFAULT_CACHE_BYTES = 64 * 1024 * 1024

/**
 * `eth_…`: methods that a node without state can answer from verified blocks, with the answers of go-ethereum 1.17. A
 * missing block or transaction is null. Methods that need state or a pool throw -32004; block tags that only a
 * consensus client knows throw -32000.
 */
export function ethApi(options: EthApiOptions) {
  const { chain, sync, clock = systemClock, maxFilters } = options
  const reader = new BlockReader(chain)
  const cache = new JsonCache(options.cacheBytes ?? DEFAULT_CACHE_BYTES)
  const limiter = new SearchLimiter()
  const search = new LogSearch(reader, options.logs, limiter)
  const filters = new Filters({ reader, search, clock, maxFilters })
  return {
    ...unsupportedMethods(),
    ...statusMethods(chain, sync),
    ...blockMethods(reader, cache),
    ...uncleMethods(reader),
    ...transactionMethods(reader),
    ...positionMethods(reader),
    ...logMethods(search, filters),
    ...feeMethods(reader, limiter),
  }
}
