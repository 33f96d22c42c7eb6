/**
 * Calls a server, over whatever leads to it.
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

/** What the server may ask of this client; as large as what the client may ask of a server. */
const REVERSE_LIMITS = { batchItems: 1_000, batchResponseBytes: 25_000_000 }

/** A server in this process: an `RpcServer`. */
interface LocalServer {
  connect(): DialedConnection
}

export class RpcClient implements AsyncDisposable {
  /** The same client for viem's `custom` transport, ethers' `BrowserProvider` and whatever else takes EIP-1193. */
  readonly provider: Eip1193Provider = createProvider({
    call: (method, params) => this.call(method, params),
    subscribe: (namespace, params) => this.subscribe(namespace, params, { resubscribe: true }),
    events: () => (this.#transport instanceof SessionTransport ? this.#transport.events() : undefined),
  })
  readonly #transport: ClientTransport | SessionTransport
  readonly #registry: Registry
  readonly #signal: AbortSignal | undefined

  /**
   * A client of `http(s)://…`, `ws(s)://…` or the path of a socket (on Windows `\\.\pipe\name`). WebSocket and IPC are connected
   * when it resolves; HTTP connects with the first call. Rejects with a ConfigError (`url`, `jwtSecret`), an
   * RpcConnectionError, an RpcHttpError when the server turned it away, or the signal's reason.
   */
  static async dial(url: string, options: RpcClientOptions = {}): Promise<RpcClient> {
    const target = parseRpcAddress(url)
    const settings = withDefaults(options)
    const { signal } = options
    const registry = new Registry()
    if (target.transport === 'http') return new RpcClient(new HttpTransport(target.url, settings), registry, signal)
    const dial = (until?: AbortSignal) =>
      target.transport === 'ipc' ? dialIpc(target.path, settings, until) : dialWebSocket(target.url, settings, until)
    const handler = new RequestHandler(new Methods(registry), REVERSE_LIMITS, settings.log)
    const remote = { transport: target.transport, address: target.transport === 'ipc' ? target.path : target.url.host }
    return new RpcClient(await SessionTransport.open({ dial, handler, settings, remote }, signal), registry, signal)
  }

  /** A client of a server in this process. What it is given and gives goes through JSON all the same. */
  static async inProcess(server: LocalServer, options: RpcClientOptions = {}): Promise<RpcClient> {
    const settings = { ...withDefaults(options), reconnect: false }
    const registry = new Registry()
    const handler = new RequestHandler(new Methods(registry), REVERSE_LIMITS, settings.log)
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
   * Rejects with an RpcError the server sent, a TimeoutError, an RpcConnectionError whose `mayHaveRun` says whether the server
   * can have done it, or the signal's reason.
   */
  call<T = unknown>(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<T> {
    try {
      return this.#transport.call<T>(method, params, options)
    } catch (error) {
      return Promise.reject(error) // parameters that JSON cannot hold
    }
  }

  /**
   * Many calls in one message. Resolves in their order, each settled on its own; rejects when the whole was refused, given up or
   * lost.
   */
  async batch<T extends readonly unknown[] = readonly unknown[]>(
    calls: readonly BatchCall[],
    options?: CallOptions,
  ): Promise<{ [K in keyof T]: PromiseSettledResult<T[K]> }> {
    if (calls.length === 0) return [] as never
    return (await this.#transport.batch(calls, options)) as never
  }

  /** A call without an answer: resolves when it has been sent. */
  notify(method: string, params: readonly unknown[] = [], options?: CallOptions): Promise<void> {
    return this.#transport.notify(method, params, options)
  }

  /**
   * `subscribe('eth', ['newHeads'])` is `eth_subscribe("newHeads")`: a loop over what comes, from its first turn on. Throws a
   * ConfigError over HTTP, which has no subscriptions.
   */
  subscribe<T = unknown>(
    namespace: string,
    params: readonly unknown[],
    options: SubscribeOptions = {},
  ): RpcSubscription<T> {
    return new RpcSubscription<T>(this.#connection('subscriptions'), namespace, params, options)
  }

  /** The methods of a namespace as functions: `client.namespace<typeof calc>('calc').add(1, 2)`. `options` are of each call. */
  namespace<A>(name: string, options: CallOptions & SubscribeOptions = {}): ClientOf<A> {
    return namespaceProxy<A>(this, name, options)
  }

  /** Lets the server call the functions of an object, as `RpcServer.register` lets a client. Throws a ConfigError over HTTP. */
  register(namespace: string, api: Api): this {
    this.#connection('calls of the server')
    this.#registry.register(namespace, api)
    return this
  }

  /** Connections lost and come back. Throws a ConfigError over HTTP, where there is nothing to tell. */
  events(options?: ObserveOptions): Subscription<RpcClientEvent> {
    return this.#connection('events').events(options)
  }

  /** go-ethereum's `SupportedModules`: the namespaces of the server. */
  modules(options?: CallOptions): Promise<Readonly<Record<string, string>>> {
    return this.call('rpc_modules', [], options)
  }

  readonly #onAbort = (): void => void this.close()

  /** Ends the connection; calls that wait fail. */
  close(): Promise<void> {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    return this.#transport.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #connection(what: string): SessionTransport {
    if (this.#transport instanceof SessionTransport) return this.#transport
    throw new ConfigError('url', `HTTP has no ${what}`, { hint: 'dial ws://…, or the path of a socket' })
  }
}
