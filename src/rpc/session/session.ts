/**
 * One connection that carries calls both ways: what the other side asks is answered, what it answers goes to who asked.
 * Client and server are the same here; they differ in what they have registered.
 * @module
 */
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { describeError, PeerloomError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import {
  lostConnection,
  missingAnswer,
  RpcConnectionError,
  RpcError,
  type RpcErrorObject,
  toErrorObject,
  tooLarge,
} from '../wire/errors.ts'
import {
  encodeCall,
  encodeError,
  encodeNotification,
  joinAnswer,
  NOTICE,
  type RpcAnswer,
  type RpcId,
  type RpcRequest,
  readMessage,
} from '../wire/message.ts'
import type { Wire, WireSink } from '../wire/wire.ts'
import { type Answer, type Answerer, PARSE_ANSWER } from './answer.ts'
import type { RpcRemote } from './api.ts'
import { type BatchCall, type CallOptions, PendingCalls } from './pending.ts'
import { ServedSubscriptions } from './served.ts'
import { ServerLimits } from './server-limits.ts'
import { SessionCaller } from './session-caller.ts'
import type { RpcSubscription } from './subscription.ts'

export interface SessionOptions {
  readonly wire: Wire
  readonly answerer: Answerer
  readonly remote: Omit<RpcRemote, 'call'>
  /** Of calls made from here, in milliseconds. */
  readonly timeout: number
  /** Characters of what is sent at once from here. @default no limit */
  readonly maxSendBytes?: number
  readonly clock?: Clock
  readonly log?: Logger
  /** Called once. */
  readonly onEnd?: (error: unknown) => void
  /** Whether bytes that are no JSON end it: where one message cannot be told from the next. @default false */
  readonly endsAtGarbage?: boolean
  /** Shared with other connections. @default of its own */
  readonly limits?: ServerLimits
}

/** Calls of one connection that run at a time; reading stops until one has ended. A batch may have more to say. */
export const MAX_IN_FLIGHT = 100
const BATCH_WEIGHT = 10
/** Unsent bytes at which reading stops: who does not take answers asks nothing more. */
export const MAX_BUFFERED_BYTES = 1024 * 1024
/** How long a connection may take nothing of what waits for it, in milliseconds; go-ethereum's `defaultWriteTimeout`. */
export const WRITE_TIMEOUT = 10_000
/** Subscriptions that are being asked for, and those whose answer never came. */
const MAX_SUBSCRIBING = 1_000
/** For what is left to say once nothing more is answered, in milliseconds. */
export const FAREWELL_TIME = 500

export class Session implements WireSink {
  readonly remote: RpcRemote
  readonly #options: SessionOptions
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #log: Logger
  readonly #pending: PendingCalls
  readonly #served: ServedSubscriptions
  readonly #limits: ServerLimits
  readonly #maxSendBytes: number
  readonly #gone = new AbortController()
  /** By the server's id. BOUNDED: by the program's own subscriptions. */
  readonly #subscriptions = new Map<string, RpcSubscription<unknown>>()
  /**
   * By the id of the call: the answer's id must be known before the message after it is read, and one that was given up meanwhile
   * is to be taken back. BOUNDED: by MAX_SUBSCRIBING and the program's own calls.
   */
  readonly #subscribing = new Map<number, RpcSubscription<unknown>>()
  /** Batches that wait, by the id of their first call. BOUNDED: by the program's own calls. */
  readonly #batches = new Map<number, readonly (readonly [id: number, method: string, params: readonly unknown[]])[]>()
  #inFlight = 0
  /** Bytes that wait to be read, as far as #limits know of them. */
  #unread = 0
  /** Characters of all that was sent. */
  #sentLength = 0
  /** Calls that came in one piece with others, after which reading stopped. BOUNDED: by a piece. */
  readonly #waiting: (readonly [value: unknown, length: number])[] = []
  #paused = false
  #room: Deferred<void> | undefined
  /** Rings while there is no room. */
  #watcher: Timer | undefined
  #finishing: Deferred<void> | undefined
  #ended: { readonly error: unknown } | undefined

  constructor(options: SessionOptions) {
    const { wire, clock = systemClock, log = silentLogger, remote, timeout } = options
    this.#options = options
    this.#limits = options.limits ?? new ServerLimits()
    this.#wire = wire
    this.#clock = clock
    this.#log = log
    this.#maxSendBytes = options.maxSendBytes ?? Number.POSITIVE_INFINITY
    this.#pending = new PendingCalls(clock, timeout)
    this.remote = { ...remote, call: (method, params) => this.call(method, params) }
    this.#served = new ServedSubscriptions({
      limits: this.#limits,
      remote: this.remote,
      log,
      send: (text) => this.#send(text),
      room: () => this.#room?.promise,
    })
  }

  /** Aborts when the connection has gone. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  call<T>(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<T> {
    if (this.#ended) return Promise.reject(neverSent(this.#ended.error))
    const id = this.#pending.nextId()
    const text = encodeCall(id, method, params)
    if (text.length > this.#maxSendBytes) return Promise.reject(tooLarge(text, this.#maxSendBytes))
    const result = this.#pending.add<T>(id, method, options)
    if (!options?.signal?.aborted) this.#send(text)
    return result
  }

  /** All in one message. Resolves in the order of the calls, when every one is settled. */
  async batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]> {
    if (this.#ended) throw neverSent(this.#ended.error)
    options?.signal?.throwIfAborted()
    const texts = calls.map(({ method, params = [] }) => [this.#pending.nextId(), method, params] as const)
    const text = `[${texts.map((call) => encodeCall(...call)).join(',')}]`
    if (text.length > this.#maxSendBytes) throw tooLarge(text, this.#maxSendBytes)
    const results = texts.map(([id, method]) => this.#pending.add(id, method, options))
    const [first] = texts[0] ?? [0]
    this.#batches.set(first, texts)
    this.#send(text)
    const settled = await Promise.allSettled(results)
    this.#batches.delete(first)
    if (settled.every(isUnanswered)) throw settled[0]?.reason
    return settled
  }

  notify(method: string, params: readonly unknown[] = []): void {
    if (this.#ended) throw neverSent(this.#ended.error)
    this.#send(encodeNotification(method, params))
  }

  /** Resolves with the server's id of it. */
  async subscribe(subscription: RpcSubscription<unknown>, options?: CallOptions): Promise<string> {
    if (this.#ended) throw neverSent(this.#ended.error)
    const id = this.#pending.nextId()
    const method = `${subscription.namespace}_subscribe`
    const answer = this.#pending.add<string>(id, method, options)
    this.#subscribing.set(id, subscription)
    if (this.#subscribing.size > MAX_SUBSCRIBING) this.#forgetUnanswered()
    this.#send(encodeCall(id, method, subscription.params))
    const serverId: unknown = await answer
    if (typeof serverId === 'string') return serverId
    throw new RpcConnectionError('ERR_RPC_ANSWER', `the answer to ${method} is no id`, { mayHaveRun: true })
  }

  /** One that was given up, and whose answer has not come. */
  #forgetUnanswered(): void {
    for (const id of this.#subscribing.keys()) {
      if (!this.#pending.waitsFor(id)) return void this.#subscribing.delete(id)
    }
  }

  /** Forgets it, and tells the server. */
  unsubscribe(subscription: RpcSubscription<unknown>): void {
    const { id, namespace } = subscription
    if (id === undefined || this.#subscriptions.get(id) !== subscription) return
    this.#subscriptions.delete(id)
    if (!this.#ended) this.call(`${namespace}_unsubscribe`, [id]).catch(() => {})
  }

  /** Takes no more calls, lets those that run be answered for `grace` milliseconds, then closes. */
  async finish(grace: number, reason?: string): Promise<void> {
    if (this.#finishing || this.#ended) return await this.#finishing?.promise
    this.#finishing = deferred()
    this.#paused = true
    this.#wire.pause()
    if (this.#inFlight > 0) await Promise.race([this.#finishing.promise, this.#clock.sleep(grace)])
    this.#wire.resume() // the other side's farewell is to be read
    this.close(undefined, reason)
  }

  /** Flushes, then closes. What still waits for an answer fails. */
  close(error: unknown = lostConnection('closed here'), reason?: string): void {
    if (this.#ended) return
    this.#wire.close(reason)
    this.#clock.setTimer(WRITE_TIMEOUT, () => this.#wire.destroy()) // the other side may never end its half
    this.end(error)
  }

  // --- what the wire says ---------------------------------------------------------------------

  message(value: unknown, length: number): void {
    if (this.#ended) return
    if (this.#subscribing.size === 0 && this.#pending.settlePlain(value)) return
    if (Array.isArray(value) && value.length > 0) return this.#batchCame(value)
    const message = Array.isArray(value) ? undefined : readMessage(value)
    if (message?.kind === 'answer') return this.#answered(message)
    if (message?.kind === 'request' && message.id === undefined && this.#notified(message, length)) return
    if (this.#paused) return void this.#waiting.push([value, length])
    const caller = new SessionCaller(this, this.#served)
    const { answerer } = this.#options
    if (message?.kind === 'request') this.#reply(answerer.call(message, caller), caller)
    else this.#reply(answerer.answer(value, caller), caller)
  }

  garbage(error?: unknown): void {
    this.#send(error instanceof RpcError ? encodeError(null, toErrorObject(error)) : PARSE_ANSWER)
    if (!this.#options.endsAtGarbage) return
    const why = error === undefined ? 'what came is no JSON' : describeError(error)
    this.close(new RpcConnectionError('ERR_RPC_ANSWER', why, { mayHaveRun: true, cause: error }))
  }

  drain(): void {
    this.#countUnread(0)
    this.#watcher?.cancel()
    this.#room?.resolve()
    this.#room = undefined
    this.#resume()
  }

  end(error?: unknown): void {
    if (this.#ended) return
    const reason = asConnectionError(error)
    this.#ended = { error: reason }
    this.#pending.failAll(reason)
    this.#served.close(reason)
    this.#gone.abort(reason)
    this.#countUnread(0)
    this.#watcher?.cancel()
    this.#room?.resolve()
    this.#finishing?.resolve()
    this.#subscriptions.clear()
    this.#subscribing.clear()
    this.#options.onEnd?.(reason)
  }

  // --- answers --------------------------------------------------------------------------------

  #answered(answer: RpcAnswer): void {
    const subscription = typeof answer.id === 'number' ? this.#subscribing.get(answer.id) : undefined
    if (subscription) this.#subscribing.delete(answer.id as number)
    if (subscription && typeof answer.result === 'string') this.#begin(subscription, answer.result)
    if (!this.#pending.settle(answer)) this.#log.debug('an answer to nothing', { id: answer.id })
  }

  #begin(subscription: RpcSubscription<unknown>, id: string): void {
    subscription.id = id
    this.#subscriptions.set(id, subscription)
    if (subscription.ended) this.unsubscribe(subscription) // given up before the answer came
  }

  /** False when it is no word of a subscription: then it is a notification like any other. */
  #notified({ method, params }: RpcRequest, length: number): boolean {
    const isValue = method.endsWith(NOTICE.value)
    if (!isValue && !method.endsWith(NOTICE.end)) return false
    const { subscription: id, result, error } = (params ?? {}) as NoticeParams
    if (typeof id !== 'string') return false
    const subscription = this.#subscriptions.get(id)
    if (isValue && result !== undefined) subscription?.offer(result, length)
    else if (isValue) this.#log.debug('a word of a subscription without a value', { id })
    else if (this.#subscriptions.delete(id)) subscription?.over(error)
    return true
  }

  // --- calls of the other side ----------------------------------------------------------------

  /** A batch of answers, or of requests: nobody mixes the two. */
  #batchCame(values: readonly unknown[]): void {
    const first = readMessage(values[0])
    if (first.kind === 'answer') {
      for (const value of values) {
        const message = readMessage(value)
        if (message.kind === 'answer') this.#answered(message)
      }
      return this.#batchAnswered(first.id)
    }
    if (this.#paused) return void this.#waiting.push([values, 0])
    const caller = new SessionCaller(this, this.#served)
    this.#reply(this.#options.answerer.answer(values, caller), caller, BATCH_WEIGHT)
  }

  /** What an answer to a batch does not speak of is not answered any more: go-ethereum's `ErrMissingBatchResponse`. */
  #batchAnswered(id: RpcId): void {
    if (typeof id !== 'number') return
    for (const [first, calls] of this.#batches) {
      if (id < first || id > (calls.at(-1)?.[0] ?? first)) continue
      for (const [each, method] of calls) this.#pending.fail(each, missingAnswer(method))
    }
  }

  #reply(answer: Answer | Promise<Answer>, caller: SessionCaller, weight = 1): void {
    if (!(answer instanceof Promise)) return this.#sent(answer, caller)
    this.#inFlight += weight
    this.#hold()
    void answer.then((text) => {
      this.#inFlight -= weight
      this.#sent(text, caller)
      if (this.#inFlight === 0) this.#finishing?.resolve()
      this.#resume()
    })
  }

  #sent(answer: Answer, caller: SessionCaller): void {
    if (answer !== undefined) this.#send(joinAnswer(answer))
    caller.answered()
  }

  #send(text: string): void {
    if (this.#ended) return
    if (!this.#limits.hasRoom(text.length)) return this.#cut('too much waits to be read')
    this.#wire.send(text)
    this.#sentLength += text.length
    const waiting = this.#wire.bufferedBytes
    if (waiting < MAX_BUFFERED_BYTES) return
    this.#countUnread(waiting)
    if (this.#room) return
    this.#room = deferred()
    this.#hold()
    this.#watch(this.#sentLength - waiting, this.#wire.queuedBytes)
  }

  /** A connection that takes nothing for as long as this is dead, or means harm. Of one large message it may take a part. */
  #watch(takenBefore: number, queuedBefore: number): void {
    this.#watcher = this.#clock.setTimer(WRITE_TIMEOUT, () => {
      const taken = this.#sentLength - this.#wire.bufferedBytes
      const queued = this.#wire.queuedBytes
      if (taken > takenBefore || queued !== queuedBefore) return this.#watch(taken, queued)
      this.#cut('it does not read')
    })
  }

  #cut(why: string): void {
    const waiting = this.#wire.bufferedBytes
    this.#log.warn('closing a connection', { ...this.#options.remote, why, waiting })
    this.#wire.destroy()
    this.end(lostConnection(why))
  }

  #countUnread(waiting: number): void {
    this.#limits.changeUnread(waiting - this.#unread)
    this.#unread = waiting
  }

  /** Not while we wait for answers ourselves: those would be behind what is not read. */
  #hold(): void {
    const busy = this.#inFlight >= MAX_IN_FLIGHT && this.#pending.size === 0
    if (this.#paused || !(busy || this.#room)) return
    this.#paused = true
    this.#wire.pause()
  }

  #resume(): void {
    if (!this.#paused || this.#finishing || this.#room || this.#inFlight >= MAX_IN_FLIGHT) return
    this.#paused = false
    while (!this.#paused) {
      const next = this.#waiting.shift()
      if (!next) break
      this.message(...next)
    }
    if (!this.#paused) this.#wire.resume()
  }
}

interface NoticeParams {
  readonly subscription?: unknown
  readonly result?: unknown
  readonly error?: RpcErrorObject
}

/** Of a wire that broke: with what it said as the cause. */
function asConnectionError(error: unknown): unknown {
  if (error === undefined) return lostConnection('the other side closed it')
  if (error instanceof PeerloomError) return error
  if ((error as NodeJS.ErrnoException).code !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return lostConnection(describeError(error), error)
  }
  return new RpcConnectionError('ERR_RPC_TOO_LARGE', 'what came is too large', { mayHaveRun: true, cause: error })
}

/** For what is asked of a connection that had ended before. */
function neverSent(cause: unknown): RpcConnectionError {
  const code = cause instanceof RpcConnectionError ? cause.code : 'ERR_RPC_CONNECTION'
  return new RpcConnectionError(code, describeError(cause), { mayHaveRun: false, cause })
}

/** Given up, or lost: not one call of the batch has an answer then, for all come in one message. */
function isUnanswered(result: PromiseSettledResult<unknown>): result is PromiseRejectedResult {
  if (result.status === 'fulfilled' || result.reason instanceof RpcError) return false
  return !(result.reason instanceof RpcConnectionError && result.reason.code === 'ERR_RPC_ANSWER')
}
