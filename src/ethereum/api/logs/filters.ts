/**
 * Filters that are polled for changes (`eth_newFilter`, `eth_getFilterChanges`). A filter holds its query and its
 * position on the chain, and no results.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import { YieldBudget, yieldNow } from '../../../base/yield-budget.ts'
import { newRpcId, type RpcError } from '../../../rpc/index.ts'
import { type BlockReader, serverError } from '../block-reader.ts'
import type { JsonObject } from '../json.ts'
import type { LogQuery } from '../params.ts'
import { QueryBudget } from '../query-limits.ts'
import { HeadCursor } from './head-cursor.ts'
import { LogMatcher } from './log-matcher.ts'
import { checkAlternatives, invalidParams, type LogSearch } from './log-search.ts'

/** Milliseconds after which a filter that is not polled is removed. Source: go-ethereum eth/filters. */
export const FILTER_TIMEOUT = 5 * 60 * 1000
const DEFAULT_MAX_FILTERS = 1_000

/** A log filter, or a block filter without a query. */
interface Filter {
  readonly cursor: HeadCursor
  readonly query?: LogQuery
  lastUsed: number
}

export interface FiltersOptions {
  readonly reader: BlockReader
  readonly search: LogSearch
  readonly clock: Clock
  /** @default 1000 */
  readonly maxFilters?: number | undefined
}

export class Filters {
  readonly #reader: BlockReader
  readonly #search: LogSearch
  readonly #clock: Clock
  readonly #maxFilters: number
  readonly #budget = new QueryBudget()
  /** Filters by id, least recently used first. BOUNDED: by `maxFilters`, and by the timeout. */
  readonly #filters = new Map<string, Filter>()

  constructor({ reader, search, clock, maxFilters = DEFAULT_MAX_FILTERS }: FiltersOptions) {
    this.#reader = reader
    this.#search = search
    this.#clock = clock
    this.#maxFilters = maxFilters
  }

  /**
   * Adds a filter; without a query, one of blocks. At the limit, the least recently used one is removed. @returns its
   * id. Throws LimitExceeded if all queries together are too large.
   */
  add(query?: LogQuery): string {
    if (query) checkSubscription(query)
    this.#dropExpired()
    this.#budget.acquire(query)
    const [unused] = this.#filters.keys()
    // A limit that refused new filters would let one caller block all others.
    if (this.#filters.size >= this.#maxFilters && unused !== undefined) this.#drop(unused)
    const id = newRpcId()
    const cursor = new HeadCursor(this.#reader.chain)
    this.#filters.set(id, { cursor, ...(query && { query }), lastUsed: this.#clock.now() })
    return id
  }

  /** Removes a filter. @returns true if there was one. */
  remove(id: string): boolean {
    this.#dropExpired()
    return this.#drop(id)
  }

  #drop(id: string): boolean {
    this.#budget.release(this.#filters.get(id)?.query)
    return this.#filters.delete(id)
  }

  /**
   * @returns hashes of blocks, or logs, since the last call. If there are more than one call may read, the next call
   * returns the rest.
   */
  async changes(id: string, signal?: AbortSignal): Promise<(string | JsonObject)[]> {
    const filter = this.#get(id)
    return await this.#search.limiter.run(() => this.#changesOf(filter, signal), signal)
  }

  async #changesOf({ cursor, query }: Filter, signal?: AbortSignal): Promise<(string | JsonObject)[]> {
    const matcher = query && new LogMatcher(query)
    const found: (string | JsonObject)[] = []
    const budget = new YieldBudget()
    for (let blocks = 0; blocks < this.#search.maxBlocks && found.length < this.#search.maxResults; blocks++) {
      const step = cursor.next()
      if (!step) break
      const { header, removed } = step
      if (!matcher) found.push(...(removed ? [] : [bytesTo0x(header.hash)]))
      else if (isWithin(header.number, query)) found.push(...this.#search.of(header, matcher, removed))
      if (!budget.spend(header.raw.length)) continue
      await yieldNow()
      signal?.throwIfAborted()
    }
    return found
  }

  /** @returns all logs that match a filter, like `getLogs`. */
  logs(id: string, signal?: AbortSignal): Promise<JsonObject[]> {
    const { query } = this.#get(id)
    if (!query) throw notFound()
    return this.#search.find(query, signal)
  }

  #get(id: string): Filter {
    this.#dropExpired()
    const filter = this.#filters.get(id)
    if (!filter) throw notFound()
    this.#filters.delete(id)
    this.#filters.set(id, filter) // moves it to the end: the least recently used one is first
    filter.lastUsed = this.#clock.now()
    return filter
  }

  #dropExpired(): void {
    const oldest = this.#clock.now() - FILTER_TIMEOUT
    for (const [id, { lastUsed }] of this.#filters) {
      if (lastUsed > oldest) return
      this.#drop(id)
    }
  }
}

/**
 * Checks a query of a filter or subscription. Throws if it has a range in the past. Source: go-ethereum eth/filters,
 * SubscribeLogs.
 */
export function checkSubscription(query: LogQuery): void {
  checkAlternatives(query)
  const { fromBlock = 'latest', toBlock = 'latest' } = query
  if (fromBlock === 'pending' || toBlock === 'pending') throw invalidParams('pending logs are not supported')
  const from = fromBlock === 'earliest' ? 0 : fromBlock
  if (from === 'latest' && toBlock === 'latest') return
  if (typeof from === 'number' && toBlock === 'latest') return
  if (typeof from === 'number' && typeof toBlock === 'number' && toBlock >= from) return
  throw invalidParams('invalid block range params')
}

/** @returns true if a block of this number is within the query's range; tags are no bounds. */
export function isWithin(number: number, { fromBlock, toBlock }: LogQuery): boolean {
  const first = typeof fromBlock === 'number' ? fromBlock : 0
  const last = typeof toBlock === 'number' ? toBlock : Number.POSITIVE_INFINITY
  return number >= first && number <= last
}

function notFound(): RpcError {
  return serverError('filter not found')
}
