/**
 * What a node is made of: services. Each adds protocols, RPC namespaces and a life of its own; go-ethereum's `node.Lifecycle`
 * with its `RegisterProtocols` and `RegisterAPIs`.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { describeError, PeerloomError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Server } from '../devp2p/index.ts'
import type { AnyProtocol } from '../peer/index.ts'
import type { Api, RpcClient } from '../rpc/index.ts'
import type { KeyValueStore } from '../storage/index.ts'

/** What a service is started with. */
export interface ServiceContext {
  readonly log: Logger
  /** Aborts when the node closes. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Absolute; undefined for a node without a folder. */
  readonly dataDir: string | undefined
  /**
   * A database of this name in the data folder, or in memory for a node without one. It is closed after the service.
   * Rejects with a StorageError.
   */
  openStore(name: string): Promise<KeyValueStore>
}

/** A node that runs, as its services see it. */
export interface RunningNode {
  /** The devp2p server; throws an InternalError on a node without one. */
  readonly server: Server
  /** Calls everything that is registered, whatever the endpoints offer. */
  readonly rpc: RpcClient
  readonly signal: AbortSignal
}

/** What a service adds to its node. */
export interface ServiceParts extends Partial<AsyncDisposable> {
  readonly protocols?: readonly AnyProtocol[]
  /** By namespace; several objects where a method and a subscription have the same name. */
  readonly rpc?: Readonly<Record<string, Api | readonly Api[]>>
  /**
   * Runs once peers can connect, until the node closes. Returning early changes nothing; a rejection before the node closes
   * ends the node, with a ServiceError.
   */
  run?(node: RunningNode): Promise<void>
}

export interface Service {
  /** For the log, and for errors. */
  readonly name: string
  /**
   * Called before the data folder is made: rejects when the service could not start in it, so that a start that cannot
   * succeed leaves nothing behind. `dataDir` is absolute, and undefined for a node without a folder.
   */
  check?(dataDir: string | undefined): void | Promise<void>
  /** Called in the order of the services, before any connection is made. Disposal goes the other way. */
  start(context: ServiceContext): ServiceParts | Promise<ServiceParts>
}

/** Checks the shape of a service; the object stays the same. */
export function defineService(service: Service): Service {
  return service
}

/** A service failed. `cause` says with what. */
export class ServiceError extends PeerloomError {
  override readonly name = 'ServiceError'
  readonly service: string

  constructor(service: string, cause: unknown) {
    super('ERR_SERVICE', `service ${service}: ${describeError(cause)}`, { cause })
    this.service = service
  }
}
