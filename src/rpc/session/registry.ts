/**
 * What can be called, by its name on the wire.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import { RpcError, RpcErrorCode } from '../wire/errors.ts'
import { type AnyFunction, type Api, type CallContext, isSubscription, type MethodSpec, specOf } from './api.ts'

/** A method or a subscription, ready to be called. */
export interface Callable {
  readonly namespace: string
  readonly name: string
  readonly fn: AnyFunction
  readonly spec: MethodSpec | undefined
  /** Which of the spec's parameters may be left out. */
  readonly optional: readonly boolean[]
}

const NAMESPACE = /^[a-zA-Z][a-zA-Z0-9]*$/

/** All that is registered. Endpoints see it through {@link Methods}. */
export class Registry {
  /** BOUNDED: by what the program registers. */
  readonly methods = new Map<string, Callable>()
  readonly subscriptions = new Map<string, Callable>()
  /** Another number after every change. */
  version = 0

  /** Later ones add to earlier ones of the same namespace. Throws a ConfigError for a name that cannot be called. */
  register(namespace: string, api: Api): void {
    if (!NAMESPACE.test(namespace)) {
      throw new ConfigError('namespace', `${JSON.stringify(namespace)} cannot be one`, { hint: 'letters and digits' })
    }
    const functions = functionsOf(api)
    if (functions.length === 0) throw new ConfigError('api', `${namespace} has no functions`)
    this.version++
    for (const [name, fn] of functions) {
      const to = isSubscription(fn) ? this.subscriptions : this.methods
      to.set(`${namespace}_${name}`, toCallable(namespace, name, fn, api))
    }
  }

  get namespaces(): readonly string[] {
    const all = [...this.methods.values(), ...this.subscriptions.values()].map(({ namespace }) => namespace)
    return [...new Set(all)].sort()
  }
}

/** Own ones, and those of a class. */
function functionsOf(api: Api): (readonly [name: string, fn: AnyFunction])[] {
  const found = new Map<string, AnyFunction>()
  for (let at: object = api; at && at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor' && !found.has(name)) found.set(name, value)
    }
  }
  return [...found]
}

function toCallable(namespace: string, name: string, plain: AnyFunction, api?: Api): Callable {
  const spec = specOf(plain)
  const fn = api ? (plain.bind(api) as AnyFunction) : plain
  const optional = spec?.params.map(({ schema }) => schema.safeParse(undefined).success) ?? []
  return { namespace, name, fn, spec, optional }
}

/** The part of a registry that an endpoint offers. */
export class Methods {
  readonly #registry: Registry
  readonly #modules: ReadonlySet<string> | undefined
  /** What every endpoint has, by its name on the wire: that describes the endpoint itself. */
  readonly #own: ReadonlyMap<string, Callable>

  /** Without `modules` everything, also what is registered later. */
  constructor(registry: Registry, modules?: readonly string[], own: Readonly<Record<string, AnyFunction>> = {}) {
    this.#registry = registry
    this.#modules = modules && new Set([...modules, 'rpc'])
    this.#own = new Map(
      Object.entries(own).map(([wire, fn]) => [wire, toCallable('rpc', wire.replace(/^rpc_/, ''), fn)]),
    )
  }

  method(name: string): Callable | undefined {
    return this.#seen(this.#registry.methods.get(name)) ?? this.#own.get(name)
  }

  subscription(name: string): Callable | undefined {
    return this.#seen(this.#registry.subscriptions.get(name))
  }

  offers(namespace: string): boolean {
    return this.#modules?.has(namespace) ?? true
  }

  get namespaces(): readonly string[] {
    const own = [...this.#own.values()].map(({ namespace }) => namespace)
    return [...new Set([...this.#registry.namespaces.filter((each) => this.offers(each)), ...own])].sort()
  }

  get all(): { readonly methods: readonly Callable[]; readonly subscriptions: readonly Callable[] } {
    const seen = (map: ReadonlyMap<string, Callable>) => [...map.values()].filter((each) => this.offers(each.namespace))
    return {
      methods: [...this.#own.values(), ...seen(this.#registry.methods)],
      subscriptions: seen(this.#registry.subscriptions),
    }
  }

  #seen(callable: Callable | undefined): Callable | undefined {
    return callable && this.offers(callable.namespace) ? callable : undefined
  }
}

/** Calls with what came from the network. Throws an RpcError for parameters that do not fit, and whatever the method throws. */
export function invoke(callable: Callable, params: unknown, context: CallContext): unknown {
  const given = params ?? []
  if (!Array.isArray(given)) throw badParams('non-array args')
  const { fn, spec } = callable
  if (!spec) return fn(...given)
  return fn(...checked(spec, callable.optional, given), context)
}

/** Starts a subscription: a plain generator gets the signal as the last of its parameters, none of which may have a default. */
export function iterate(callable: Callable, params: readonly unknown[], context: CallContext): AsyncGenerator<unknown> {
  const { fn, spec } = callable
  if (spec) return invoke(callable, params, context) as AsyncGenerator<unknown>
  const most = Math.max(0, fn.length - 1)
  if (params.length > most) {
    throw badParams(`too many arguments, want at most ${most} (of a generator, the last parameter is the signal)`)
  }
  const args = [...params]
  if (fn.length > 0) args[most] = context.signal
  return fn(...args) as AsyncGenerator<unknown>
}

function checked(spec: MethodSpec, optional: readonly boolean[], given: readonly unknown[]): unknown[] {
  const { params } = spec
  if (given.length > params.length) throw badParams(`too many arguments, want at most ${params.length}`)
  return params.map(({ schema }, index) => {
    const left = optional[index] === true
    if (index >= given.length && !left) throw badParams(`missing value for required argument ${index}`)
    const value = given[index] === null && left ? undefined : given[index] // as go-ethereum reads a null
    const result = schema.safeParse(value)
    if (result.success) return result.data
    const [issue] = result.error.issues
    const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
    throw badParams(`invalid argument ${index}: ${where}${issue?.message ?? 'does not fit'}`)
  })
}

function badParams(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}
