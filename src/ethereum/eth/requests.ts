/**
 * Bookkeeping of the requests to one peer: their ids, and counts and latencies of each kind.
 * @module
 */
import { ProtocolError } from '../../base/errors.ts'
import { violation } from './violations.ts'

/** Requests in flight to one peer. A sync has a handful; more is a fault of this node, not of the remote. */
export const MAX_OUTSTANDING = 256
/**
 * Abandoned requests that may still be answered. BOUNDED: the oldest is dropped, its late response then unrequested.
 */
export const MAX_ABANDONED = 1024

const U64 = 2n ** 64n

/** Ids of requests in flight and of abandoned ones. Source of the idea: go-ethereum p2p/tracker. */
export class RequestIds {
  #next: bigint
  /** BOUNDED: {@link MAX_OUTSTANDING}. */
  readonly #outstanding = new Set<bigint>()
  /** BOUNDED: {@link MAX_ABANDONED}. Id → name of the message that would answer. */
  readonly #abandoned = new Map<bigint, string>()
  /** Responses that came after their request was abandoned. */
  late = 0

  /** Starts at a random id, so that responses meant for an earlier connection match nothing. */
  constructor(random: () => number) {
    this.#next = (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32))
  }

  get outstanding(): number {
    return this.#outstanding.size
  }

  /** @returns the id of a new request. Throws `ERR_ETH_TOO_MANY_REQUESTS`. */
  open(): bigint {
    if (this.#outstanding.size >= MAX_OUTSTANDING) {
      const message = `${MAX_OUTSTANDING} requests are in flight already`
      throw new ProtocolError('ERR_ETH_TOO_MANY_REQUESTS', message, { penalty: 0 }) // a fault of this node
    }
    const id = this.#next
    this.#next = (id + 1n) % U64
    this.#outstanding.add(id)
    return id
  }

  /** Forgets a request that was answered. */
  close(id: bigint): void {
    this.#outstanding.delete(id)
  }

  /** Stops waiting for a response; it may still come, once. */
  abandon(id: bigint, reply: string): void {
    this.#outstanding.delete(id)
    this.#abandoned.set(id, reply)
    if (this.#abandoned.size <= MAX_ABANDONED) return
    const [oldest] = this.#abandoned.keys()
    this.#abandoned.delete(oldest as bigint)
  }

  /** Takes a response that no request waits for. Throws `ERR_ETH_UNREQUESTED` unless its request was abandoned. */
  takeLate(id: bigint, reply: string): void {
    if (this.#abandoned.get(id) !== reply) {
      throw violation('ERR_ETH_UNREQUESTED', `${reply}: response to request ${id}, which was never made`)
    }
    this.#abandoned.delete(id)
    this.late++
  }
}

/** Weight of the newest response in a smoothed measure. Source: go-ethereum p2p/msgrate (measurementImpact). */
const IMPACT = 0.1

/** Counts and latencies of one kind of request: the input of a capacity estimate. */
export interface RequestStats {
  readonly requests: number
  readonly answers: number
  /** Items (headers, bodies, …) in all responses. */
  readonly items: number
  readonly timeouts: number
  /** Milliseconds from request to response, smoothed; undefined before the first response. */
  readonly rtt: number | undefined
  /** Items per second, smoothed; 0 before the first response. */
  readonly throughput: number
}

/** Collects {@link RequestStats}. */
export class RequestMeter implements RequestStats {
  requests = 0
  answers = 0
  items = 0
  timeouts = 0
  rtt: number | undefined
  throughput = 0

  /** Counts a response of `items` items that took `elapsed` milliseconds. */
  answered(items: number, elapsed: number): void {
    const rate = (items * 1000) / Math.max(elapsed, 1)
    this.throughput = this.answers === 0 ? rate : smooth(this.throughput, rate)
    this.rtt = this.rtt === undefined ? elapsed : smooth(this.rtt, elapsed)
    this.answers++
    this.items += items
  }
}

function smooth(old: number, measured: number): number {
  return old + IMPACT * (measured - old)
}
