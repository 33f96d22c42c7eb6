/**
 * The client, over every transport.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import type { SubscribeOptions as ObserveOptions, Subscription } from '../../base/events.ts'
import type { Api } from '../session/api.ts'
import type { BatchCall, CallOptions } from '../session/pending.ts'
import { Methods, Registry } from '../session/registry.ts'
import { RequestHandler } from '../session/request-handler.ts'
import { RpcSubscription, type SubscribeOptions } from '../session/subscription.ts'
import { type DialedConnection, parseRpcAddress } from '../wire/wire.ts'
import { type RpcClientOptions, withDefaults } from './client-options.ts'
import { dialIpc, dialWebSocket } from './dial.ts'
import { HttpTransport } from './http-transport.ts'
import { type ClientOf, namespaceProxy } from './namespace.ts'
import { createProvider, type Eip1193Provider } from './provider.ts'
import { type RpcClientEvent, SessionTransport } from './session-transport.ts'
import type { ClientTransport } from './transport.ts'

/** Limits of batches from the server; those of a server are the same. */
const BATCH_LIMITS = { batchItems: 1_000, batchResponseBytes: 25_000_000 }

/** A server in this process, such as an `RpcServer`. */
interface LocalServer {
  connect(): DialedConnection
}

/**
 * Calls the methods of a server, and lets the server call back where the transport carries calls both ways. Keeps the process
 * alive until it is closed or has lost its connection for good; over HTTP, which brings nothing unasked, only during calls.
 */
export class RpcClient implements AsyncDisposable {
  /** This client as an EIP-1193 provider, for viem's `custom` transport, ethers' `BrowserProvider` and others. */
  readonly provider: Eip1193Provider = createProvider({
    call: (method, params) => this.call(method, params),
    subscribe: (namespace, params) => this.subscribe(namespace, params, { resubscribe: true }),
    events: () => (this.#transport instanceof SessionTransport ? this.#transport.events() : undefined),
  })
  readonly #transport: ClientTransport | SessionTransport
  readonly #registry: Registry
  readonly #signal: AbortSignal | undefined

  /**
   * Connects to `http(s)://…`, `ws(s)://…` or the path of a socket (on Windows `\\.\pipe\name`). HTTP connects with the first
   * call. Rejects with a ConfigError (`url`, `jwtSecret`), an RpcConnectionError, an RpcHttpError when the server refuses the
   * WebSocket handshake, or the signal's reason.
   */
  static async dial(url: string, options: RpcClientOptions = {}): Promise<RpcClient> {
    const address = parseRpcAddress(url)
    const settings = withDefaults(options)
    const { signal } = options
    const registry = new Registry()
    if (address.transport === 'http') return new RpcClient(new HttpTransport(address.url, settings), registry, signal)
    const dial = (until?: AbortSignal) =>
      address.transport === 'ipc' ? dialIpc(address.path, settings, until) : dialWebSocket(address.url, settings, until)
    const handler = new RequestHandler(new Methods(registry), BATCH_LIMITS, settings.log)
    const remote = {
      transport: address.transport,
      address: address.transport === 'ipc' ? address.path : address.url.host,
    }
    return new RpcClient(await SessionTransport.open({ dial, handler, settings, remote }, signal), registry, signal)
  }

  /** Connects to a server in this process. Parameters and results are encoded as JSON all the same. */
  static async inProcess(server: LocalServer, options: RpcClientOptions = {}): Promise<RpcClient> {
    const settings = { ...withDefaults(options), reconnect: false }
    const registry = new Registry()
    const handler = new RequestHandler(new Methods(registry), BATCH_LIMITS, settings.log)
    const dial = async () => server.connect()
    const remote = { transport: 'inproc', address: '' } as const
    return new RpcClient(await SessionTransport.open({ dial, handler, settings, remote }), registry, options.signal)
  }

  private constructor(link: ClientTransport | SessionTransport, registry: Registry, signal: AbortSignal | undefined) {
    this.#transport = link
    this.#registry = registry
    this.#signal = signal
    if (signal?.aborted) void this.close()
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  /**
   * Calls a method. Rejects with an RpcError sent by the server, a TimeoutError, an RpcConnectionError whose `mayHaveRun` is
   * true when the server may have executed the call, or the signal's reason.
   */
  call<T = unknown>(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<T> {
    try {
      return this.#transport.call<T>(method, params, options)
    } catch (error) {
      return Promise.reject(error) // parameters that JSON cannot encode
    }
  }

  /**
   * Sends many calls in one message. Resolves with their results in order, each settled on its own; rejects when the batch as
   * a whole was refused, abandoned or lost.
   */
  async batch<T extends readonly unknown[] = readonly unknown[]>(
    calls: readonly BatchCall[],
    options?: CallOptions,
  ): Promise<{ [K in keyof T]: PromiseSettledResult<T[K]> }> {
    if (calls.length === 0) return [] as never
    return (await this.#transport.batch(calls, options)) as never
  }

  /** Sends a call without a response. Resolves when it has been sent. */
  notify(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<void> {
    return this.#transport.notify(method, params, options)
  }

  /**
   * Creates a subscription: `subscribe('eth', ['newHeads'])` sends `eth_subscribe("newHeads")` when it is first read. Throws
   * a ConfigError over HTTP, which has no subscriptions.
   */
  subscribe<T = unknown>(
    namespace: string,
    params: readonly unknown[],
    options: SubscribeOptions = {},
  ): RpcSubscription<T> {
    return new RpcSubscription<T>(this.#sessionTransport('subscriptions'), namespace, params, options)
  }

  /** Methods of a namespace as functions: `client.namespace<typeof calc>('calc').add(1, 2)`. `options` apply to each call. */
  namespace<A>(name: string, options: CallOptions & SubscribeOptions = {}): ClientOf<A> {
    return namespaceProxy<A>(this, name, options)
  }

  /**
   * Lets the server call the functions of an object, like `RpcServer.register` for clients. Throws a ConfigError over HTTP.
   */
  register(namespace: string, api: Api): this {
    this.#sessionTransport('reverse calls')
    this.#registry.register(namespace, api)
    return this
  }

  /** Observes the connection: lost, reconnected, resubscribed. Throws a ConfigError over HTTP. */
  events(options?: ObserveOptions): Subscription<RpcClientEvent> {
    return this.#sessionTransport('events').events(options)
  }

  /** Requests the namespaces of the server; go-ethereum's `SupportedModules`. */
  modules(options?: CallOptions): Promise<Readonly<Record<string, string>>> {
    return this.call('rpc_modules', [], options)
  }

  readonly #onAbort = (): void => void this.close()

  /** Closes the connection. Pending calls fail. */
  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    return this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #sessionTransport(what: string): SessionTransport {
    if (this.#transport instanceof SessionTransport) return this.#transport
    throw new ConfigError('url', `HTTP has no ${what}`, { hint: 'use ws://… or the path of a socket' })
  }
}
