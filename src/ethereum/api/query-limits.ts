import { Semaphore } from '../../base/semaphore.ts'
import { RpcError, RpcErrorCode } from '../../rpc/index.ts'
import type { LogQuery } from './params.ts'

/** Searches that go on at a time: each holds what it has found so far. */
const MAX_CONCURRENT = 16
const MAX_QUEUED = 256

/** Runs what looks at many blocks, a few at a time. Throws LimitExceeded when too many wait already. */
export class SearchLimiter {
  readonly #semaphore = new Semaphore(MAX_CONCURRENT, MAX_QUEUED)

  run<T>(search: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (!this.#semaphore.full) return this.#semaphore.run(search, signal)
    throw new RpcError(RpcErrorCode.LimitExceeded, 'too many searches at a time')
  }
}

/** Addresses and topics that lasting queries may hold together: some 300 bytes each. */
const MAX_HELD_CHOICES = 200_000

/**
 * What filters and subscriptions hold of their queries for as long as they live. A query alone may be of some thousand
 * addresses and topics, and there may be many.
 */
export class QueryBudget {
  #held = 0

  /** Throws LimitExceeded. */
  acquire(query: LogQuery | undefined): void {
    const weight = weightOf(query)
    if (this.#held + weight > MAX_HELD_CHOICES) {
      throw new RpcError(RpcErrorCode.LimitExceeded, 'too many addresses and topics in filters and subscriptions')
    }
    this.#held += weight
  }

  release(query: LogQuery | undefined): void {
    this.#held -= weightOf(query)
  }
}

function weightOf(query: LogQuery | undefined): number {
  if (!query) return 0
  return query.addresses.length + query.topics.reduce((sum, choices) => sum + choices.length, 0)
}
