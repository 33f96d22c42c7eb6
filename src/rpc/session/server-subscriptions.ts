/**
 * Subscriptions that a connection has opened here. Each is an async generator of an API, pulled only as fast as the remote
 * reads.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import { describeError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { randomBytes } from '../../crypto/index.ts'
import { isCrash, RpcError, RpcErrorCode, stackOf, toErrorObject } from '../wire/errors.ts'
import { encodeSubscriptionEnd, encodeSubscriptionValue } from '../wire/message.ts'
import type { CallContext, RpcRemote } from './api.ts'
import { type Callable, iterate } from './registry.ts'
import type { ServerLimits } from './server-limits.ts'
import type { SessionWriter } from './writer.ts'

/** Number of subscriptions of one connection: each costs a generator and its buffers. */
export const MAX_SUBSCRIPTIONS = 1_000

export interface ServerSubscriptionsOptions {
  readonly writer: SessionWriter
  readonly limits: ServerLimits
  readonly remote: RpcRemote
  readonly log: Logger
}

export class ServerSubscriptions {
  readonly #options: ServerSubscriptionsOptions
  /** BOUNDED: by MAX_SUBSCRIPTIONS. */
  readonly #live = new Map<string, AbortController>()
  #closed = false

  constructor(options: ServerSubscriptionsOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#live.size
  }

  /**
   * Opens a subscription. Values are sent after `start` is called, which is to follow the response with the id. Throws an
   * RpcError.
   */
  open(callable: Callable, params: readonly unknown[]): { readonly id: string; readonly start: () => void } {
    if (this.#closed) throw new RpcError(RpcErrorCode.Default, 'connection closed')
    if (this.#live.size >= MAX_SUBSCRIPTIONS) {
      const message = `too many subscriptions on one connection, at most ${MAX_SUBSCRIPTIONS}`
      throw new RpcError(RpcErrorCode.LimitExceeded, message)
    }
    const { limits, remote } = this.#options
    const controller = new AbortController()
    const context: CallContext = { signal: controller.signal, remote }
    const values = iterate(callable, params, context)
    if (!limits.acquireSubscription())
      throw new RpcError(RpcErrorCode.LimitExceeded, 'too many subscriptions on this server')
    const id = newRpcId()
    this.#live.set(id, controller)
    return { id, start: () => void this.#pump(id, callable, values, controller.signal) }
  }

  cancel(id: string): boolean {
    const controller = this.#live.get(id)
    if (!controller) return false
    this.#drop(id)
    controller.abort(new RpcError(RpcErrorCode.Default, 'unsubscribed'))
    return true
  }

  /** Cancels all subscriptions, at the end of the connection. */
  close(reason: unknown): void {
    this.#closed = true
    for (const [id, controller] of this.#live) {
      this.#drop(id)
      controller.abort(reason)
    }
  }

  /** @returns false when the subscription had ended before */
  #drop(id: string): boolean {
    if (!this.#live.delete(id)) return false
    this.#options.limits.releaseSubscription()
    return true
  }

  async #pump(id: string, callable: Callable, values: AsyncGenerator<unknown>, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { namespace, name } = callable
    const stop = (): void => void values.return(undefined).catch(() => {})
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const result of values) {
        if (signal.aborted) return
        this.#options.writer.send(encodeSubscriptionValue(namespace, id, result))
        await this.#options.writer.drained
      }
      if (this.#drop(id)) this.#options.writer.send(encodeSubscriptionEnd(namespace, id))
    } catch (error) {
      if (!this.#drop(id)) return
      this.#options.writer.send(encodeSubscriptionEnd(namespace, id, toErrorObject(error)))
      if (!isCrash(error)) return
      this.#options.log.error('Subscription crashed', { name, error: describeError(error), stack: stackOf(error) })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}

/** Creates the id of a subscription or a filter: a quantity of 16 random bytes, like go-ethereum's `rpc.NewID`. */
export function newRpcId(): string {
  return `0x${bytesToHex(randomBytes(16)).replace(/^0+(?=.)/, '')}`
}
