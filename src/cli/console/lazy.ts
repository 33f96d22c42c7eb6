/**
 * What a node says, before it is asked: `admin.nodeInfo.enode`, `eth.getBlockByNumber('latest', false).hash` and
 * `admin.peers.map((peer) => peer.name)` read as in go-ethereum's console, which waits for each answer; here whoever awaits
 * the whole asks.
 * @module
 */

interface Source {
  /** As it was written. */
  readonly path: string
  /** Asks, and resolves with the value. */
  readonly value: () => Promise<unknown>
  readonly call: (params: unknown[]) => Promise<unknown>
}

/** A value that is asked for when it is awaited; its properties, and what calling it gives, are the same. */
export function lazy(source: Source): unknown {
  const { path, value, call } = source
  const named = Object.defineProperty(() => {}, 'name', { value: path })
  return new Proxy(named, {
    apply: (_target, _this, params: unknown[]) => pendingValue(`${path}(…)`, call(params)),
    get: (_target, key) => {
      if (key === Symbol.toPrimitive || key === 'toJSON') return () => refuse(path)
      if (typeof key === 'symbol') return undefined
      if (key === 'then' || key === 'catch' || key === 'finally') return promiseMethod(value, key)
      return lazy({
        path: `${path}.${key}`,
        value: async () => propertyOf(await value(), key),
        call: async (params) => {
          const owner = await value()
          return (propertyOf(owner, key) as (...given: unknown[]) => unknown).apply(owner, params)
        },
      })
    },
  })
}

/** What is being asked for already. */
function pendingValue(path: string, promise: Promise<unknown>): unknown {
  promise.catch(() => {}) // whoever awaits hears of it
  return lazy({
    path,
    value: () => promise,
    call: async (params) => ((await promise) as (...given: unknown[]) => unknown)(...params),
  })
}

function promiseMethod(value: () => Promise<unknown>, key: 'then' | 'catch' | 'finally') {
  return (...handlers: never[]): unknown => {
    const promise = value()
    return (promise[key] as (...given: never[]) => unknown).apply(promise, handlers)
  }
}

function propertyOf(owner: unknown, key: string): unknown {
  return (owner as Record<string, unknown>)[key]
}

/** Operators, and JSON, cannot wait. */
function refuse(path: string): never {
  throw new TypeError(`${path} has not been fetched yet: write await ${path}`)
}
