/**
 * Services, the parts of a node. Each adds protocols, RPC namespaces and a life cycle; go-ethereum's `node.Lifecycle`
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

/** Context of a service's start. */
export interface ServiceContext {
  readonly log: Logger
  /** Aborts when the node closes. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Absolute path; undefined for a node without a folder. */
  readonly dataDir: string | undefined
  /**
   * Opens the database of this name in the data folder, or in memory for a node without one. It is closed after the
   * service. Rejects with a StorageError.
   */
  openStore(name: string): Promise<KeyValueStore>
}

/** View of a running node for its services. */
export interface RunningNode {
  /** The devp2p server; throws an InternalError on a node without one. */
  readonly server: Server
  /** Client that calls everything registered, independent of the endpoints' modules. */
  readonly rpc: RpcClient
  readonly signal: AbortSignal
}

/** Parts that a service adds to its node. */
export interface ServiceParts extends Partial<AsyncDisposable> {
  readonly protocols?: readonly AnyProtocol[]
  /** API objects by namespace; several when a method and a subscription have the same name. */
  readonly rpc?: Readonly<Record<string, Api | readonly Api[]>>
  /**
   * Runs once peers can connect, until the node closes. Returning early has no effect; a rejection before the node
   * closes ends the node with a ServiceError.
   */
  run?(node: RunningNode): Promise<void>
}

export interface Service {
  /** Name in the log and in errors. */
  readonly name: string
  /**
   * Checks the data folder before it is created: rejects when the service could not start in it, so that a failing
   * start leaves nothing behind. `dataDir` is absolute, and undefined for a node without a folder.
   */
  check?(dataDir: string | undefined): void | Promise<void>
  /**
   * Starts the service. Called in the order of the services, before any connection is made; they are disposed in
   * reverse.
   */
  start(context: ServiceContext): ServiceParts | Promise<ServiceParts>
}

/** Checks the type of a service and returns it unchanged. */
export function defineService(service: Service): Service {
  return service
}

/** Failure of a service, with the error as its `cause`. */
export class ServiceError extends PeerloomError {
  override readonly name = 'ServiceError'
  readonly service: string

  constructor(service: string, cause: unknown) {
    super('ERR_SERVICE', `service ${service}: ${describeError(cause)}`, { cause })
    this.service = service
  }
}
