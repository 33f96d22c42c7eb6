/**
 * Proxies for the namespaces of a server, typed by the server's API.
 * @module
 */
import type { AnyFunction, CallContext } from '../session/api.ts'
import type { CallOptions } from '../session/pending.ts'
import type { RpcSubscription, SubscribeOptions } from '../session/subscription.ts'

/** Parameters without the signal or the context, which the server appends. */
type ClientParams<P extends readonly unknown[]> = number extends P['length']
  ? P
  : P extends readonly []
    ? []
    : P extends readonly [infer First, ...infer Rest]
      ? [First] extends [AbortSignal | CallContext]
        ? []
        : [First, ...ClientParams<Rest>]
      : P extends readonly [(infer First)?, ...infer Rest]
        ? [Exclude<First, undefined>] extends [AbortSignal | CallContext]
          ? []
          : [First?, ...ClientParams<Rest>]
        : P

/** A subscription that is requested when it is first used. */
type LazySubscription<T> = Pick<
  RpcSubscription<T>,
  'next' | 'return' | 'ready' | typeof Symbol.asyncIterator | typeof Symbol.asyncDispose
>

/** An API as its client sees it: methods return promises, async generators become iterables. */
export type ClientOf<A> = {
  readonly [K in keyof A as A[K] extends AnyFunction ? K : never]: A[K] extends (...args: infer P) => infer R
    ? (...args: ClientParams<P>) => R extends AsyncIterable<infer T> ? LazySubscription<T> : Promise<Awaited<R>>
    : never
}

/** The client that a proxy calls. */
export interface NamespaceClient {
  call(method: string, params: readonly unknown[], options: CallOptions): Promise<unknown>
  subscribe(namespace: string, params: readonly unknown[], options: SubscribeOptions): RpcSubscription<unknown>
}

/**
 * Creates the proxy of a namespace. The use of `calc.ticks(1)` decides between call and subscription: `await` calls,
 * `for await` subscribes. Nothing is sent before, so a call that is not awaited is not made, and an async function cannot return a
 * subscription, because returning awaits.
 */
export function namespaceProxy<A>(
  client: NamespaceClient,
  namespace: string,
  options: CallOptions & SubscribeOptions,
): ClientOf<A> {
  const get = (_: object, name: string | symbol) => {
    if (typeof name !== 'string' || name === 'then') return undefined // the proxy itself is not a promise
    return (...params: unknown[]) => new Invocation({ client, namespace, name, params, options })
  }
  return new Proxy({}, { get }) as ClientOf<A>
}

type Handler<V, R> = ((value: V) => R | PromiseLike<R>) | null | undefined

interface InvocationOptions {
  readonly client: NamespaceClient
  readonly namespace: string
  readonly name: string
  readonly params: readonly unknown[]
  readonly options: CallOptions & SubscribeOptions
}

/** A call or a subscription that has not been sent yet. */
class Invocation implements Promise<unknown> {
  readonly [Symbol.toStringTag] = 'Promise'
  readonly #options: InvocationOptions
  #result: Promise<unknown> | undefined
  #subscription: RpcSubscription<unknown> | undefined

  constructor(options: InvocationOptions) {
    this.#options = options
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<A = unknown, B = never>(onfulfilled?: Handler<unknown, A>, onrejected?: Handler<unknown, B>): Promise<A | B> {
    return this.#call().then(onfulfilled, onrejected)
  }

  catch<B = never>(onrejected?: Handler<unknown, B>): Promise<unknown | B> {
    return this.#call().catch(onrejected)
  }

  finally(onfinally?: (() => void) | null): Promise<unknown> {
    return this.#call().finally(onfinally)
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#subscribe().next()
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return this.#subscribe().return()
  }

  ready(): Promise<string | undefined> {
    return this.#subscribe().ready()
  }

  [Symbol.asyncIterator](): RpcSubscription<unknown> {
    return this.#subscribe()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#subscribe()[Symbol.asyncDispose]()
  }

  #call(): Promise<unknown> {
    const { client, namespace, name, params, options } = this.#options
    this.#result ??= client.call(`${namespace}_${name}`, params, options)
    return this.#result
  }

  #subscribe(): RpcSubscription<unknown> {
    const { client, namespace, name, params, options } = this.#options
    this.#subscription ??= client.subscribe(namespace, [name, ...params], options)
    return this.#subscription
  }
}
