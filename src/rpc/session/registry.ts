/**
 * Registered methods and subscriptions, by their names on the wire.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import { RpcError, RpcErrorCode } from '../wire/errors.ts'
import { type AnyFunction, type Api, type CallContext, isSubscription, type MethodSpec, specOf } from './api.ts'

/** A registered method or subscription. */
export interface Callable {
  readonly namespace: string
  readonly name: string
  readonly fn: AnyFunction
  readonly spec: MethodSpec | undefined
  /** Marks the parameters of the spec that may be omitted. */
  readonly optional: readonly boolean[]
}

const NAMESPACE = /^[a-zA-Z][a-zA-Z0-9]*$/

/** Methods and subscriptions of a server. Endpoints see it through {@link Methods}. */
export class Registry {
  /** BOUNDED: by the program's own APIs. */
  readonly methods = new Map<string, Callable>()
  readonly subscriptions = new Map<string, Callable>()
  /** Raised by every change. */
  version = 0

  /** Adds the functions of `api`; those of the same name are replaced. Throws a ConfigError (`namespace`, `api`). */
  register(namespace: string, api: Api): void {
    if (!NAMESPACE.test(namespace)) {
      throw new ConfigError('namespace', `${JSON.stringify(namespace)} is not a valid namespace`, {
        hint: 'use letters and digits',
      })
    }
    const functions = functionsOf(api)
    if (functions.length === 0) throw new ConfigError('api', `API of ${namespace} has no functions`)
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

/** @returns the functions of an object, its class and the ancestors of that; the nearest of each name */
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

/** View of a registry: the namespaces that an endpoint offers. */
export class Methods {
  readonly #registry: Registry
  readonly #modules: ReadonlySet<string> | undefined
  /** Methods that describe the endpoint itself, by their names on the wire. */
  readonly #own: ReadonlyMap<string, Callable>

  /** `modules`: namespaces to offer, `rpc` always; undefined for all, also those registered later. */
  constructor(registry: Registry, modules?: readonly string[], own: Readonly<Record<string, AnyFunction>> = {}) {
    this.#registry = registry
    this.#modules = modules && new Set([...modules, 'rpc'])
    this.#own = new Map(
      Object.entries(own).map(([wire, fn]) => [wire, toCallable('rpc', wire.replace(/^rpc_/, ''), fn)]),
    )
  }

  method(name: string): Callable | undefined {
    return this.#visible(this.#registry.methods.get(name)) ?? this.#own.get(name)
  }

  subscription(name: string): Callable | undefined {
    return this.#visible(this.#registry.subscriptions.get(name))
  }

  offers(namespace: string): boolean {
    return this.#modules?.has(namespace) ?? true
  }

  get namespaces(): readonly string[] {
    const own = [...this.#own.values()].map(({ namespace }) => namespace)
    return [...new Set([...this.#registry.namespaces.filter((each) => this.offers(each)), ...own])].sort()
  }

  get all(): { readonly methods: readonly Callable[]; readonly subscriptions: readonly Callable[] } {
    const visible = (map: ReadonlyMap<string, Callable>) =>
      [...map.values()].filter((each) => this.offers(each.namespace))
    return {
      methods: [...this.#own.values(), ...visible(this.#registry.methods)],
      subscriptions: visible(this.#registry.subscriptions),
    }
  }

  #visible(callable: Callable | undefined): Callable | undefined {
    return callable && this.offers(callable.namespace) ? callable : undefined
  }
}

/** Calls a method with parameters from the network. Throws an RpcError (-32602) for a mismatch, or what the method throws. */
export function invoke(callable: Callable, params: unknown, context: CallContext): unknown {
  const given = params ?? []
  if (!Array.isArray(given)) throw invalidParams('non-array args')
  const { fn, spec } = callable
  if (!spec) return fn(...given)
  return fn(...checked(spec, callable.optional, given), context)
}

/** Creates the generator of a subscription. A plain one gets the signal as its last parameter. Throws like {@link invoke}. */
export function iterate(callable: Callable, params: readonly unknown[], context: CallContext): AsyncGenerator<unknown> {
  const { fn, spec } = callable
  if (spec) return invoke(callable, params, context) as AsyncGenerator<unknown>
  const most = Math.max(0, fn.length - 1)
  if (params.length > most) {
    throw invalidParams(`too many arguments, want at most ${most} (the last parameter of a generator is the signal)`)
  }
  const args = [...params]
  if (fn.length > 0) args[most] = context.signal
  return fn(...args) as AsyncGenerator<unknown>
}

function checked(spec: MethodSpec, optional: readonly boolean[], given: readonly unknown[]): unknown[] {
  const { params } = spec
  if (given.length > params.length) throw invalidParams(`too many arguments, want at most ${params.length}`)
  return params.map(({ schema }, index) => {
    const isOptional = optional[index] === true
    if (index >= given.length && !isOptional) throw invalidParams(`missing value for required argument ${index}`)
    const value = given[index] === null && isOptional ? undefined : given[index] // like go-ethereum
    const result = schema.safeParse(value)
    if (result.success) return result.data
    const [issue] = result.error.issues
    const where = issue?.path.length ? `${issue.path.join('.')}: ` : ''
    throw invalidParams(`invalid argument ${index}: ${where}${issue?.message ?? 'invalid value'}`)
  })
}

function invalidParams(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}
