/**
 * RPC endpoints of a node: HTTP, WebSocket, the authenticated port, IPC.
 * @module
 */
import { atFieldAsync, ConfigError, describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { formatEndpoint } from '../net/index.ts'
import { type RpcEndpoint, RpcError, RpcErrorCode, type RpcListenOptions, type RpcServer } from '../rpc/index.ts'
import { type AuthRpcOptions, ENDPOINT_DEFAULTS, type HttpOptions, type WsOptions } from './options.ts'

type EndpointKind = 'http' | 'ws'

export class Endpoints {
  readonly #rpc: RpcServer
  readonly #log: Logger
  /** BOUNDED: by the kinds. */
  readonly #open = new Map<EndpointKind, RpcEndpoint>()
  /** BOUNDED: by the kinds. */
  readonly #opening = new Set<EndpointKind>()

  constructor(rpc: RpcServer, log: Logger) {
    this.#rpc = rpc
    this.#log = log
  }

  /** URLs and paths of the open endpoints. */
  get urls(): readonly string[] {
    return this.#rpc.urls
  }

  url(kind: EndpointKind): string | undefined {
    return this.#open.get(kind)?.url
  }

  /** Rejects with a ConfigError (`http.…`), or with an RpcError when the endpoint is open. */
  async startHttp(options: HttpOptions): Promise<void> {
    const { http } = ENDPOINT_DEFAULTS
    const { host = http.host, port = http.port, modules = http.modules, prefix = '', cors, vhosts } = options
    checkPrefix(prefix)
    checkPort('http', port)
    this.#warnUnavailableModules('http', modules)
    const path = prefix === '/' ? '/*' : prefix
    await this.#start('http', `${formatEndpoint(host, port)}${path}`, { modules, cors, vhosts })
  }

  /** Rejects with a ConfigError (`ws.…`), or with an RpcError when the endpoint is open. */
  async startWs(options: WsOptions): Promise<void> {
    const { ws } = ENDPOINT_DEFAULTS
    const { host = ws.host, port = ws.port, modules = ws.modules, origins = [] } = options
    checkPort('ws', port)
    this.#warnUnavailableModules('ws', modules)
    await this.#start('ws', formatEndpoint(host, port), {
      modules,
      origins: origins.length > 0 ? origins : undefined, // as go-ethereum: an empty list is the default
      vhosts: ['*'], // as go-ethereum: Origin guards WebSockets
    })
  }

  /** Rejects with a ConfigError (`authrpc.…`). */
  async startAuth(options: AuthRpcOptions, jwtSecret: Uint8Array): Promise<void> {
    const { authrpc } = ENDPOINT_DEFAULTS
    const { host = authrpc.host, port = authrpc.port, modules = authrpc.modules, vhosts } = options
    checkPort('authrpc', port)
    const guard = { modules, jwtSecret, vhosts }
    const http = await this.#listen('authrpc', `http://${formatEndpoint(host, port)}`, guard)
    await this.#listen('authrpc', http.url.replace('http:', 'ws:'), { ...guard, origins: ['*'] })
    this.#log.info('HTTP server started', { endpoint: http.url, auth: true })
  }

  /**
   * Opens the IPC endpoint. `configured`: a path that is too long is an error; a default path that is too long is only
   * logged.
   */
  async startIpc(path: string, configured: boolean): Promise<void> {
    try {
      await atFieldAsync('ipc.path', () => this.#rpc.listen(path))
      this.#log.info('IPC endpoint opened', { url: path })
    } catch (error) {
      if (configured || !(error instanceof ConfigError) || !error.message.includes('too long')) throw error
      this.#log.warn('IPC opening failed', { url: path, error: describeError(error) })
    }
  }

  /** Closes an endpoint. Resolves with false when it was not open. */
  async stop(kind: EndpointKind): Promise<boolean> {
    const endpoint = this.#open.get(kind)
    this.#open.delete(kind)
    await endpoint?.close()
    return endpoint !== undefined
  }

  async #start(kind: EndpointKind, at: string, options: RpcListenOptions): Promise<void> {
    const running = this.#open.get(kind)?.url ?? (this.#opening.has(kind) ? at : undefined)
    if (running !== undefined) {
      throw new RpcError(RpcErrorCode.Default, `${kind.toUpperCase()} server already running on ${running}`)
    }
    this.#opening.add(kind)
    const listen = this.#listen(kind, `${kind}://${at}`, options)
    const endpoint = await listen.finally(() => this.#opening.delete(kind))
    this.#open.set(kind, endpoint)
    if (kind === 'http') this.#log.info('HTTP server started', { endpoint: endpoint.url, auth: false })
    else this.#log.info('WebSocket enabled', { url: endpoint.url })
  }

  /**
   * Listens, and maps a ConfigError to the node's option. Only the host can make the URL invalid: the port and the
   * prefix have been checked.
   */
  #listen(option: EndpointKind | 'authrpc', url: string, options: RpcListenOptions): Promise<RpcEndpoint> {
    return atFieldAsync(
      (field) => `${option}.${field === 'url' ? 'host' : field}`,
      () => this.#rpc.listen(url, options),
    )
  }

  /** Warns of modules that are not registered, such as misspelt ones. */
  #warnUnavailableModules(kind: EndpointKind, modules: readonly string[]): void {
    const known = new Set(this.#rpc.namespaces)
    const unknown = modules.filter((each) => !known.has(each) && each !== 'rpc')
    if (unknown.length === 0) return
    this.#log.warn(`Unavailable modules in ${kind.toUpperCase()} API list`, {
      unavailable: unknown.join(','),
      available: [...known].join(','),
    })
  }
}

/** Throws a ConfigError (`http.port` and so on). */
function checkPort(option: EndpointKind | 'authrpc', port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return
  throw new ConfigError(`${option}.port`, `${port} is not a port`, { hint: 'ports are 0 to 65535' })
}

/** go-ethereum's `validatePrefix` (node/rpcstack.go): empty, or a path from the root. Throws a ConfigError (`http.prefix`). */
function checkPrefix(prefix: string): void {
  if (/^(\/[^?#\s]*)?$/.test(prefix)) return
  throw new ConfigError('http.prefix', `${JSON.stringify(prefix)} is not a path`, { hint: 'such as /rpc' })
}
