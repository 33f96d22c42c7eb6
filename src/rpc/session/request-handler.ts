/**
 * Execution of requests and batches, from the decoded message to the encoded response, for every transport. A call that
 * finishes in the tick it began in costs no promise.
 * @module
 */
import { type Clock, systemClock } from '../../base/clock.ts'
import { describeError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { yieldNow } from '../../base/yield-budget.ts'
import { isCrash, RpcError, RpcErrorCode, type RpcErrorObject, stackOf, toErrorObject } from '../wire/errors.ts'
import {
  encodeError,
  encodeResult,
  joinResponse,
  MAX_METHOD_LENGTH,
  type ResponseText,
  type RpcId,
  type RpcRequest,
  readMessage,
} from '../wire/message.ts'
import type { CallContext } from './api.ts'
import { type Callable, invoke, type Methods } from './registry.ts'

export interface BatchLimits {
  /** Number of calls in one batch. */
  readonly batchItems: number
  /** Characters of all responses to one batch. */
  readonly batchResponseBytes: number
}

/** The caller that waits for the response. */
export interface Caller extends CallContext {
  /** Rejects when the deadline of the call has passed; absent where there is none. */
  readonly deadline?: Promise<never> | undefined
  /** Opens and cancels subscriptions; absent where only responses can be sent (HTTP). */
  readonly notifier?: Notifier | undefined
}

/** A connection that carries subscriptions. */
export interface Notifier {
  /** @returns the id of the new subscription; its first value is sent after the response with that id */
  open(callable: Callable, params: readonly unknown[]): string
  /** @returns false when there is no subscription of this id */
  cancel(id: string): boolean
}

/** An encoded response, or undefined when none is to be sent. */
export type EncodedResponse = ResponseText | undefined
type MaybePromise<T> = T | Promise<T>

const PARSE_ERROR: RpcErrorObject = { code: RpcErrorCode.Parse, message: 'parse error' }
const INVALID: RpcErrorObject = { code: RpcErrorCode.InvalidRequest, message: 'invalid request' }
const TOO_LARGE: RpcErrorObject = { code: RpcErrorCode.ResponseTooLarge, message: 'response too large' }
export const PARSE_ERROR_RESPONSE = encodeError(null, PARSE_ERROR)

const NO_SUBSCRIPTION = 'the method returned an async iterator: only an async generator function is a subscription'

/** Time after which a batch yields to other work, in milliseconds. */
const BATCH_SLICE = 10
/** Number of calls between two looks at the clock. */
const CALLS_PER_CLOCK_READ = 8

export class RequestHandler {
  readonly #methods: Methods
  readonly #limits: BatchLimits
  readonly #log: Logger
  readonly #clock: Clock

  constructor(methods: Methods, limits: BatchLimits, log: Logger, clock: Clock = systemClock) {
    this.#clock = clock
    this.#methods = methods
    this.#limits = limits
    this.#log = log
  }

  /** Executes a parsed request or batch. Never throws or rejects. */
  handle(value: unknown, caller: Caller): MaybePromise<EncodedResponse> {
    return Array.isArray(value) ? this.#batch(value, caller) : this.#single(value, caller)
  }

  #single(value: unknown, caller: Caller): MaybePromise<EncodedResponse> {
    const message = readMessage(value)
    if (message.kind === 'request') return this.handleCall(message, caller)
    return encodeError(message.id, INVALID)
  }

  /** Executes one call or notification. Never throws or rejects. */
  handleCall(request: RpcRequest, caller: Caller): MaybePromise<EncodedResponse> {
    try {
      const result = this.#run(request, caller)
      if (isThenable(result)) return this.#later(request, result, caller)
      return this.#encode(request.id, result)
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  async #later(request: RpcRequest, result: PromiseLike<unknown>, { deadline }: Caller): Promise<EncodedResponse> {
    try {
      return this.#encode(request.id, await (deadline ? Promise.race([result, deadline]) : result))
    } catch (error) {
      return this.#failed(request, error)
    }
  }

  #run({ method, params }: RpcRequest, caller: Caller): unknown {
    const callable = this.#methods.method(method)
    if (callable) return invoke(callable, params, caller)
    if (method.length <= MAX_METHOD_LENGTH) {
      if (method.endsWith('_subscribe')) return this.#subscribe(method.slice(0, -10), params, caller)
      if (method.endsWith('_unsubscribe')) return this.#unsubscribe(method.slice(0, -12), params, caller)
    }
    const name = method.length > 100 ? `${method.slice(0, 100)}…` : method
    throw new RpcError(RpcErrorCode.MethodNotFound, `the method ${name} does not exist/is not available`)
  }

  #subscribe(namespace: string, params: unknown, { notifier }: Caller): string {
    if (!notifier) throw new RpcError(RpcErrorCode.MethodNotFound, 'notifications not supported')
    const [name, ...rest] = Array.isArray(params) ? params : []
    if (typeof name !== 'string')
      throw new RpcError(RpcErrorCode.InvalidParams, 'expected subscription name as first argument')
    const callable = this.#methods.subscription(`${namespace}_${name}`)
    if (callable) return notifier.open(callable, rest)
    const what = JSON.stringify(name.slice(0, 100))
    throw new RpcError(RpcErrorCode.MethodNotFound, `no ${what} subscription in ${namespace.slice(0, 100)} namespace`)
  }

  #unsubscribe(namespace: string, params: unknown, { notifier }: Caller): true {
    if (!notifier || !this.#methods.offers(namespace)) {
      throw new RpcError(RpcErrorCode.MethodNotFound, 'notifications not supported')
    }
    const [id] = Array.isArray(params) ? params : []
    if (typeof id !== 'string') throw new RpcError(RpcErrorCode.InvalidParams, 'missing value for required argument 0')
    if (notifier.cancel(id)) return true
    throw new RpcError(RpcErrorCode.Default, 'subscription not found')
  }

  #encode(id: RpcId | undefined, result: unknown): EncodedResponse {
    if (isAsyncIterator(result)) throw new TypeError(NO_SUBSCRIPTION)
    return id === undefined ? undefined : encodeResult(id, result)
  }

  #failed({ id, method }: RpcRequest, error: unknown): EncodedResponse {
    if (isCrash(error)) {
      this.#log.error('Method crashed', { method, error: describeError(error), stack: stackOf(error) })
    }
    return id === undefined ? undefined : encodeError(id, toErrorObject(error))
  }

  /** Executes the calls one after another, as go-ethereum does: a batch does not multiply the calls in flight. */
  #batch(values: readonly unknown[], caller: Caller): MaybePromise<EncodedResponse> {
    if (values.length === 0) return encodeError(null, { code: RpcErrorCode.InvalidRequest, message: 'empty batch' })
    if (values.length > this.#limits.batchItems) return `[${encodeError(firstId(values), BATCH_TOO_LARGE)}]`
    const batch = new BatchResponse(values, this.#limits.batchResponseBytes)
    const began = this.#clock.now()
    while (!batch.isComplete) {
      const answer = this.#single(batch.next, caller)
      if (answer instanceof Promise) return this.#batchLater(batch, answer, caller)
      batch.add(answer)
      if (batch.done % CALLS_PER_CLOCK_READ === 0 && !batch.isComplete && this.#clock.now() - began >= BATCH_SLICE) {
        return this.#batchLater(batch, undefined, caller)
      }
    }
    return batch.text
  }

  /** Executes the rest of a batch, after the call that is in flight, if any. Yields to other work every BATCH_SLICE. */
  async #batchLater(
    batch: BatchResponse,
    begun: Promise<EncodedResponse> | undefined,
    caller: Caller,
  ): Promise<EncodedResponse> {
    if (begun) batch.add(await begun)
    else await yieldNow()
    for (let since = this.#clock.now(); !batch.isComplete; ) {
      if (caller.signal.aborted) return batch.refuse(TIMED_OUT)
      batch.add(await this.#single(batch.next, caller))
      if (this.#clock.now() - since < BATCH_SLICE) continue
      await yieldNow()
      since = this.#clock.now()
    }
    return batch.text
  }
}

/** Longest text, below V8's limit of some 536,870,000 characters. */
const MAX_TEXT_LENGTH = 500_000_000

/** Responses to the calls of a batch, collected in order. */
class BatchResponse {
  readonly #values: readonly unknown[]
  readonly #maxLength: number
  /** BOUNDED: by the calls of the batch, and by #maxLength. */
  readonly #answers: string[] = []
  #length = 0
  /** Number of calls that have a response, or need none. */
  done = 0

  constructor(values: readonly unknown[], maxLength: number) {
    this.#values = values
    this.#maxLength = Math.min(maxLength, MAX_TEXT_LENGTH)
  }

  get isComplete(): boolean {
    return this.done === this.#values.length
  }

  /** The call to execute next. */
  get next(): unknown {
    return this.#values[this.done]
  }

  get text(): EncodedResponse {
    return this.#answers.length === 0 ? undefined : `[${this.#answers.join(',')}]`
  }

  /** Adds the response to {@link next}. One that exceeds the limit is replaced by an error, and so are all after it. */
  add(answer: EncodedResponse): void {
    if (answer !== undefined) {
      const text = joinResponse(answer)
      this.#length += text.length
      if (this.#length > this.#maxLength) return void this.refuse(TOO_LARGE)
      this.#answers.push(text)
    }
    this.done++
  }

  /** Adds `error` as the response to all calls that have none. */
  refuse(error: RpcErrorObject): EncodedResponse {
    for (const refusal of refusals(this.#values.slice(this.done), error)) this.#answers.push(refusal)
    this.done = this.#values.length
    return this.text
  }
}

const BATCH_TOO_LARGE: RpcErrorObject = { code: RpcErrorCode.InvalidRequest, message: 'batch too large' }
const TIMED_OUT: RpcErrorObject = { code: RpcErrorCode.Timeout, message: 'request timed out' }

function refusals(values: readonly unknown[], error: RpcErrorObject): string[] {
  return values.flatMap((value) => {
    const message = readMessage(value)
    if (message.kind === 'invalid') return [encodeError(message.id, INVALID)]
    return message.id === undefined ? [] : [encodeError(message.id, error)]
  })
}

/** @returns true for a promise of any library */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

function isAsyncIterator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

function firstId(values: readonly unknown[]): RpcId {
  for (const value of values) {
    const message = readMessage(value)
    if (message.kind === 'request' && message.id !== undefined) return message.id
  }
  return null
}
