/**
 * Life cycle of a node's services.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import type { AnyProtocol } from '../peer/index.ts'
import type { RpcServer } from '../rpc/index.ts'
import type { KeyValueStore } from '../storage/index.ts'
import type { Disposal } from './disposal.ts'
import { type RunningNode, type Service, ServiceError, type ServiceParts } from './service.ts'

export interface ServicesOptions {
  readonly services: readonly Service[]
  /** Closes the services when the node ends. */
  readonly disposal: Disposal
  /** Scope of the node; a failing service closes it. */
  readonly scope: Scope
  readonly log: Logger
  readonly clock: Clock
  /** Path of the node's folder, once it is open. */
  readonly dataDir: () => string | undefined
  readonly openStore: (name: string) => Promise<KeyValueStore>
}

export class Services {
  readonly #options: ServicesOptions
  /** Started services in order. BOUNDED: by the services. */
  readonly #started: { readonly name: string; readonly parts: ServiceParts }[] = []

  constructor(options: ServicesOptions) {
    this.#options = options
  }

  /** Calls each service's check before the folder is created. Rejects with a ServiceError. */
  async check(dataDir: string | undefined): Promise<void> {
    for (const service of this.#options.services) {
      await atService(service.name, async () => await service.check?.(dataDir))
    }
  }

  /** Starts the services in order. Rejects with a ServiceError; the disposal closes those that had started. */
  async start(): Promise<void> {
    const { services, disposal } = this.#options
    for (const service of services) {
      const { name } = service
      const parts = await atService(name, async () => {
        const parts = await service.start(this.#context(name))
        if (parts[Symbol.asyncDispose]) disposal.add(name, async () => await parts[Symbol.asyncDispose]?.())
        return parts
      })
      this.#started.push({ name, parts })
    }
  }

  /** Protocols of all services. */
  get protocols(): readonly AnyProtocol[] {
    return this.#started.flatMap(({ parts }) => [...(parts.protocols ?? [])])
  }

  /** Name of the first service with protocols. */
  get firstWithProtocols(): string | undefined {
    return this.#started.find(({ parts }) => parts.protocols?.length)?.name
  }

  /** Registers the namespaces of all services. */
  register(rpc: RpcServer): void {
    for (const { parts } of this.#started) {
      for (const [namespace, apis] of Object.entries(parts.rpc ?? {})) {
        for (const api of Array.isArray(apis) ? apis : [apis]) rpc.register(namespace, api)
      }
    }
  }

  /** Runs the services. The disposal waits for them, after the endpoints and before the server. */
  run(node: RunningNode): void {
    const { scope, clock, log, disposal } = this.#options
    const running = new Scope({ signal: scope.signal, clock, log })
    disposal.add('services', () => running[Symbol.asyncDispose]())
    for (const { name, parts } of this.#started) {
      if (parts.run) running.fork(name, () => this.#runOne(name, parts, node))
    }
  }

  async #runOne(name: string, parts: ServiceParts, node: RunningNode): Promise<void> {
    const { log, scope } = this.#options
    try {
      await parts.run?.(node)
    } catch (error) {
      const fields = { service: name, error: describeError(error) }
      if (node.signal.aborted) return log.debug('Service stopped with an error', fields)
      log.error('Service failed', fields)
      scope.close(new ServiceError(name, error))
    }
  }

  #context(name: string) {
    const { log, scope, clock, dataDir, openStore } = this.#options
    return { log: log.child({ module: name }), signal: scope.signal, clock, dataDir: dataDir(), openStore }
  }
}

/** Runs a step of a service; its error becomes the cause of a ServiceError. */
async function atService<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw new ServiceError(name, error)
  }
}
