/**
 * Filters that are asked again and again for what is new (`eth_newFilter`, `eth_getFilterChanges`). One holds its query
 * and its place on the chain, and no results.
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
import { checkChoices, invalidParams, type LogSearch } from './log-search.ts'

/** Milliseconds after which a filter that nobody asks is forgotten. Source: go-ethereum eth/filters. */
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
  /** BOUNDED: by `maxFilters`; those that time out make room. */
  readonly #filters = new Map<string, Filter>()

  constructor({ reader, search, clock, maxFilters = DEFAULT_MAX_FILTERS }: FiltersOptions) {
    this.#reader = reader
    this.#search = search
    this.#clock = clock
    this.#maxFilters = maxFilters
  }

  /**
   * A new filter's name. Without a query it is one of blocks. Where there are too many, the one that nobody has asked
   * for longest goes. Throws LimitExceeded when their queries are too large together.
   */
  add(query?: LogQuery): string {
    if (query) checkSubscription(query)
    this.#forgetUnused()
    this.#budget.acquire(query)
    const [unused] = this.#filters.keys()
    if (this.#filters.size >= this.#maxFilters && unused !== undefined) this.#drop(unused) // or one could shut out all
    const id = newRpcId()
    const cursor = new HeadCursor(this.#reader.chain)
    this.#filters.set(id, { cursor, ...(query && { query }), lastUsed: this.#clock.now() })
    return id
  }

  /** Whether there was one. */
  remove(id: string): boolean {
    this.#forgetUnused()
    return this.#drop(id)
  }

  #drop(id: string): boolean {
    this.#budget.release(this.#filters.get(id)?.query)
    return this.#filters.delete(id)
  }

  /**
   * Hashes of blocks, or logs, since the last call. When more is new than one call may look at, it ends early: the next
   * call has the rest.
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

  /** All logs a filter is for, as `getLogs` finds them. */
  logs(id: string, signal?: AbortSignal): Promise<JsonObject[]> {
    const { query } = this.#get(id)
    if (!query) throw notFound()
    return this.#search.find(query, signal)
  }

  #get(id: string): Filter {
    this.#forgetUnused()
    const filter = this.#filters.get(id)
    if (!filter) throw notFound()
    this.#filters.delete(id)
    this.#filters.set(id, filter) // the one that is used least stands first
    filter.lastUsed = this.#clock.now()
    return filter
  }

  #forgetUnused(): void {
    const oldest = this.#clock.now() - FILTER_TIMEOUT
    for (const [id, { lastUsed }] of this.#filters) {
      if (lastUsed > oldest) return
      this.#drop(id)
    }
  }
}

/** Throws where a query cannot be followed on a chain that grows. Source: go-ethereum eth/filters, SubscribeLogs. */
export function checkSubscription(query: LogQuery): void {
  checkChoices(query)
  const { fromBlock = 'latest', toBlock = 'latest' } = query
  if (fromBlock === 'pending' || toBlock === 'pending') throw invalidParams('pending logs are not supported')
  const from = fromBlock === 'earliest' ? 0 : fromBlock
  if (from === 'latest' && toBlock === 'latest') return
  if (typeof from === 'number' && toBlock === 'latest') return
  if (typeof from === 'number' && typeof toBlock === 'number' && toBlock >= from) return
  throw invalidParams('invalid block range params')
}

/** Whether a block of this number is one the query speaks of; tags bound nothing. */
export function isWithin(number: number, { fromBlock, toBlock }: LogQuery): boolean {
  const first = typeof fromBlock === 'number' ? fromBlock : 0
  const last = typeof toBlock === 'number' ? toBlock : Number.POSITIVE_INFINITY
  return number >= first && number <= last
}

function notFound(): RpcError {
  return serverError('filter not found')
}
