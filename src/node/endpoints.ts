/**
 * Where a node's RPC can be reached.
 * @module
 */
import { atFieldAsync, ConfigError, describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { formatEndpoint } from '../net/index.ts'
import { type RpcEndpoint, RpcError, RpcErrorCode, type RpcServer } from '../rpc/index.ts'
import type { AuthRpcOptions, HttpOptions, WsOptions } from './options.ts'

/** go-ethereum's `DefaultConfig` (node/defaults.go). */
const MODULES = ['net', 'web3', 'eth']
const AUTH_MODULES = ['eth', 'net', 'web3']
const LOCALHOST = '127.0.0.1'

type Kind = 'http' | 'ws'

export class Endpoints {
  readonly #rpc: RpcServer
  readonly #log: Logger
  readonly #open = new Map<Kind, RpcEndpoint>()
  readonly #opening = new Set<Kind>()

  constructor(rpc: RpcServer, log: Logger) {
    this.#rpc = rpc
    this.#log = log
  }

  /** Where it can be reached now: URLs and paths. */
  get urls(): readonly string[] {
    return this.#rpc.urls
  }

  url(kind: Kind): string | undefined {
    return this.#open.get(kind)?.url
  }

  async startHttp(options: HttpOptions): Promise<void> {
    const { enabled: _, host = LOCALHOST, port = 8545, prefix = '', modules = MODULES, ...guard } = options
    this.#warnOfMissing(modules)
    await this.#start('http', `${formatEndpoint(host, port)}${prefix === '/' ? '/*' : prefix}`, { modules, ...guard })
  }

  async startWs(options: WsOptions): Promise<void> {
    const { host = LOCALHOST, port = 8546, modules = MODULES, origins = [] } = options
    const guard = origins.length > 0 ? { origins } : {} // as go-ethereum: an empty list is the default
    this.#warnOfMissing(modules)
    await this.#start('ws', formatEndpoint(host, port), { modules, ...guard, vhosts: ['*'] }) // as go-ethereum: Origin guards WebSockets
  }

  async startAuth(
    { host = LOCALHOST, port = 8551, vhosts, modules = AUTH_MODULES }: AuthRpcOptions,
    secret: Uint8Array,
  ): Promise<void> {
    const options = { modules, jwtSecret: secret, ...(vhosts && { vhosts }) }
    const listen = () => this.#rpc.listen(`http://${formatEndpoint(host, port)}`, options)
    const http = await atFieldAsync((field) => `authrpc.${field}`, listen)
    await this.#rpc.listen(http.url.replace('http:', 'ws:'), { ...options, origins: ['*'] })
    this.#log.info('authenticated RPC runs', { url: http.url })
  }

  /** A path that nobody chose and that does not work is no reason not to start. */
  async startIpc(path: string, chosen: boolean): Promise<void> {
    try {
      await atFieldAsync('ipc.path', () => this.#rpc.listen(path))
      this.#log.info('IPC endpoint opened', { path })
    } catch (error) {
      if (chosen || !(error instanceof ConfigError) || !error.message.includes('too long')) throw error
      this.#log.warn('no IPC endpoint', { error: describeError(error), hint: 'name a shorter one with ipc' })
    }
  }

  /** False when it was not open. */
  async stop(kind: Kind): Promise<boolean> {
    const endpoint = this.#open.get(kind)
    this.#open.delete(kind)
    await endpoint?.close()
    return endpoint !== undefined
  }

  async #start(kind: Kind, at: string, options: object): Promise<void> {
    const running = this.#open.get(kind)?.url ?? (this.#opening.has(kind) ? at : undefined)
    if (running !== undefined) {
      throw new RpcError(RpcErrorCode.Default, `${kind.toUpperCase()} server already running on ${running}`)
    }
    this.#opening.add(kind)
    const listen = atFieldAsync(
      (field) => `${kind}.${field}`,
      () => this.#rpc.listen(`${kind}://${at}`, options),
    )
    const endpoint = await listen.finally(() => this.#opening.delete(kind))
    this.#open.set(kind, endpoint)
    this.#log.info(`${kind.toUpperCase()} server started`, { endpoint: endpoint.url })
  }

  /** A misspelt namespace is otherwise found out by its absence. */
  #warnOfMissing(modules: readonly string[]): void {
    const known = new Set(this.#rpc.namespaces)
    const unknown = modules.filter((each) => !known.has(each) && each !== 'rpc')
    if (unknown.length === 0) return
    this.#log.warn('unavailable modules in the API list', {
      unavailable: unknown.join(','),
      available: [...known].join(','),
    })
  }
}
