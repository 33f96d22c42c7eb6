/**
 * Calls that wait for their answers.
 * @module
 */
import type { Clock, Timer } from '../base/clock.ts'
import { TimeoutError } from '../base/errors.ts'
import { RpcError } from './errors.ts'
import type { RpcAnswer, RpcId } from './message.ts'

export interface CallOptions {
  /** Gives the call up; the promise rejects with the signal's reason. The server may still do what it was asked for. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the call rejects with a TimeoutError; Infinity for never. @default the client's `timeout` */
  readonly timeout?: number | undefined
}

interface PendingCall {
  readonly method: string
  readonly deadline: number
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
  /** Cancels what was set up for this call alone. */
  readonly release: (() => void) | undefined
}

/**
 * Most calls have the same time to live, so that the oldest is the next to be over: one timer does for all. A call with a
 * time or signal of its own pays for it.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #timeout: number
  /** In the order they were made. BOUNDED: by the program's own calls. */
  readonly #calls = new Map<number, PendingCall>()
  #lastId = 0
  #timer: Timer | undefined

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#timeout = timeout
  }

  get size(): number {
    return this.#calls.size
  }

  /** An id that was not used before. */
  nextId(): number {
    return ++this.#lastId
  }

  /** Waits for the answer to the call of this id. */
  add<T>(id: number, method: string, { signal, timeout }: CallOptions = {}): Promise<T> {
    return new Promise<unknown>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const own = timeout !== undefined && timeout !== this.#timeout
      const deadline = own ? Number.POSITIVE_INFINITY : this.#clock.now() + this.#timeout
      const release = own || signal ? this.#limit(id, method, own ? timeout : undefined, signal) : undefined
      this.#calls.set(id, { method, deadline, resolve, reject, release })
      if (!this.#timer && deadline !== Number.POSITIVE_INFINITY) this.#arm(this.#timeout)
    }) as Promise<T>
  }

  /** Settles what nearly every message is, without a look at what else it could be. False: nothing was done with it. */
  settlePlain(value: unknown): boolean {
    if (this.#calls.size === 0 || typeof value !== 'object' || value === null) return false
    const { jsonrpc, id, result, error, method } = value as Readonly<Record<string, unknown>>
    if (jsonrpc !== '2.0' || result === undefined || typeof id !== 'number') return false
    if (error !== undefined || method !== undefined) return false
    const call = this.#take(id)
    call?.resolve(result)
    return call !== undefined
  }

  /** False for an answer nobody waits for. */
  settle({ id, error, result }: RpcAnswer): boolean {
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
    for (const id of [...this.#calls.keys()]) this.fail(id, error)
  }

  #take(id: RpcId): PendingCall | undefined {
    if (typeof id !== 'number') return undefined
    const call = this.#calls.get(id)
    if (!call) return undefined
    this.#calls.delete(id)
    call.release?.()
    return call
  }

  #limit(id: number, method: string, timeout: number | undefined, signal: AbortSignal | undefined): () => void {
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
    for (const [id, { deadline, method }] of this.#calls) {
      if (deadline === Number.POSITIVE_INFINITY) continue
      if (deadline > now) return this.#arm(deadline - now)
      this.fail(id, new TimeoutError(method, this.#timeout))
    }
  }
}
