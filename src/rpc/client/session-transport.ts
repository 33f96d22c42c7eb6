/**
 * Calls over a persistent connection, which is made anew when it was lost.
 * @module
 */
import { holdProcess, type Timer } from '../../base/clock.ts'
import { deferred } from '../../base/deferred.ts'
import { describeError } from '../../base/errors.ts'
import { Events, type SubscribeOptions as ObserveOptions, type Subscription } from '../../base/events.ts'
import { Backoff } from '../../pool/index.ts'
import type { RpcRemote } from '../session/api.ts'
import type { BatchCall, CallOptions } from '../session/pending.ts'
import type { RequestHandler } from '../session/request-handler.ts'
import { Session } from '../session/session.ts'
import type { RpcSubscription, SubscriptionClient } from '../session/subscription.ts'
import { RpcConnectionError } from '../wire/errors.ts'
import type { DialedConnection } from '../wire/wire.ts'
import type { ClientSettings } from './client-options.ts'
import type { ClientTransport } from './transport.ts'

/** Events of a client's connection. */
export type RpcClientEvent =
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected'; readonly error: unknown }
  /** A subscription continues; the values of the last `gap` milliseconds are lost. */
  | {
      readonly type: 'resubscribed'
      readonly namespace: string
      readonly params: readonly unknown[]
      readonly gap: number
    }

export interface SessionTransportOptions {
  readonly dial: (signal?: AbortSignal) => Promise<DialedConnection>
  readonly handler: RequestHandler
  readonly remote: Pick<RpcRemote, 'transport' | 'address'>
  readonly settings: ClientSettings
}

/** Number of calls queued for a reconnection. */
const MAX_QUEUED_CALLS = 10_000
const RECONNECT_DELAY = { initial: 250, max: 30_000 }
/** Time for which a closed connection holds its socket, and the process, if the remote does not end its half, in milliseconds. */
const LINGER_TIMEOUT = 1_000
/** Duration of a connection after which the back-off starts anew, in milliseconds. */
const STABLE_CONNECTION_TIME = 10_000

/** Keeps the process alive until it is closed, or has lost its connection for good. */
export class SessionTransport implements ClientTransport, SubscriptionClient {
  readonly #options: SessionTransportOptions
  readonly #events = new Events<RpcClientEvent>()
  readonly #closing = new AbortController()
  #hold: Timer | undefined
  /** BOUNDED: by the program's own subscriptions. */
  readonly #subscriptions = new Set<RpcSubscription<unknown>>()
  #session: Session | undefined
  /** Resolves when there is a session again, or never will be. */
  #connected = deferred()
  #queuedCalls = 0
  #connectedAt = 0
  readonly #backoff: Backoff
  #lastError: unknown

  /** Dials. Rejects like `dial` when the first connection fails; later ones are retried. */
  static async open(options: SessionTransportOptions, signal?: AbortSignal): Promise<SessionTransport> {
    const transport = new SessionTransport(options)
    const connection = await options.dial(signal)
    transport.#hold = holdProcess(options.settings.clock)
    transport.#adopt(connection)
    return transport
  }

  private constructor(options: SessionTransportOptions) {
    this.#options = options
    this.#backoff = new Backoff({ ...RECONNECT_DELAY, random: options.settings.random })
  }

  events(options?: ObserveOptions): Subscription<RpcClientEvent> {
    return this.#events.subscribe(options)
  }

  call<T>(method: string, params: readonly unknown[], options?: CallOptions): Promise<T> {
    if (this.#session) return this.#session.call(method, params, options)
    return this.#wait(options).then(({ session, rest }) => session.call(method, params, rest))
  }

  batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]> {
    if (this.#session) return this.#session.batch(calls, options)
    return this.#wait(options).then(({ session, rest }) => session.batch(calls, rest))
  }

  async notify(method: string, params: readonly unknown[], options?: CallOptions): Promise<void> {
    const session = this.#session ?? (await this.#wait(options)).session
    session.notify(method, params)
  }

  async subscribe(subscription: RpcSubscription<unknown>): Promise<string> {
    const { signal } = subscription.options
    const session = this.#session ?? (await this.#wait({ signal })).session
    if (subscription.ended)
      throw new RpcConnectionError('ERR_RPC_CLOSED', 'subscription abandoned', { mayHaveRun: false })
    this.#subscriptions.add(subscription)
    return await session.subscribe(subscription, { signal })
  }

  unsubscribe(subscription: RpcSubscription<unknown>): void {
    this.#subscriptions.delete(subscription)
    this.#session?.unsubscribe(subscription)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    const error = new RpcConnectionError('ERR_RPC_CLOSED', 'client closed', { mayHaveRun: false })
    this.#closing.abort(error)
    for (const subscription of [...this.#subscriptions]) subscription.end(undefined)
    const session = this.#session
    const sent = new RpcConnectionError('ERR_RPC_CLOSED', 'client closed', { mayHaveRun: true })
    const gone = session && new Promise<unknown>((resolve) => session.signal.addEventListener('abort', resolve))
    session?.close(sent)
    await gone
    this.#hold?.cancel()
    this.#connected.resolve()
    this.#events.close()
  }

  #adopt({ wire, open }: DialedConnection): Session {
    const { handler, settings, remote } = this.#options
    const { clock, log, timeout, maxRequestBytes } = settings
    const session: Session = new Session({
      wire,
      handler,
      clock,
      log,
      timeout,
      maxSendBytes: maxRequestBytes,
      remote,
      lingerTimeout: LINGER_TIMEOUT,
      endsOnParseError: remote.transport === 'ipc',
      onEnd: (error) => this.#onEnd(session, error),
    })
    open(session)
    this.#session = session
    this.#connectedAt = this.#options.settings.clock.now()
    this.#connected.resolve()
    this.#events.emit({ type: 'connected' })
    return session
  }

  #onEnd(session: Session, error: unknown): void {
    if (this.#session !== session) return
    this.#session = undefined
    this.#connected = deferred()
    this.#lastError = error
    this.#events.emit({ type: 'disconnected', error })
    const reconnect = this.#options.settings.reconnect && !this.#closing.signal.aborted
    for (const subscription of [...this.#subscriptions]) {
      subscription.id = undefined
      if (!reconnect || !subscription.options.resubscribe) subscription.fail(error)
    }
    if (reconnect) void this.#reconnect()
    else {
      this.#hold?.cancel()
      this.#closing.abort(this.#notConnected())
      this.#connected.resolve()
      this.#events.close()
    }
  }

  async #reconnect(): Promise<void> {
    const { settings, dial } = this.#options
    const { clock, log } = settings
    const { signal } = this.#closing
    const since = clock.now()
    if (since - this.#connectedAt > STABLE_CONNECTION_TIME) this.#backoff.reset()
    while (!signal.aborted) {
      try {
        await clock.sleep(this.#backoff.next(), { signal })
        const connection = await dial(signal)
        if (signal.aborted) return connection.wire.destroy() // closed in the tick in which it was made
        this.#resubscribe(this.#adopt(connection), since)
        return
      } catch (error) {
        this.#lastError = error
        if (!signal.aborted) log.debug('Reconnection failed', { error: describeError(error) })
      }
    }
  }

  /** Renews the subscriptions from before the loss. Later ones subscribe by themselves. */
  #resubscribe(session: Session, since: number): void {
    const { clock } = this.#options.settings
    for (const subscription of this.#subscriptions) {
      session.subscribe(subscription).then(
        () => {
          const { namespace, params } = subscription
          this.#events.emit({ type: 'resubscribed', namespace, params, gap: clock.now() - since })
        },
        (error: unknown) => {
          if (this.#session === session) subscription.fail(error)
        },
      )
    }
  }

  /** Waits for a session. Resolves with it, and with the options of the call for the time that is left. */
  async #wait(options: CallOptions = {}): Promise<{ readonly session: Session; readonly rest: CallOptions }> {
    const { clock, timeout: usual } = this.#options.settings
    const { signal, timeout = usual } = options
    const since = clock.now()
    if (this.#queuedCalls >= MAX_QUEUED_CALLS) throw this.#notConnected()
    if (signal?.aborted) throw signal.reason
    this.#queuedCalls++
    const abandoned = deferred()
    const timer = Number.isFinite(timeout) ? clock.setTimer(timeout, abandoned.resolve) : undefined
    const onAbort = (): void => abandoned.resolve()
    signal?.addEventListener('abort', onAbort, { once: true })
    await Promise.race([this.#connected.promise, abandoned.promise])
    signal?.removeEventListener('abort', onAbort)
    this.#queuedCalls--
    timer?.cancel()
    if (signal?.aborted) throw signal.reason
    const rest = { ...options, timeout: Math.max(1, Math.ceil(timeout - (clock.now() - since))) }
    if (this.#session) return { session: this.#session, rest }
    throw this.#closing.signal.aborted ? this.#closing.signal.reason : this.#notConnected()
  }

  #notConnected(): RpcConnectionError {
    const cause = this.#lastError
    return new RpcConnectionError('ERR_RPC_CONNECTION', `not connected: ${describeError(cause)}`, {
      mayHaveRun: false,
      cause,
    })
  }
}
