/**
 * Calls, batches and subscriptions made from this side of a connection, and the messages that settle them.
 * @module
 */
import type { Clock } from '../../base/clock.ts'
import { describeError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { missingResponse, RpcConnectionError, RpcError, type RpcErrorObject, tooLarge } from '../wire/errors.ts'
import {
  encodeCall,
  encodeNotification,
  type RpcId,
  type RpcRequest,
  type RpcResponse,
  readMessage,
  SUBSCRIPTION_SUFFIX,
} from '../wire/message.ts'
import { type BatchCall, type CallOptions, PendingCalls } from './pending.ts'
import type { RpcSubscription } from './subscription.ts'
import type { SessionWriter } from './writer.ts'

/** Subscriptions that are being requested, and those whose response never came. */
const MAX_SUBSCRIBING = 1_000

export interface OutgoingCallsOptions {
  readonly writer: SessionWriter
  readonly clock: Clock
  readonly log: Logger
  /** Time for a call, in milliseconds. */
  readonly timeout: number
  /** Characters of one message. */
  readonly maxSendBytes: number
}

export class OutgoingCalls {
  readonly #writer: SessionWriter
  readonly #log: Logger
  readonly #maxSendBytes: number
  readonly #pending: PendingCalls
  /** Subscriptions by the server's id. BOUNDED: by the program's own subscriptions. */
  readonly #subscriptions = new Map<string, RpcSubscription<unknown>>()
  /**
   * Requested subscriptions by the id of the call: their own ids must be known before the next message is read, and those
   * that were abandoned meanwhile must be cancelled. BOUNDED: by MAX_SUBSCRIBING and the program's own calls.
   */
  readonly #subscribing = new Map<number, RpcSubscription<unknown>>()
  /** Pending batches, by the id of their first call. BOUNDED: by the program's own calls. */
  readonly #batches = new Map<number, readonly (readonly [id: number, method: string, params: readonly unknown[]])[]>()
  #ended: { readonly error: unknown } | undefined

  constructor({ writer, clock, log, timeout, maxSendBytes }: OutgoingCallsOptions) {
    this.#writer = writer
    this.#log = log
    this.#maxSendBytes = maxSendBytes
    this.#pending = new PendingCalls(clock, timeout)
  }

  /** Number of calls without a response. */
  get pending(): number {
    return this.#pending.size
  }

  call<T>(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<T> {
    if (this.#ended) return Promise.reject(neverSent(this.#ended.error))
    const id = this.#pending.nextId()
    const text = encodeCall(id, method, params)
    if (text.length > this.#maxSendBytes) return Promise.reject(tooLarge(text, this.#maxSendBytes))
    const result = this.#pending.add<T>(id, method, options)
    if (!options?.signal?.aborted) this.#writer.send(text)
    return result
  }

  /** Sends all calls in one message. Resolves in the order of the calls, when every one is settled. */
  async batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]> {
    if (this.#ended) throw neverSent(this.#ended.error)
    options?.signal?.throwIfAborted()
    const texts = calls.map(({ method, params = [] }) => [this.#pending.nextId(), method, params] as const)
    const text = `[${texts.map((call) => encodeCall(...call)).join(',')}]`
    if (text.length > this.#maxSendBytes) throw tooLarge(text, this.#maxSendBytes)
    const results = texts.map(([id, method]) => this.#pending.add(id, method, options))
    const [first] = texts[0] ?? [0]
    this.#batches.set(first, texts)
    this.#writer.send(text)
    const settled = await Promise.allSettled(results)
    this.#batches.delete(first)
    if (settled.every(isUnanswered)) throw settled[0]?.reason
    return settled
  }

  notify(method: string, params: readonly unknown[] = []): void {
    if (this.#ended) throw neverSent(this.#ended.error)
    this.#writer.send(encodeNotification(method, params))
  }

  /** Resolves with the server's id of the subscription. */
  async subscribe(subscription: RpcSubscription<unknown>, options?: CallOptions): Promise<string> {
    if (this.#ended) throw neverSent(this.#ended.error)
    const id = this.#pending.nextId()
    const method = `${subscription.namespace}_subscribe`
    const answer = this.#pending.add<string>(id, method, options)
    this.#subscribing.set(id, subscription)
    if (this.#subscribing.size > MAX_SUBSCRIBING) this.#forgetUnanswered()
    this.#writer.send(encodeCall(id, method, subscription.params))
    const serverId: unknown = await answer
    if (typeof serverId === 'string') return serverId
    throw new RpcConnectionError('ERR_RPC_ANSWER', `response to ${method} is not a subscription id`, {
      mayHaveRun: true,
    })
  }

  /** Forgets one subscription whose call was abandoned and whose response has not come. */
  #forgetUnanswered(): void {
    for (const id of this.#subscribing.keys()) {
      if (!this.#pending.isPending(id)) return void this.#subscribing.delete(id)
    }
  }

  /** Forgets the subscription, and tells the server. */
  unsubscribe(subscription: RpcSubscription<unknown>): void {
    const { id, namespace } = subscription
    if (id === undefined || this.#subscriptions.get(id) !== subscription) return
    this.#subscriptions.delete(id)
    if (!this.#ended) this.call(`${namespace}_unsubscribe`, [id]).catch(() => {})
  }

  /** Fails all pending calls; later ones fail with the same error as their cause. */
  close(error: unknown): void {
    this.#ended = { error }
    this.#pending.failAll(error)
    this.#subscriptions.clear()
    this.#subscribing.clear()
  }

  // --- messages of the remote -----------------------------------------------------------------

  /** Settles the call of a plain response, which nearly every message is. False when nothing was done with the value. */
  settlePlain(value: unknown): boolean {
    return this.#subscribing.size === 0 && this.#pending.settlePlain(value)
  }

  settle(answer: RpcResponse): void {
    const subscription = typeof answer.id === 'number' ? this.#subscribing.get(answer.id) : undefined
    if (subscription) this.#subscribing.delete(answer.id as number)
    if (subscription && typeof answer.result === 'string') this.#begin(subscription, answer.result)
    if (!this.#pending.settle(answer)) this.#log.debug('Response with unknown id', { id: answer.id })
  }

  /** Settles a batch of responses; false when the first value is not a response: nobody mixes the two. */
  settleBatch(values: readonly unknown[]): boolean {
    const first = readMessage(values[0])
    if (first.kind !== 'response') return false
    for (const value of values) {
      const message = readMessage(value)
      if (message.kind === 'response') this.settle(message)
    }
    this.#failUnanswered(first.id)
    return true
  }

  /** Fails the calls that the response to their batch leaves out: go-ethereum's `ErrMissingBatchResponse`. */
  #failUnanswered(id: RpcId): void {
    if (typeof id !== 'number') return
    for (const [first, calls] of this.#batches) {
      if (id < first || id > (calls.at(-1)?.[0] ?? first)) continue
      for (const [each, method] of calls) this.#pending.fail(each, missingResponse(method))
    }
  }

  #begin(subscription: RpcSubscription<unknown>, id: string): void {
    subscription.id = id
    this.#subscriptions.set(id, subscription)
    if (subscription.ended) this.unsubscribe(subscription) // abandoned before the response came
  }

  /**
   * Delivers a notification to its subscription; false when it does not belong to one: then it is an ordinary notification.
   */
  deliver({ method, params }: RpcRequest, length: number): boolean {
    const isValue = method.endsWith(SUBSCRIPTION_SUFFIX.value)
    if (!isValue && !method.endsWith(SUBSCRIPTION_SUFFIX.end)) return false
    const { subscription: id, result, error } = (params ?? {}) as SubscriptionParams
    if (typeof id !== 'string') return false
    const subscription = this.#subscriptions.get(id)
    if (isValue && result !== undefined) subscription?.push(result, length)
    else if (isValue) this.#log.debug('Subscription notification without a value', { id })
    else if (this.#subscriptions.delete(id)) subscription?.end(error)
    return true
  }
}

interface SubscriptionParams {
  readonly subscription?: unknown
  readonly result?: unknown
  readonly error?: RpcErrorObject
}

/** The error of a call on a connection that had ended before. */
function neverSent(cause: unknown): RpcConnectionError {
  const code = cause instanceof RpcConnectionError ? cause.code : 'ERR_RPC_CONNECTION'
  return new RpcConnectionError(code, describeError(cause), { mayHaveRun: false, cause })
}

/**
 * True for a call of a batch that was abandoned or lost: no call of the batch has a response then, for all come in one
 * message.
 */
function isUnanswered(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  if (result.status === 'fulfilled' || result.reason instanceof RpcError) return false
  return !(result.reason instanceof RpcConnectionError && result.reason.code === 'ERR_RPC_ANSWER')
}
