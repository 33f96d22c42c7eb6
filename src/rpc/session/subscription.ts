/**
 * Subscriptions of a client.
 * @module
 */
import { Queue } from '../../base/queue.ts'
import { RpcError, type RpcErrorObject, RpcOverflowError } from '../wire/errors.ts'

/** Number of queued values; go-ethereum's `maxClientSubscriptionBuffer`. */
export const SUBSCRIPTION_BUFFER = 20_000
/** Characters of JSON of all queued values: two of the largest messages. */
const SUBSCRIPTION_BUFFER_LENGTH = 64 * 1024 * 1024

export interface SubscribeOptions {
  /** Ends the subscription, without an error. */
  readonly signal?: AbortSignal | undefined
  /**
   * Subscribes again after a reconnection; values sent in between are lost, and the client's `resubscribed` event reports the
   * gap. Otherwise the loop ends with an RpcConnectionError. @default false
   */
  readonly resubscribe?: boolean | undefined
  /**
   * Number of values queued for a slow reader; with one more, or with more than 64 MiB of JSON, the loop ends with an
   * RpcOverflowError.
   * @default 20000
   */
  readonly buffer?: number | undefined
}

/** The client of a subscription. */
export interface SubscriptionClient {
  /** Requests the subscription. Resolves with the server's id. */
  subscribe(subscription: RpcSubscription<unknown>): Promise<string>
  unsubscribe(subscription: RpcSubscription<unknown>): void
}

/**
 * A subscription: `for await` reads its values in the server's order, and leaving the loop unsubscribes. The request is sent
 * by the first {@link next}, or by {@link ready}.
 */
export class RpcSubscription<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly namespace: string
  readonly params: readonly unknown[]
  readonly options: SubscribeOptions
  /** Id given by the server; changes with a reconnection, undefined while not subscribed. */
  id: string | undefined
  readonly #client: SubscriptionClient
  readonly #queue = new Queue<{ readonly value: T }>({ highWaterBytes: Number.POSITIVE_INFINITY })
  #opening: Promise<string | undefined> | undefined
  #ended = false

  constructor(client: SubscriptionClient, namespace: string, params: readonly unknown[], options: SubscribeOptions) {
    this.#client = client
    this.namespace = namespace
    this.params = params
    this.options = options
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Subscribes. Resolves with the server's id, undefined when abandoned before; rejects with the server's RpcError. */
  ready(): Promise<string | undefined> {
    this.#opening ??= this.#open()
    return this.#opening
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#opening === undefined && !this.#ended) await this.ready()
    const item = await this.#queue.take()
    return item === undefined ? { value: undefined, done: true } : { value: item.value, done: false }
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#finish()
    this.#queue.clear()
    return { value: undefined, done: true }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Queues a value, whose message had `length` characters. Called by the session. @internal */
  push(value: unknown, length: number): void {
    if (this.#ended) return
    const { length: held, bytes } = this.#queue
    const most = this.options.buffer ?? SUBSCRIPTION_BUFFER
    const full = held >= most || (held > 0 && bytes + length > SUBSCRIPTION_BUFFER_LENGTH)
    if (full) this.fail(new RpcOverflowError(held))
    else this.#queue.push({ value: value as T }, length)
  }

  /** Ends the subscription as the server did. Called by the session. @internal */
  end(error: RpcErrorObject | undefined): void {
    this.id = undefined
    this.#finish()
    this.#queue.end(error && new RpcError(error.code, error.message, { data: error.data }))
  }

  /** Ends the subscription with an error: the loop reads the queued values, then throws. @internal */
  fail(error: unknown): void {
    this.#finish()
    this.#queue.end(error)
  }

  async #open(): Promise<string | undefined> {
    const { signal } = this.options
    if (signal?.aborted) {
      await this.return()
      return undefined
    }
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    try {
      return await this.#client.subscribe(this)
    } catch (error) {
      if (signal?.aborted) return undefined // not a failure
      this.fail(error)
      throw error
    }
  }

  readonly #onAbort = (): void => {
    this.#finish()
    this.#queue.end()
  }

  #finish(): void {
    if (this.#ended) return
    this.#ended = true
    this.options.signal?.removeEventListener('abort', this.#onAbort)
    this.#client.unsubscribe(this)
  }
}
