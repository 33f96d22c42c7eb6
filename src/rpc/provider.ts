/**
 * A client in the form that wallets have: viem's `custom` transport, ethers' `BrowserProvider`, web3.js take it.
 * Source: EIP-1193.
 * @module
 */
import { describeError, TimeoutError } from '../base/errors.ts'
import { yieldNow } from '../base/slices.ts'
import { RpcConnectionError, RpcError, RpcErrorCode } from './errors.ts'
import type { RpcSubscription } from './subscription.ts'

export interface ProviderRequest {
  readonly method: string
  readonly params?: readonly unknown[] | object | undefined
}

/** EIP-1193 `message`: a value of a subscription that was made through `request`. */
export interface ProviderMessage {
  readonly type: string
  readonly data: { readonly subscription: string; readonly result: unknown }
}

type Listener = (message: ProviderMessage) => void

/** The parts of EIP-1193 that a program uses which is no browser. */
export interface Eip1193Provider {
  /** Rejects with an error that has EIP-1193's numeric `code`. */
  request(request: ProviderRequest): Promise<unknown>
  /** Other events than `message` never come. */
  on(event: string, listener: Listener): Eip1193Provider
  removeListener(event: string, listener: Listener): Eip1193Provider
}

export interface ProviderTarget {
  call(method: string, params: readonly unknown[]): Promise<unknown>
  subscribe(namespace: string, params: readonly unknown[]): RpcSubscription<unknown>
}

export function createProvider(target: ProviderTarget): Eip1193Provider {
  return new Provider(target)
}

class Provider implements Eip1193Provider {
  readonly #target: ProviderTarget
  /** BOUNDED: by the program. */
  readonly #listeners = new Set<Listener>()
  readonly #subscriptions = new Map<string, RpcSubscription<unknown>>()

  constructor(target: ProviderTarget) {
    this.#target = target
  }

  async request({ method, params = [] }: ProviderRequest): Promise<unknown> {
    const list: readonly unknown[] = Array.isArray(params) ? params : [params]
    try {
      if (method === 'eth_subscribe') return await this.#subscribe(list)
      if (method === 'eth_unsubscribe') return await this.#unsubscribe(String(list[0]))
      return await this.#target.call(method, list)
    } catch (error) {
      throw new ProviderRpcError(error)
    }
  }

  on(event: string, listener: Listener): this {
    if (event === 'message') this.#listeners.add(listener)
    return this
  }

  removeListener(_: string, listener: Listener): this {
    this.#listeners.delete(listener)
    return this
  }

  async #subscribe(params: readonly unknown[]): Promise<string> {
    const subscription = this.#target.subscribe('eth', params)
    await subscription.ready()
    const id = subscription.id as string
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

  /** Under the id that was given out, also after a reconnection. EIP-1193 has no way to say that it ended. */
  async #pump(id: string, subscription: RpcSubscription<unknown>): Promise<void> {
    await yieldNow() // the id is there before the first value
    try {
      for await (const result of subscription) {
        const message: ProviderMessage = { type: 'eth_subscription', data: { subscription: id, result } }
        for (const listener of this.#listeners) listener(message)
      }
    } catch {
      // the connection was lost
    } finally {
      this.#subscriptions.delete(id)
    }
  }
}

/** EIP-1193 `ProviderRpcError`: libraries look at a number called `code`. */
class ProviderRpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(error: unknown) {
    super(describeError(error), { cause: error })
    this.code = codeOf(error)
    this.data = error instanceof RpcError ? error.data : undefined
  }
}

/** EIP-1193: the provider has no connection. */
const DISCONNECTED = 4_900

function codeOf(error: unknown): number {
  if (error instanceof RpcError) return error.errorCode
  if (error instanceof TimeoutError) return RpcErrorCode.Timeout
  return error instanceof RpcConnectionError ? DISCONNECTED : RpcErrorCode.Internal
}
