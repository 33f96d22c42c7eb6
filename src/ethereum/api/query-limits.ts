import { Semaphore } from '../../base/semaphore.ts'
import { RpcError, RpcErrorCode } from '../../rpc/index.ts'
import type { LogQuery } from './params.ts'

/** Searches that run at a time: each holds the results it has so far. */
const MAX_CONCURRENT = 16
/** Searches that wait for one of them to end. */
const MAX_QUEUED = 256

export interface SearchLimits {
  /** @default 16 */
  readonly maxConcurrent?: number
  /** @default 256 */
  readonly maxQueued?: number
}

/** Limits how many calls that read many blocks run and wait at a time. */
export class SearchLimiter {
  readonly #semaphore: Semaphore

  constructor({ maxConcurrent = MAX_CONCURRENT, maxQueued = MAX_QUEUED }: SearchLimits = {}) {
    this.#semaphore = new Semaphore(maxConcurrent, maxQueued)
  }

  /** Runs a search in its turn. Throws LimitExceeded when the queue is full; rejects with the signal's reason. */
  run<T>(search: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (!this.#semaphore.full) return this.#semaphore.run(search, signal)
    throw new RpcError(RpcErrorCode.LimitExceeded, 'too many searches at a time')
  }
}

/** Addresses and topics that filters and subscriptions may hold together: some 300 bytes each. */
const MAX_HELD_VALUES = 200_000

/**
 * Limits what filters and subscriptions hold of their queries for as long as they exist. One query may have some
 * thousand addresses and topics, and there may be many.
 */
export class QueryBudget {
  #held = 0

  /** Counts a query. Throws LimitExceeded. */
  acquire(query: LogValues | undefined): void {
    const weight = weightOf(query)
    if (this.#held + weight > MAX_HELD_VALUES) {
      throw new RpcError(RpcErrorCode.LimitExceeded, 'too many addresses and topics in filters and subscriptions')
    }
    this.#held += weight
  }

  release(query: LogValues | undefined): void {
    this.#held -= weightOf(query)
  }
}

type LogValues = Pick<LogQuery, 'addresses' | 'topics'>

function weightOf(query: LogValues | undefined): number {
  if (!query) return 0
  return query.addresses.length + query.topics.reduce((sum, values) => sum + values.length, 0)
}
