/**
 * One connection that carries calls both ways. Client and server use the same class; they differ in what they have
 * registered.
 * @module
 */
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import { describeError, PeerloomError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { lostConnection, RpcConnectionError, RpcError, toErrorObject } from '../wire/errors.ts'
import { encodeError, readMessage } from '../wire/message.ts'
import type { Wire, WireSink } from '../wire/wire.ts'
import type { CallContext, RpcRemote } from './api.ts'
import { IncomingCalls } from './incoming-calls.ts'
import { OutgoingCalls } from './outgoing-calls.ts'
import type { BatchCall, CallOptions } from './pending.ts'
import { PARSE_ERROR_RESPONSE, type RequestHandler } from './request-handler.ts'
import { ServerLimits } from './server-limits.ts'
import { ServerSubscriptions } from './server-subscriptions.ts'
import type { RpcSubscription } from './subscription.ts'
import { SessionWriter, WRITE_TIMEOUT } from './writer.ts'

export interface SessionOptions {
  readonly wire: Wire
  readonly handler: RequestHandler
  readonly remote: Omit<RpcRemote, 'call'>
  /** Time for a call made from here, in milliseconds. */
  readonly timeout: number
  /** Characters of one message sent from here. @default no limit */
  readonly maxSendBytes?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
  /** Called once. */
  readonly onEnd?: (error: unknown) => void
  /** Ends the session at bytes that are not JSON: where messages cannot be told apart any more. @default false */
  readonly endsOnParseError?: boolean
  /** Time in which a remote that has read everything must end its half of a closed connection. @default WRITE_TIMEOUT */
  readonly lingerTimeout?: number
  /** Shared with other connections. @default its own */
  readonly limits?: ServerLimits
}

/** Time for the last answers and the closing handshake once nothing more is dispatched, in milliseconds. */
export const CLOSE_TIMEOUT = 500

export class Session implements WireSink, CallContext {
  readonly remote: RpcRemote
  readonly #options: SessionOptions
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #log: Logger
  readonly #writer: SessionWriter
  readonly #outgoing: OutgoingCalls
  readonly #served: ServerSubscriptions
  readonly #incoming: IncomingCalls
  readonly #gone = new AbortController()
  #ended = false
  /** Destroys the wire of a session closed from here, whose remote may never end its half. */
  #linger: Timer | undefined

  constructor(options: SessionOptions) {
    const { wire, handler, clock = systemClock, log = silentLogger, timeout } = options
    const { limits = new ServerLimits(), maxSendBytes = Number.POSITIVE_INFINITY } = options
    this.#options = options
    this.#wire = wire
    this.#clock = clock
    this.#log = log
    this.remote = { ...options.remote, call: (method, params) => this.call(method, params) }
    const writer = new SessionWriter({
      wire,
      clock,
      limits,
      onFull: () => this.#incoming.pause(),
      onFailure: (reason) => this.#cut(reason),
    })
    const outgoing = new OutgoingCalls({ writer, clock, log, timeout, maxSendBytes })
    const served = new ServerSubscriptions({ writer, limits, log, remote: this.remote })
    this.#writer = writer
    this.#outgoing = outgoing
    this.#served = served
    this.#incoming = new IncomingCalls({ wire, writer, outgoing, served, handler, clock, connection: this })
  }

  /** Aborts when the connection has ended. */
  get signal(): AbortSignal {
    return this.#gone.signal
  }

  call<T>(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<T> {
    return this.#outgoing.call(method, params, options)
  }

  /** Sends all calls in one message. Resolves in the order of the calls, when every one is settled. */
  batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]> {
    return this.#outgoing.batch(calls, options)
  }

  /** Throws an RpcConnectionError after the end. */
  notify(method: string, params: readonly unknown[] = []): void {
    this.#outgoing.notify(method, params)
  }

  /** Resolves with the server's id of the subscription. */
  subscribe(subscription: RpcSubscription<unknown>, options?: CallOptions): Promise<string> {
    return this.#outgoing.subscribe(subscription, options)
  }

  /** Forgets the subscription, and tells the server. */
  unsubscribe(subscription: RpcSubscription<unknown>): void {
    this.#outgoing.unsubscribe(subscription)
  }

  /** Dispatches no more calls, lets those in flight be answered for `grace` milliseconds, then closes. */
  async finish(grace: number, reason?: string): Promise<void> {
    if (this.#ended || this.#incoming.finished) return await this.#incoming.finished
    await this.#incoming.finish(grace)
    this.close(undefined, reason)
  }

  /** Flushes, then closes. Pending calls fail. */
  close(error: unknown = lostConnection('closed locally'), reason?: string): void {
    if (this.#ended) return
    this.#wire.close(reason)
    this.end(error)
    const { lingerTimeout = WRITE_TIMEOUT } = this.#options
    this.#linger = this.#clock.setTimer(lingerTimeout, () => this.#cutOff(WRITE_TIMEOUT - lingerTimeout))
  }

  /** Destroys a closed wire whose remote may never end its half; after `rest` milliseconds if it has not read everything. */
  #cutOff(rest: number): void {
    if (rest > 0 && this.#wire.bufferedBytes > 0) this.#linger = this.#clock.setTimer(rest, () => this.#wire.destroy())
    else this.#wire.destroy()
  }

  // --- events of the wire ---------------------------------------------------------------------

  message(value: unknown, length: number): void {
    if (this.#ended || this.#outgoing.settlePlain(value)) return
    if (Array.isArray(value) && value.length > 0) {
      if (!this.#outgoing.settleBatch(value)) this.#incoming.receive(value, undefined)
      return
    }
    const message = Array.isArray(value) ? undefined : readMessage(value)
    if (message?.kind === 'response') return this.#outgoing.settle(message)
    const isNotification = message?.kind === 'request' && message.id === undefined
    if (isNotification && this.#outgoing.deliver(message, length)) return
    this.#incoming.receive(value, message)
  }

  parseError(error?: unknown): void {
    this.#writer.send(error instanceof RpcError ? encodeError(null, toErrorObject(error)) : PARSE_ERROR_RESPONSE)
    if (!this.#options.endsOnParseError) return
    const message = error === undefined ? 'received invalid JSON' : describeError(error)
    this.close(new RpcConnectionError('ERR_RPC_ANSWER', message, { mayHaveRun: true, cause: error }))
  }

  drain(): void {
    this.#writer.drain()
    this.#incoming.resume()
  }

  end(error?: unknown): void {
    this.#linger?.cancel()
    if (this.#ended) return
    this.#ended = true
    const reason = asConnectionError(error)
    this.#writer.close()
    this.#outgoing.close(reason)
    this.#served.close(reason)
    this.#gone.abort(reason)
    this.#incoming.close()
    this.#options.onEnd?.(reason)
  }

  #cut(reason: string): void {
    const waiting = this.#wire.bufferedBytes
    this.#log.warn('Closed connection', { ...this.#options.remote, reason, waiting })
    this.#wire.destroy()
    this.end(lostConnection(reason))
  }
}

/** Gives the error of a broken wire a code, and keeps the original as the cause. */
function asConnectionError(error: unknown): unknown {
  if (error === undefined) return lostConnection('closed by the remote')
  if (error instanceof PeerloomError) return error
  if ((error as NodeJS.ErrnoException).code !== 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return lostConnection(describeError(error), error)
  }
  return new RpcConnectionError('ERR_RPC_TOO_LARGE', 'received message too large', { mayHaveRun: true, cause: error })
}
