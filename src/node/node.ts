/**
 * Node: services, the server that carries their protocols, and the RPC that reaches them.
 *
 * Order of a start: the folder, the services in order, the server with their protocols, the services' `run`, the RPC
 * endpoints. Closing goes in reverse, and so does a start that fails half-way.
 * @module
 */
import { resolve } from 'node:path'
import { type Clock, holdProcess, systemClock } from '../base/clock.ts'
import { atFieldAsync, ConfigError, InternalError } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import { Server, type ServerOptions } from '../devp2p/index.ts'
import { NodeKey, readKeyFile } from '../identity/index.ts'
import { RpcClient, RpcServer } from '../rpc/index.ts'
import { type KeyValueStore, MemoryStore, makeFolder, openLevelStore } from '../storage/index.ts'
import { adminApi, adminPeerApi, adminPeerSubscriptions } from './api/admin-api.ts'
import { debugApi } from './api/debug-api.ts'
import { netApi, web3Api } from './api/net-api.ts'
import { Disposal } from './disposal.ts'
import { Endpoints } from './endpoints.ts'
import { ipcPathIn, NodeFolder, readOrCreateJwtSecret } from './folder.ts'
import { KeptState } from './kept-state.ts'
import type { NodeOptions, P2pOptions } from './options.ts'
import type { RunningNode } from './service.ts'
import { Services } from './services.ts'
import { clientName, packageVersion } from './version.ts'

/** A running node, from {@link Node.start} until it is closed. It keeps the process alive for that long. */
export class Node implements AsyncDisposable {
  /** Absolute path; undefined for a node that keeps nothing. */
  readonly dataDir: string | undefined
  /** Client in this process that calls everything registered. */
  readonly rpc: RpcClient
  readonly endpoints: Endpoints
  /** Resolves when everything has ended: with the reason, or undefined when it was closed. */
  readonly closed: Promise<unknown>
  readonly #server: Server | undefined
  readonly #scope: Scope
  readonly #disposal: Disposal

  /**
   * Starts a node. Rejects with a ConfigError that names the option at fault, a StorageError, or a ServiceError that
   * names the service; parts started by then are closed again.
   */
  static async start(options: NodeOptions = {}): Promise<Node> {
    options.signal?.throwIfAborted()
    const disposal = new Disposal(options.log ?? silentLogger)
    const starter = new NodeStarter(options, disposal)
    try {
      return await starter.start()
    } catch (error) {
      starter.abort(error)
      await disposal.close()
      throw error
    }
  }

  /** @internal Use {@link Node.start}. */
  constructor(parts: NodeParts, disposal: Disposal) {
    this.dataDir = parts.dataDir
    this.#server = parts.server
    this.rpc = parts.rpc
    this.endpoints = parts.endpoints
    this.#scope = parts.scope
    this.#disposal = disposal
    this.closed = new Promise((resolve) => {
      parts.scope.onClose(() => void disposal.close().then(() => resolve(parts.scope.reason)))
    })
  }

  /** The devp2p server. Throws an InternalError on a node without one. */
  get server(): Server {
    return requireServer(this.#server)
  }

  /** URL of the devp2p server, for other nodes. Throws an InternalError on a node without one. */
  get enode(): string {
    return this.server.enode
  }

  /**
   * Aborts the services' `run`, closes the endpoints and the peers, and disposes the services in reverse; the folder
   * last.
   */
  async close(): Promise<void> {
    this.#scope.close()
    await this.#disposal.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function requireServer(server: Server | undefined): Server {
  if (server) return server
  throw new InternalError('the node has no devp2p server')
}

interface NodeParts {
  readonly dataDir: string | undefined
  readonly server: Server | undefined
  readonly rpc: RpcClient
  readonly endpoints: Endpoints
  readonly scope: Scope
}

/** Steps of a start, and the parts passed between them. */
class NodeStarter {
  readonly #options: NodeOptions
  readonly #disposal: Disposal
  readonly #log: Logger
  readonly #clock: Clock
  readonly #scope: Scope
  readonly #services: Services
  #folder: NodeFolder | undefined

  constructor(options: NodeOptions, disposal: Disposal) {
    this.#options = options
    this.#disposal = disposal
    this.#log = options.log ?? silentLogger
    this.#clock = options.clock ?? systemClock
    this.#scope = new Scope({ signal: options.signal, clock: this.#clock, log: this.#log })
    const hold = holdProcess(this.#clock)
    disposal.add('process hold', async () => hold.cancel()) // first, so that it ends last
    disposal.add('scope', () => this.#scope[Symbol.asyncDispose]())
    this.#services = new Services({
      services: options.services ?? [],
      disposal,
      scope: this.#scope,
      log: this.#log,
      clock: this.#clock,
      dataDir: () => this.#folder?.path,
      openStore: (name) => this.#openStore(name),
    })
  }

  /** Aborts the parts that run already. */
  abort(error: unknown): void {
    this.#scope.close(error)
  }

  async start(): Promise<Node> {
    const { dataDir } = this.#options
    await this.#services.check(dataDir === undefined ? undefined : resolve(dataDir))
    if (dataDir !== undefined) this.#folder = await NodeFolder.open(dataDir)
    if (this.#folder) this.#dispose('data folder', this.#folder)
    await this.#services.start()
    const rpcServer = this.#rpcServer()
    const server = await this.#listen(rpcServer)
    const endpoints = new Endpoints(rpcServer, this.#log.child({ module: 'rpc' }))
    this.#registerOwn(rpcServer, endpoints, server?.name)
    this.#services.register(rpcServer)
    const rpc = await RpcClient.inProcess(rpcServer)
    this.#dispose('rpc client', rpc)
    this.#services.run(this.#runningNode(rpc, server))
    this.#dispose('rpc', rpcServer)
    await this.#openEndpoints(endpoints)
    this.#options.signal?.throwIfAborted()
    if (this.#scope.closing) throw this.#scope.reason
    return new Node({ dataDir: this.#folder?.path, server, rpc, endpoints, scope: this.#scope }, this.#disposal)
  }

  /** Registers the namespaces of the node itself. */
  #registerOwn(rpc: RpcServer, endpoints: Endpoints, name = clientName(this.#options.identity)): void {
    const { levels } = this.#options
    const dataDir = this.#folder?.path
    rpc.register('admin', adminApi({ endpoints, dataDir }))
    rpc.register('web3', web3Api(name))
    rpc.register('debug', debugApi({ levels, dataDir, clock: this.#clock }))
  }

  async #openStore(name: string): Promise<KeyValueStore> {
    const path = this.#folder?.file(name)
    if (path !== undefined) await makeFolder(path)
    const store = path === undefined ? new MemoryStore() : await openLevelStore(path)
    this.#disposal.add(`store ${name}`, () => store.close())
    return store
  }

  /** Opens the devp2p server with the protocols of all services, unless it is disabled. */
  async #listen(rpc: RpcServer): Promise<Server | undefined> {
    const { p2p = {} } = this.#options
    if (p2p === false) return this.#refuseProtocols()
    const options = await this.#serverOptions(p2p)
    const server = await atFieldAsync(
      (field) => `p2p.${field}`,
      () => Server.listen(options),
    )
    this.#dispose('server', server)
    rpc.register('admin', adminPeerApi({ server }))
    rpc.register('admin', adminPeerSubscriptions(server))
    rpc.register('net', netApi(server))
    return server
  }

  /** Throws a ConfigError when a service has protocols, which need the server. */
  #refuseProtocols(): undefined {
    const service = this.#services.firstWithProtocols
    if (service !== undefined) {
      throw new ConfigError('p2p', 'is disabled', { hint: `the service ${service} needs the devp2p server` })
    }
  }

  async #serverOptions(p2p: P2pOptions): Promise<ServerOptions> {
    const folder = this.#folder
    const key = await this.#key()
    const log = this.#log.child({ module: 'devp2p' })
    const kept = await KeptState.open({ folder, key, banTimeout: p2p.banTimeout, clock: this.#clock, log })
    this.#dispose('kept state', kept)
    return {
      name: clientName(this.#options.identity),
      reputation: kept.reputation,
      localNode: kept.localNode,
      ...p2p,
      staticNodes: [...(p2p.staticNodes ?? []), ...((await folder?.nodes('static')) ?? [])],
      trustedNodes: [...(p2p.trustedNodes ?? []), ...((await folder?.nodes('trusted')) ?? [])],
      key,
      protocols: this.#services.protocols,
      log,
      clock: this.#clock,
    }
  }

  async #key(): Promise<NodeKey> {
    const { key, keyFile } = this.#options
    if (key) return key
    if (keyFile !== undefined) return await atFieldAsync('keyFile', () => readKeyFile(keyFile))
    return (await this.#folder?.nodeKey()) ?? NodeKey.generate()
  }

  #rpcServer(): RpcServer {
    const { batchLimit, batchResponseBytes } = this.#options.rpc ?? {}
    checkCount('rpc.batchLimit', batchLimit)
    checkCount('rpc.batchResponseBytes', batchResponseBytes)
    return new RpcServer({
      info: { title: 'Peerloom', version: packageVersion() },
      log: this.#log.child({ module: 'rpc' }),
      clock: this.#clock,
      ...(batchLimit !== undefined && { batchLimit: batchLimit || Number.POSITIVE_INFINITY }),
      ...(batchResponseBytes !== undefined && { batchResponseBytes: batchResponseBytes || Number.POSITIVE_INFINITY }),
    })
  }

  /** View of the node for its services. */
  #runningNode(rpc: RpcClient, server: Server | undefined): RunningNode {
    return {
      rpc,
      signal: this.#scope.signal,
      get server() {
        return requireServer(server)
      },
    }
  }

  async #openEndpoints(endpoints: Endpoints): Promise<void> {
    const { http, ws, authrpc } = this.#options
    await this.#openIpc(endpoints)
    if (isEnabled(http)) await endpoints.startHttp(http)
    if (isEnabled(ws)) await endpoints.startWs(ws)
    if (isEnabled(authrpc)) await endpoints.startAuth(authrpc, await this.#secret(authrpc.jwtSecret))
  }

  async #openIpc(endpoints: Endpoints): Promise<void> {
    const { enabled = true, path: configured } = this.#options.ipc ?? {}
    const path = this.#folder ? ipcPathIn(this.#folder.path, configured) : configured
    if (enabled && path !== undefined) await endpoints.startIpc(path, configured !== undefined)
  }

  async #secret(path: string | undefined): Promise<Uint8Array> {
    if (path !== undefined) return await readOrCreateJwtSecret(path)
    if (this.#folder) return await this.#folder.jwtSecret()
    throw new ConfigError('authrpc.jwtSecret', 'is required', {
      hint: 'the path of its file, or a data folder to keep it in',
    })
  }

  #dispose(name: string, part: AsyncDisposable): void {
    this.#disposal.add(name, () => part[Symbol.asyncDispose]())
  }
}

function isEnabled<T extends { readonly enabled?: boolean }>(options: T | undefined): options is T {
  return options !== undefined && options.enabled !== false
}

function checkCount(field: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return
  throw new ConfigError(field, `${value} is not a count`, { hint: 'a whole number, 0 or more' })
}
