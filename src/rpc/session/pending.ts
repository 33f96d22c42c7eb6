/**
 * Pending calls: those that have been sent and have no response yet.
 * @module
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { RpcError } from '../wire/errors.ts'
import type { RpcId, RpcResponse } from '../wire/message.ts'

export interface CallOptions {
  /** Abandons the call; its promise rejects with the signal's reason. The server may still execute it. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the call rejects with a TimeoutError; Infinity for never. @default the client's `timeout` */
  readonly timeout?: number | undefined
}

/** A call of a batch. */
export interface BatchCall {
  readonly method: string
  readonly params?: readonly unknown[] | undefined
}

interface PendingCall {
  readonly id: number
  readonly method: string
  readonly deadline: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Cancels the timer and the abort listener of this call. */
  readonly release: (() => void) | undefined
}

const MIN_SLOTS = 64

/**
 * Pending calls by id. One timer serves all calls with the default timeout; a call with another timeout or a signal has its
 * own.
 *
 * Calls are stored in an array, indexed by the low bits of their ids. V8 reallocates a Map with as many deletions as
 * insertions all the time; once the Map has survived a full collection, that happens in the old generation and takes 2 µs a
 * call instead of 0.2.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #timeout: number
  /** Length: a power of two, at least twice the number of calls. BOUNDED: by the program's own calls. */
  #slots: (PendingCall | undefined)[] = emptySlots(MIN_SLOTS)
  #size = 0
  #lastId = 0
  #timer: Timer | undefined

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#timeout = timeout
  }

  get size(): number {
    return this.#size
  }

  /** @returns an id that was not used before */
  nextId(): number {
    do this.#lastId++
    while (this.#slots[this.#slotOf(this.#lastId)])
    return this.#lastId
  }

  /** Adds a call. The promise settles with its response, a TimeoutError, or the signal's reason. */
  add<T>(id: number, method: string, { signal, timeout }: CallOptions = {}): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const own = timeout !== undefined && timeout !== this.#timeout
      const deadline = own ? Number.POSITIVE_INFINITY : this.#clock.now() + this.#timeout
      const release = own || signal ? this.#setOwnDeadline(id, method, own ? timeout : undefined, signal) : undefined
      this.#put({ id, method, deadline, resolve, reject, release })
      if (!this.#timer && deadline !== Number.POSITIVE_INFINITY) this.#arm(this.#timeout)
    }) as Promise<T>
  }

  /**
   * Settles the call of a plain result, the most frequent message, by a fast path. @returns false when nothing was settled
   */
  settlePlain(value: unknown): boolean {
    if (this.#size === 0 || typeof value !== 'object' || value === null) return false
    const { jsonrpc, id, result, error, method } = value as Readonly<Record<string, unknown>>
    if (jsonrpc !== '2.0' || result === undefined || typeof id !== 'number') return false
    if (error !== undefined || method !== undefined) return false
    const call = this.#take(id)
    call?.resolve(result)
    return call !== undefined
  }

  /** @returns true while the call of this id is not settled */
  isPending(id: number): boolean {
    return this.#slots[this.#slotOf(id)]?.id === id
  }

  /** @returns false when no call of this id is pending */
  settle({ id, error, result }: RpcResponse): boolean {
    const call = this.#take(id)
    if (!call) return false
    if (error) call.reject(new RpcError(error.code, error.message, { data: error.data }))
    else call.resolve(result)
    return true
  }

  /** Rejects one call. @returns false when it is settled already */
  fail(id: number, error: unknown): boolean {
    const call = this.#take(id)
    call?.reject(error)
    return call !== undefined
  }

  /** Rejects all pending calls. */
  failAll(error: unknown): void {
    this.#timer?.cancel()
    this.#timer = undefined
    for (const call of this.#all()) this.fail(call.id, error)
  }

  #take(id: RpcId): PendingCall | undefined {
    if (typeof id !== 'number') return undefined
    const slot = this.#slotOf(id)
    const call = this.#slots[slot]
    if (call?.id !== id) return undefined
    this.#slots[slot] = undefined
    this.#size--
    call.release?.()
    return call
  }

  #slotOf(id: number): number {
    return id & (this.#slots.length - 1)
  }

  /**
   * Stores a call. Its slot is taken only if the ids of a batch wrap around: all of them are drawn before the first is
   * stored.
   */
  #put(call: PendingCall): void {
    while (this.#size * 2 >= this.#slots.length || this.#slots[this.#slotOf(call.id)]) this.#grow()
    this.#slots[this.#slotOf(call.id)] = call
    this.#size++
  }

  #grow(): void {
    const calls = this.#all()
    this.#slots = emptySlots(this.#slots.length * 2)
    for (const call of calls) this.#slots[this.#slotOf(call.id)] = call
  }

  #all(): PendingCall[] {
    return this.#slots.filter((call) => call !== undefined)
  }

  #setOwnDeadline(
    id: number,
    method: string,
    timeout: number | undefined,
    signal: AbortSignal | undefined,
  ): () => void {
    const finite = timeout !== undefined && Number.isFinite(timeout)
    const timer = finite
      ? this.#clock.setTimer(timeout, () => this.fail(id, new TimeoutError(method, timeout)))
      : undefined
    const onAbort = (): void => {
      this.fail(id, signal?.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    return () => {
      timer?.cancel()
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #arm(delay: number): void {
    if (!Number.isFinite(delay)) return
    this.#timer = this.#clock.setTimer(delay, () => this.#expire())
  }

  #expire(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    for (const { id, deadline, method } of this.#all()) {
      if (deadline > now) next = Math.min(next, deadline)
      else this.fail(id, new TimeoutError(method, this.#timeout))
    }
    if (!this.#timer) this.#arm(next - now)
  }
}

function emptySlots(length: number): undefined[] {
  return new Array<undefined>(length).fill(undefined)
}
