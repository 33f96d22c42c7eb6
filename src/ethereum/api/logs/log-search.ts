/**
 * Search for logs in stored blocks. There is no index of logs: headers are read one after another, and receipts only of
 * blocks whose Bloom filter may match.
 * @module
 */
import { YieldBudget, yieldNow } from '../../../base/yield-budget.ts'
import { RpcError, RpcErrorCode } from '../../../rpc/index.ts'
import { BlockBody, type Header } from '../../types/index.ts'
import { type BlockReader, serverError } from '../block-reader.ts'
import type { JsonObject } from '../json.ts'
import { type BlockTag, type LogQuery, MAX_ALTERNATIVES } from '../params.ts'
import { SearchLimiter } from '../query-limits.ts'
import { logJson } from '../transactions/receipt-json.ts'
import { LogMatcher } from './log-matcher.ts'

export interface LogLimits {
  /** Blocks that one call may read; more are an error. @default 100 000 */
  readonly maxBlocks?: number
  /** Logs that one call may return; more are an error. @default 10 000 */
  readonly maxResults?: number
}

/** Costs some 10 µs each, in slices. */
const DEFAULT_MAX_BLOCKS = 100_000
/** Makes some 6 MB of JSON. */
const DEFAULT_MAX_RESULTS = 10_000

interface Range {
  readonly first: number
  readonly last: number
}

export class LogSearch {
  readonly #reader: BlockReader
  /** Limiter of this search and of other long calls. */
  readonly limiter: SearchLimiter
  readonly maxBlocks: number
  readonly maxResults: number

  constructor(reader: BlockReader, { maxBlocks, maxResults }: LogLimits = {}, limiter = new SearchLimiter()) {
    this.#reader = reader
    this.limiter = limiter
    this.maxBlocks = maxBlocks ?? DEFAULT_MAX_BLOCKS
    this.maxResults = maxResults ?? DEFAULT_MAX_RESULTS
  }

  /** @returns all logs that match. Throws `RpcError` with go-ethereum's text, LimitExceeded, or the signal's reason. */
  async find(query: LogQuery, signal?: AbortSignal): Promise<JsonObject[]> {
    checkAlternatives(query)
    const matcher = new LogMatcher(query)
    if (!query.blockHash) {
      const range = this.#rangeOf(query)
      return await this.limiter.run(() => this.#inRange(matcher, range, signal), signal)
    }
    const header = this.#reader.header(query.blockHash)
    if (!header) throw serverError('unknown block')
    return this.of(header, matcher)
  }

  /** @returns the matching logs of one block; `removed` marks them as of a block that is no longer canonical. */
  of(header: Header, matcher: LogMatcher, removed = false): JsonObject[] {
    if (!matcher.mayMatch(header.logsBloom)) return []
    const { hash } = header
    const logs: JsonObject[] = []
    let hashes: Uint8Array[] | undefined
    let logIndex = 0
    for (const [transactionIndex, receipt] of this.#reader.receipts({ hash, header }).entries()) {
      for (const log of receipt.logs) {
        if (matcher.matches(log)) {
          hashes ??= this.#transactionHashes(header)
          const transactionHash = hashes[transactionIndex] as Uint8Array
          logs.push(logJson(log, { header, transactionHash, transactionIndex, logIndex, removed }))
        }
        logIndex++
      }
    }
    return logs
  }

  async #inRange(matcher: LogMatcher, { first, last }: Range, signal?: AbortSignal): Promise<JsonObject[]> {
    const found: JsonObject[] = []
    const budget = new YieldBudget()
    for (let number = first; number <= last; number++) {
      const header = this.#reader.chain.headerAt(number)
      if (!header) throw serverError('header not found') // the chain was shortened by a reorganization
      const logs = this.of(header, matcher)
      if (found.length + logs.length > this.maxResults) throw this.#tooMany()
      for (const log of logs) found.push(log)
      if (!budget.spend(header.raw.length + logs.length * 1_024)) continue
      await yieldNow()
      signal?.throwIfAborted()
    }
    return found
  }

  #transactionHashes({ hash, number }: Header): Uint8Array[] {
    const raw = this.#reader.chain.rawBody(hash)
    if (!raw) throw new RpcError(RpcErrorCode.ResourceNotFound, `the body of block ${number} is not stored`)
    return BlockBody.decode(raw).transactionHashes()
  }

  #rangeOf({ fromBlock = 'latest', toBlock = 'latest' }: LogQuery): Range {
    if (fromBlock === 'pending' || toBlock === 'pending') throw invalidParams('pending logs are not supported')
    const head = this.#reader.chain.head.number
    const [first, last] = [resolve(fromBlock, head), resolve(toBlock, head)]
    if (first > last) throw invalidParams('invalid block range params')
    if (last > head) throw invalidParams('block range extends beyond current head block')
    if (last - first < this.maxBlocks) return { first, last }
    throw new RpcError(RpcErrorCode.LimitExceeded, `exceed maximum block range ${this.maxBlocks}`)
  }

  #tooMany(): RpcError {
    return new RpcError(RpcErrorCode.LimitExceeded, `query returned more than ${this.maxResults} results`)
  }
}

/** Makes the error of well-formed parameters that cannot be satisfied. */
export function invalidParams(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}

/** Checks the number of alternatives in each position. Throws `RpcError`. */
export function checkAlternatives({ addresses, topics }: LogQuery): void {
  if ([addresses, ...topics].every(({ length }) => length <= MAX_ALTERNATIVES)) return
  throw serverError('exceed max addresses or topics per search position')
}

function resolve(tag: BlockTag, head: number): number {
  if (typeof tag === 'number') return tag
  if (tag === 'latest') return head
  if (tag === 'earliest') return 0
  throw serverError(`${tag} header not found`)
}
