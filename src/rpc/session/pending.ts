/**
 * Calls that wait for their answers.
 * @module
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { RpcError } from '../wire/errors.ts'
import type { RpcId, RpcResponse } from '../wire/message.ts'

export interface CallOptions {
  /** Gives the call up; the promise rejects with the signal's reason. The server may still do what it was asked for. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the call rejects with a TimeoutError; Infinity for never. @default the client's `timeout` */
  readonly timeout?: number | undefined
}

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
  /** Cancels what was set up for this call alone. */
  readonly release: (() => void) | undefined
}

const MIN_SLOTS = 64

/**
 * One timer does for all calls that have the time to live that most have. A call with a time or signal of its own pays for it.
 *
 * Calls lie in an array, at the low bits of their ids. In V8 a Map that as many go out of as come into is made anew all the
 * time; once it has lived through a full collection, that happens among the old objects, and takes 2 µs a call instead of 0.2.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #timeout: number
  /** A power of two, at least twice as many as calls. BOUNDED: by the program's own calls. */
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

  /** An id that was not used before. */
  nextId(): number {
    do this.#lastId++
    while (this.#slots[this.#slotOf(this.#lastId)])
    return this.#lastId
  }

  /** Waits for the answer to the call of this id. */
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

  /** Settles what nearly every message is, without a look at what else it could be. False: nothing was done with it. */
  settlePlain(value: unknown): boolean {
    if (this.#size === 0 || typeof value !== 'object' || value === null) return false
    const { jsonrpc, id, result, error, method } = value as Readonly<Record<string, unknown>>
    if (jsonrpc !== '2.0' || result === undefined || typeof id !== 'number') return false
    if (error !== undefined || method !== undefined) return false
    const call = this.#take(id)
    call?.resolve(result)
    return call !== undefined
  }

  /** Whether the call of this id is not settled yet. */
  isPending(id: number): boolean {
    return this.#slots[this.#slotOf(id)]?.id === id
  }

  /** False for an answer nobody waits for. */
  settle({ id, error, result }: RpcResponse): boolean {
    const call = this.#take(id)
    if (!call) return false
    if (error) call.reject(new RpcError(error.code, error.message, { data: error.data }))
    else call.resolve(result)
    return true
  }

  /** Has one call fail; false when it is settled. */
  fail(id: number, error: unknown): boolean {
    const call = this.#take(id)
    call?.reject(error)
    return call !== undefined
  }

  /** Has all that wait fail. */
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

  /** The slot is taken only where the ids of a batch go around: they were given out before one of them lay here. */
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
