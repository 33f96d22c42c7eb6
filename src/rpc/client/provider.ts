/**
 * A client as an EIP-1193 provider, for viem's `custom` transport, ethers' `BrowserProvider` and web3.js.
 * Source: EIP-1193.
 * @module
 */
import { ConfigError, describeError, TimeoutError } from '../../base/errors.ts'
import { yieldNow } from '../../base/yield-budget.ts'
import type { RpcSubscription } from '../session/subscription.ts'
import { RpcConnectionError, RpcError, RpcErrorCode } from '../wire/errors.ts'
import type { RpcClientEvent } from './session-transport.ts'

export interface ProviderRequest {
  readonly method: string
  readonly params?: readonly unknown[] | object | undefined
}

/** EIP-1193 `message` event: a value of a subscription that was opened through `request`. */
export interface ProviderMessage {
  readonly type: string
  readonly data: { readonly subscription: string; readonly result: unknown }
}

/** Events of EIP-1193, without those for a user's choice of accounts and chains. */
export interface ProviderEvents {
  readonly message: ProviderMessage
  /** Emitted after a reconnection. */
  readonly connect: { readonly chainId: string }
  /** Emitted when the connection is lost; `code` is 4900. Never over HTTP. */
  readonly disconnect: ProviderRpcError
}

type Listener<E extends keyof ProviderEvents> = (value: ProviderEvents[E]) => void
type AnyListener = (value: never) => void

/** The parts of EIP-1193 that matter outside of browsers. */
export interface Eip1193Provider {
  /** Calls a method. Rejects with a {@link ProviderRpcError}. */
  request(request: ProviderRequest): Promise<unknown>
  on<E extends keyof ProviderEvents>(event: E, listener: Listener<E>): Eip1193Provider
  /** Accepts other events, which are never emitted. */
  on(event: string, listener: AnyListener): Eip1193Provider
  removeListener(event: string, listener: AnyListener): Eip1193Provider
}

/** The client that a provider calls. */
export interface ProviderClient {
  call(method: string, params: readonly unknown[]): Promise<unknown>
  subscribe(namespace: string, params: readonly unknown[]): RpcSubscription<unknown>
  /** @returns undefined over HTTP */
  events(): AsyncIterable<RpcClientEvent> | undefined
}

export function createProvider(client: ProviderClient): Eip1193Provider {
  return new Provider(client)
}

class Provider implements Eip1193Provider {
  readonly #client: ProviderClient
  /** BOUNDED: by the program's own listeners. */
  readonly #listeners = new Map<string, Set<AnyListener>>()
  readonly #subscriptions = new Map<string, RpcSubscription<unknown>>()
  #watching = false

  constructor(client: ProviderClient) {
    this.#client = client
  }

  async request({ method, params = [] }: ProviderRequest): Promise<unknown> {
    const list: readonly unknown[] = Array.isArray(params) ? params : [params]
    try {
      const [, namespace, action] = /^(\w+)_(subscribe|unsubscribe)$/.exec(method) ?? []
      if (namespace && action === 'subscribe') return await this.#subscribe(namespace, list)
      if (namespace) return await this.#unsubscribe(String(list[0]))
      return await this.#client.call(method, list)
    } catch (error) {
      throw new ProviderRpcError(error)
    }
  }

  on(event: string, listener: AnyListener): this {
    const listeners = this.#listeners.get(event) ?? new Set()
    this.#listeners.set(event, listeners.add(listener))
    if ((event === 'connect' || event === 'disconnect') && !this.#watching) {
      this.#watching = true
      void this.#watch()
    }
    return this
  }

  removeListener(event: string, listener: AnyListener): this {
    this.#listeners.get(event)?.delete(listener)
    return this
  }

  #emit<E extends keyof ProviderEvents>(event: E, value: ProviderEvents[E]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        ;(listener as Listener<E>)(value)
      } catch (error) {
        queueMicrotask(() => {
          throw error // uncaught, like that of any listener, without ending this loop
        })
      }
    }
  }

  async #watch(): Promise<void> {
    for await (const event of this.#client.events() ?? []) {
      if (event.type === 'disconnected') this.#emit('disconnect', new ProviderRpcError(event.error))
      if (event.type === 'connected') void this.#emitConnect()
    }
  }

  async #emitConnect(): Promise<void> {
    const chainId = await this.#client.call('eth_chainId', []).catch(() => undefined) // the connection may be lost again
    if (typeof chainId === 'string') this.#emit('connect', { chainId })
  }

  async #subscribe(namespace: string, params: readonly unknown[]): Promise<string> {
    const subscription = this.#client.subscribe(namespace, params)
    const id = (await subscription.ready()) as string // it cannot be abandoned before
    this.#subscriptions.set(id, subscription)
    void this.#pump(id, subscription)
    return id
  }

  async #unsubscribe(id: string): Promise<boolean> {
    const subscription = this.#subscriptions.get(id)
    if (!subscription) return false
    await subscription.return()
    return true
  }

  /** Emits the values under the first id, also after a reconnection. EIP-1193 has no event for the end of a subscription. */
  async #pump(id: string, subscription: RpcSubscription<unknown>): Promise<void> {
    await yieldNow() // the caller gets the id before the first value
    try {
      for await (const result of subscription) {
        this.#emit('message', { type: `${subscription.namespace}_subscription`, data: { subscription: id, result } })
      }
    } catch {
      // reported by the `disconnect` event
    } finally {
      this.#subscriptions.delete(id)
    }
  }
}

/** EIP-1193 `ProviderRpcError`: an error with a numeric `code`. */
export class ProviderRpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: unknown) {
    super(describeError(error), { cause: error })
    this.code = codeOf(error)
    this.data = error instanceof RpcError ? error.data : undefined
  }
}

/** EIP-1193 code of an unsupported method, such as a subscription over HTTP. */
const UNSUPPORTED = 4_200
/** EIP-1193 code of a provider without a connection. */
const DISCONNECTED = 4_900

function codeOf(error: unknown): number {
  if (error instanceof RpcError) return error.errorCode
  if (error instanceof TimeoutError) return RpcErrorCode.Timeout
  if (error instanceof ConfigError) return UNSUPPORTED
  return error instanceof RpcConnectionError ? DISCONNECTED : RpcErrorCode.Internal
}
