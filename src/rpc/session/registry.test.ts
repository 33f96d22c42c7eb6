import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type CallContext, method, param } from './api.ts'
import { invoke, iterate, Methods, Registry } from './registry.ts'

const context: CallContext = {
  signal: new AbortController().signal,
  remote: { transport: 'inproc', address: '' },
}

function registryOf(api: object, namespace = 'test'): Registry {
  const registry = new Registry()
  registry.register(namespace, api)
  return registry
}

/** Calls a method of `api` with parameters as they come from the network. */
function call(api: object, name: string, params: unknown): unknown {
  const callable = new Methods(registryOf(api)).method(`test_${name}`)
  if (!callable) throw new TypeError(`${name} is not registered`)
  return invoke(callable, params, context)
}

describe('Registry', () => {
  test.each(['', '1a', 'a_b', 'a.b', 'ä', ' a', '__proto__'])(
    'registering in the namespace %j is a ConfigError',
    (namespace) => {
      expect(() => registryOf({ one: () => 1 }, namespace)).toThrow(
        expect.objectContaining({ name: 'ConfigError', field: 'namespace' }),
      )
    },
  )

  test.each([[{}], [{ value: 1, text: 'x' }], [Object.create(null)], [new (class Empty {})()]])(
    'registering an object without functions is a ConfigError',
    (api) => {
      expect(() => registryOf(api)).toThrow(expect.objectContaining({ name: 'ConfigError', field: 'api' }))
    },
  )

  test('methods of a class and of its ancestors are registered once, the nearest first', () => {
    class Base {
      one() {
        return 'base'
      }
      two() {
        return this.constructor.name
      }
    }
    class Derived extends Base {
      override one() {
        return 'derived'
      }
    }
    const { methods } = registryOf(new Derived())
    expect([...methods.keys()]).toEqual(['test_one', 'test_two'])
    expect(call(new Derived(), 'one', [])).toBe('derived')
    expect(call(new Derived(), 'two', [])).toBe('Derived') // this is kept
  })

  test('what every object inherits cannot be called, and getters are not run', () => {
    let read = 0
    const api = {
      one: () => 1,
      get secret() {
        read++
        return () => 'secret'
      },
    }
    const methods = new Methods(registryOf(api))
    for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf', 'secret']) {
      expect(methods.method(`test_${name}`)).toBeUndefined()
      expect(methods.method(name)).toBeUndefined()
    }
    expect(read).toBe(0)
  })

  test('a second object of a namespace adds to the first, replaces functions of the same name, and raises the version', () => {
    const registry = registryOf({ one: () => 1, two: () => 2 })
    const { version } = registry
    registry.register('test', { two: () => 'second', three: () => 3 })
    expect([...registry.methods.keys()].sort()).toEqual(['test_one', 'test_three', 'test_two'])
    expect(invoke(registry.methods.get('test_two')!, [], context)).toBe('second')
    expect(registry.version).toBeGreaterThan(version)
    expect(registry.namespaces).toEqual(['test'])
  })
})

describe('Methods', () => {
  const own = { rpc_modules: () => 'modules' }

  test('an endpoint offers the namespaces it was given and rpc, and no others', () => {
    const registry = registryOf({ one: () => 1 }, 'open')
    registry.register('hidden', { two: () => 2, async *ticks() {} })
    const methods = new Methods(registry, ['open', 'later'], own)
    expect(methods.namespaces).toEqual(['open', 'rpc'])
    expect(methods.method('open_one')).toBeDefined()
    expect(methods.method('rpc_modules')).toBeDefined()
    expect(methods.method('hidden_two')).toBeUndefined()
    expect(methods.subscription('hidden_ticks')).toBeUndefined()
    expect(methods.offers('hidden')).toBe(false)
    expect(methods.all.methods.map(({ name }) => name)).toEqual(['modules', 'one'])
    expect(methods.all.subscriptions).toEqual([])
    registry.register('later', { three: () => 3 })
    expect(methods.method('later_three')).toBeDefined()
  })

  test('an endpoint without a list of namespaces offers all, also those registered later', () => {
    const registry = registryOf({ one: () => 1 })
    const methods = new Methods(registry)
    registry.register('later', { async *ticks() {} })
    expect(methods.namespaces).toEqual(['later', 'test'])
    expect(methods.subscription('later_ticks')).toBeDefined()
    expect(methods.method('later_ticks')).toBeUndefined() // a subscription is not a method
  })
})

describe('invoke', () => {
  let runs = 0
  const api = {
    plain: (...values: unknown[]) => values,
    checked: method(
      {
        summary: 'checks its parameters',
        params: [param('filter', z.object({ from: z.number().int() })), param('limit', z.number().optional())],
      },
      ({ from }, limit, { remote }) => {
        runs++
        return [from, limit ?? 'none', remote.transport]
      },
    ),
  }

  test('a plain method gets the parameters as they came', () => {
    expect(call(api, 'plain', [1, null, { a: 1 }])).toEqual([1, null, { a: 1 }])
    expect(call(api, 'plain', undefined)).toEqual([])
    expect(call(api, 'plain', null)).toEqual([])
  })

  test('a checked method gets parsed parameters and the context; null stands for an optional parameter left out', () => {
    expect(call(api, 'checked', [{ from: 1, junk: 2 }])).toEqual([1, 'none', 'inproc'])
    expect(call(api, 'checked', [{ from: 1 }, null])).toEqual([1, 'none', 'inproc'])
    expect(call(api, 'checked', [{ from: 1 }, 5])).toEqual([1, 5, 'inproc'])
  })

  test.each([
    [{ from: 1 }, 'non-array args'],
    ['x', 'non-array args'],
    [[], 'missing value for required argument 0'],
    [[{ from: 1 }, 2, 3], 'too many arguments, want at most 2'],
    [[null], /^invalid argument 0: /],
    [[{ from: 'x' }], /^invalid argument 0: from: /],
    [[{ from: 1.5 }], /^invalid argument 0: from: /],
    [[{ from: 1 }, 'x'], /^invalid argument 1: /],
    [[JSON.parse('{"__proto__":{"from":1}}')], /^invalid argument 0: /],
  ])('parameters %j are refused with -32602 before the handler runs', (params, message) => {
    runs = 0
    const failure = expect(() => call(api, 'checked', params))
    failure.toThrow(expect.objectContaining({ name: 'RpcError', errorCode: -32_602 }))
    failure.toThrow(message)
    expect(runs).toBe(0)
  })
})

describe('iterate', () => {
  const subscription = (api: object, name: string) => new Methods(registryOf(api)).subscription(`test_${name}`)!

  test('a plain generator gets the signal as its last parameter, also where the caller sent fewer', async () => {
    const api = {
      async *two(a?: unknown, b?: unknown, signal?: AbortSignal) {
        yield [a, b, signal === context.signal]
      },
    }
    const first = async (params: readonly unknown[]) =>
      (await iterate(subscription(api, 'two'), params, context).next()).value
    expect(await first([1, 2])).toEqual([1, 2, true])
    expect(await first([1])).toEqual([1, undefined, true])
    expect(await first([])).toEqual([undefined, undefined, true])
  })

  test('a caller cannot put a parameter in the place of the signal', () => {
    const api = { async *one(_a?: unknown, _signal?: AbortSignal) {}, async *none() {} }
    for (const [name, params] of [
      ['one', [1, 'signal']],
      ['none', [1]],
    ] as const) {
      expect(() => iterate(subscription(api, name), params, context)).toThrow(
        expect.objectContaining({ name: 'RpcError', errorCode: -32_602 }),
      )
    }
  })

  test('the parameters of a generator made with method() are checked before it begins', () => {
    const checked = method(
      { summary: 'counts', params: [param('to', z.number())] },
      async function* (to: number): AsyncGenerator<number> {
        yield to
      },
    )
    const callable = subscription({ checked }, 'checked')
    expect(() => iterate(callable, ['x'], context)).toThrow(expect.objectContaining({ errorCode: -32_602 }))
    expect(() => iterate(callable, [1, 2], context)).toThrow(expect.objectContaining({ errorCode: -32_602 }))
  })
})
