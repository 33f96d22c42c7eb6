/**
 * The server: registered APIs, and the endpoints that offer them.
 * @module
 */
import { type Clock, systemClock } from '../../base/clock.ts'
import { ConfigError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { formatEndpoint } from '../../net/index.ts'
import { type Api, method } from '../session/api.ts'
import { Methods, Registry } from '../session/registry.ts'
import { RequestHandler } from '../session/request-handler.ts'
import { ServerLimits } from '../session/server-limits.ts'
import { Session } from '../session/session.ts'
import { checkJwtSecret } from '../wire/jwt.ts'
import { MemoryWire } from '../wire/memory-wire.ts'
import { RawJson } from '../wire/message.ts'
import { type DialedConnection, parseRpcAddress } from '../wire/wire.ts'
import { MAX_BODY_BYTES } from './http-call.ts'
import { HttpEndpoint, READ_TIMEOUT } from './http-endpoint.ts'
import type { GuardOptions } from './http-guard.ts'
import { IpcEndpoint } from './ipc-endpoint.ts'
import { describeMethods, modulesOf, type OpenRpcInfo } from './openrpc.ts'

export interface RpcServerOptions {
  /** Number of calls in one batch. @default 1000 */
  readonly batchLimit?: number
  /** Characters of all responses to one batch. @default 25000000 */
  readonly batchResponseBytes?: number
  /** Size of an HTTP request body. @default 5242880 */
  readonly maxBodyBytes?: number
  /** Time in which an HTTP request must arrive with its body, in milliseconds. @default 30000 */
  readonly readTimeout?: number
  /** Title and version of the `rpc.discover` document. @default JSON-RPC 1.0 */
  readonly info?: OpenRpcInfo
  /** Time for a call of a client, in milliseconds. @default 30000 */
  readonly timeout?: number
  /** @default silentLogger */
  readonly log?: Logger
  /** @default systemClock */
  readonly clock?: Clock
}

/** Access control of an endpoint, and the namespaces it offers. */
export interface RpcListenOptions extends GuardOptions {
  /** Namespaces to offer, besides `rpc`. @default all, also those registered later */
  readonly modules?: readonly string[] | undefined
}

/** An address that the server listens at, until it is disposed. */
export interface RpcEndpoint extends AsyncDisposable {
  /** Address for clients, with the actual port: `http://127.0.0.1:8545`, or a path. */
  readonly url: string
  close(): Promise<void>
}

/** Time that closing waits for calls in flight, in milliseconds. */
const CLOSE_GRACE = 5_000

/** Serves the APIs that are registered with it, at any number of endpoints. */
export class RpcServer implements AsyncDisposable {
  readonly #registry = new Registry()
  readonly #options: RpcServerOptions
  readonly #clock: Clock
  readonly #log: Logger
  /** BOUNDED: by the program. */
  readonly #ports = new Set<HttpEndpoint>()
  readonly #endpoints = new Set<RpcEndpoint>()
  readonly #local = new Set<Session>()
  readonly #limits = new ServerLimits()

  constructor(options: RpcServerOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLogger
  }

  /**
   * Adds the functions of an object to a namespace: `add` of `calc` is called as `calc_add`. Throws a ConfigError
   * (`namespace`, `api`).
   */
  register(namespace: string, api: Api): this {
    this.#registry.register(namespace, api)
    return this
  }

  /** Namespaces with a registered API. */
  get namespaces(): readonly string[] {
    return this.#registry.namespaces
  }

  /** Addresses of all endpoints. */
  get urls(): readonly string[] {
    return [...this.#endpoints].map(({ url }) => url)
  }

  /**
   * Listens at `http://host:port`, `ws://host:port` (port 0 takes a free one; HTTP and WebSocket may share one) or at the
   * path of a socket. Requests must use the path of the URL. Rejects with a ConfigError (`url`, `port`, `host`, `ipcPath`,
   * `jwtSecret`).
   */
  async listen(url: string, options: RpcListenOptions = {}): Promise<RpcEndpoint> {
    if (options.jwtSecret) checkJwtSecret(options.jwtSecret)
    const address = parseRpcAddress(url)
    if (address.transport === 'ipc') return await this.#listenIpc(address.path, options)
    if (address.secure) throw new ConfigError('url', `TLS is not supported: ${url}`, { hint: 'use a reverse proxy' })
    const { hostname, port, pathname } = address.url
    const { transport } = address
    const host = hostname.replace(/^\[|\]$/g, '')
    const number = port ? Number(port) : transport === 'http' ? 8545 : 8546
    const path = pathname.replace(/\/+$/, '') || '/'
    return await this.#listenPort(transport, { host, port: number, path }, options)
  }

  /** Opens a connection in this process. @returns the client's end, for `RpcClient.inProcess` */
  connect(): DialedConnection {
    const [ours, theirs] = MemoryWire.pair()
    const session: Session = new Session({
      ...this.#sessionOptions(),
      wire: ours,
      handler: this.#handler({}),
      remote: { transport: 'inproc', address: '' },
      onEnd: () => this.#local.delete(session),
    })
    this.#local.add(session)
    ours.open(session)
    return { wire: theirs, open: (sink) => theirs.open(sink) }
  }

  /** Stops listening, waits up to 5 s for calls in flight, and closes every connection. */
  async close(): Promise<void> {
    const local = [...this.#local].map((session) => session.finish(CLOSE_GRACE))
    await Promise.all([...local, ...[...this.#endpoints].map((endpoint) => endpoint.close())])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #listenIpc(path: string, { modules }: RpcListenOptions): Promise<RpcEndpoint> {
    const handler = this.#handler({ modules })
    const endpoint = await IpcEndpoint.listen({ path, handler, ...this.#sessionOptions() })
    return this.#endpoint(path, () => endpoint.close(CLOSE_GRACE))
  }

  async #listenPort(
    transport: 'http' | 'ws',
    { host, port, path }: { readonly host: string; readonly port: number; readonly path: string },
    { modules, ...guard }: RpcListenOptions,
  ): Promise<RpcEndpoint> {
    const shared = [...this.#ports].find((each) => each.port === port && each.host === host && !each.serves[transport])
    const { maxBodyBytes = MAX_BODY_BYTES, readTimeout = READ_TIMEOUT } = this.#options
    const at =
      shared ?? (await HttpEndpoint.listen({ host, port, maxBodyBytes, readTimeout, ...this.#sessionOptions() }))
    this.#ports.add(at)
    at.set(transport, { handler: this.#handler({ modules }), guard, path })
    const url = `${transport}://${formatEndpoint(host, at.port)}${path.replace(/\/\*?$/, '')}`
    return this.#endpoint(url, async () => {
      await at.stop(transport, CLOSE_GRACE)
      if (at.serves.http || at.serves.ws) return
      this.#ports.delete(at)
      await at.close(CLOSE_GRACE)
    })
  }

  #endpoint(url: string, close: () => Promise<void>): RpcEndpoint {
    let closing: Promise<void> | undefined
    const endpoint: RpcEndpoint = {
      url,
      close: () => {
        this.#endpoints.delete(endpoint)
        closing ??= close()
        return closing
      },
      [Symbol.asyncDispose]: () => endpoint.close(),
    }
    this.#endpoints.add(endpoint)
    return endpoint
  }

  /** Creates the handler of one endpoint, with its own view of the registry. */
  #handler({ modules }: RpcListenOptions): RequestHandler {
    const { batchLimit = 1_000, batchResponseBytes = 25_000_000 } = this.#options
    const { info = { title: 'JSON-RPC', version: '1.0' } } = this.#options
    const methods: Methods = new Methods(this.#registry, modules, {
      rpc_modules: method({ summary: 'namespaces that this endpoint offers', params: [] }, () => modulesOf(methods)),
      'rpc.discover': method({ summary: 'this document', params: [] }, () => describe()),
    })
    const describe = cachedByVersion(
      () => this.#registry.version,
      () => new RawJson(JSON.stringify(describeMethods(methods, info))),
    )
    return new RequestHandler(methods, { batchItems: batchLimit, batchResponseBytes }, this.#log, this.#clock)
  }

  #sessionOptions() {
    const { timeout = 30_000 } = this.#options
    return { clock: this.#clock, log: this.#log, limits: this.#limits, timeout }
  }
}

/** Caches what `make` returns until the version changes. */
function cachedByVersion<T>(version: () => number, make: () => T): () => T {
  let cached: { readonly version: number; readonly value: T } | undefined
  return () => {
    if (cached?.version !== version()) cached = { version: version(), value: make() }
    return cached.value
  }
}
