/**
 * The subscriptions that one connection has with us: each is an async generator of an API, pulled only as fast as the other side
 * reads.
 * @module
 */
import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { CallContext, RpcRemote } from './api.ts'
import { isCrash, RpcError, RpcErrorCode, toErrorObject } from './errors.ts'
import { encodeNotice, type Notice } from './message.ts'
import { newRpcId } from './new-id.ts'
import { type Callable, iterate } from './registry.ts'

/** Subscriptions of one connection: each may cost what a generator and its buffers cost. */
export const MAX_SUBSCRIPTIONS = 1_000

export interface ServedOptions {
  readonly remote: RpcRemote
  readonly log: Logger
  readonly send: (text: string) => void
  /** Resolves when the other side has room for more; undefined when it has already. */
  readonly room: () => Promise<void> | undefined
}

export class ServedSubscriptions {
  readonly #options: ServedOptions
  /** BOUNDED: by MAX_SUBSCRIPTIONS. */
  readonly #live = new Map<string, AbortController>()

  constructor(options: ServedOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#live.size
  }

  /** Checks the parameters and makes an id. Values are sent once `start` is called: when that id has been sent. */
  open(callable: Callable, params: readonly unknown[]): { readonly id: string; readonly start: () => void } {
    if (this.#live.size >= MAX_SUBSCRIPTIONS) {
      const message = `too many subscriptions on one connection, at most ${MAX_SUBSCRIPTIONS}`
      throw new RpcError(RpcErrorCode.LimitExceeded, message)
    }
    const controller = new AbortController()
    const context: CallContext = { signal: controller.signal, remote: this.#options.remote }
    const values = iterate(callable, params, context)
    const id = newRpcId()
    this.#live.set(id, controller)
    return { id, start: () => void this.#pump(id, callable, values, controller.signal) }
  }

  cancel(id: string): boolean {
    const controller = this.#live.get(id)
    if (!controller) return false
    this.#live.delete(id)
    controller.abort(new RpcError(RpcErrorCode.Default, 'unsubscribed'))
    return true
  }

  /** Ends all of them: the connection has gone. */
  close(reason: unknown): void {
    for (const controller of this.#live.values()) controller.abort(reason)
    this.#live.clear()
  }

  async #pump(id: string, callable: Callable, values: AsyncGenerator<unknown>, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { namespace, name } = callable
    const stop = (): void => void values.return(undefined).catch(() => {})
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const result of values) {
        if (signal.aborted) return
        this.#notify(namespace, id, { result })
        await this.#options.room()
      }
      if (this.#live.delete(id)) this.#notify(namespace, id, { done: true })
    } catch (error) {
      if (!this.#live.delete(id)) return
      this.#notify(namespace, id, { error: toErrorObject(error) })
      if (!isCrash(error)) return
      const stack = error instanceof Error ? error.stack : undefined
      this.#options.log.error('subscription crashed', { name, error: describeError(error), stack })
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  #notify(namespace: string, id: string, notice: Notice): void {
    this.#options.send(encodeNotice(namespace, id, notice))
  }
}
