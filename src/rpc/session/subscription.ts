/**
 * A subscription as its reader has it.
 * @module
 */
import { Queue } from '../../base/queue.ts'
import { RpcError, type RpcErrorObject, RpcOverflowError } from '../wire/errors.ts'

/** Values held for a reader that is behind; go-ethereum's `maxClientSubscriptionBuffer`. */
export const SUBSCRIPTION_BUFFER = 20_000
/** Characters of JSON they may be of: two of the largest messages. */
const SUBSCRIPTION_BUFFER_LENGTH = 64 * 1024 * 1024

export interface SubscribeOptions {
  /** Ends the subscription, without an error. */
  readonly signal?: AbortSignal | undefined
  /**
   * Subscribe again when the connection was lost and is back; what happened in between is lost, and the client's events
   * tell of the gap. Otherwise the loop ends with an RpcConnectionError. @default false
   */
  readonly resubscribe?: boolean | undefined
  /**
   * Values held for a reader that is behind; with one more, or with more than 64 MiB of JSON, the loop ends with an
   * RpcOverflowError. @default 20000
   */
  readonly buffer?: number | undefined
}

/** What a subscription needs of the client that made it. */
export interface SubscriptionClient {
  /** Asks the server for it. Resolves with the server's id. */
  subscribe(subscription: RpcSubscription<unknown>): Promise<string>
  unsubscribe(subscription: RpcSubscription<unknown>): void
}

/**
 * Values of the server, in its order: `for await` reads them, leaving the loop unsubscribes. It begins when it is first
 * asked for a value, or by {@link ready}.
 */
export class RpcSubscription<T> implements AsyncIterableIterator<T, undefined>, AsyncDisposable {
  readonly namespace: string
  readonly params: readonly unknown[]
  readonly options: SubscribeOptions
  /** The server's id; another one after a reconnection, undefined while there is none. */
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

  /** Resolves with the server's id when it has agreed, undefined when it was given up before; rejects with its RpcError. */
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

  /** A value came, in a message of so many characters. For the session. @internal */
  push(value: unknown, length: number): void {
    if (this.#ended) return
    const { length: held, bytes } = this.#queue
    const most = this.options.buffer ?? SUBSCRIPTION_BUFFER
    const full = held >= most || (held > 0 && bytes + length > SUBSCRIPTION_BUFFER_LENGTH)
    if (full) this.fail(new RpcOverflowError(held))
    else this.#queue.push({ value: value as T }, length)
  }

  /** The server says that it is over. For the session. @internal */
  end(error: RpcErrorObject | undefined): void {
    this.id = undefined
    this.#finish()
    this.#queue.end(error && new RpcError(error.code, error.message, { data: error.data }))
  }

  /** Ends it: what it holds is still read, then the loop throws. @internal */
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
      if (signal?.aborted) return undefined // which is an end, and no failure
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
