/**
 * Values of a node that are fetched when they are awaited: `admin.nodeInfo.enode`, `eth.getBlockByNumber('latest',
 * false).hash` and `admin.peers.map((peer) => peer.name)` read as in go-ethereum's console, which blocks at each call
 * instead.
 * @module
 */

interface Source {
  /** The expression as it was written. */
  readonly path: string
  /** Fetches the value. */
  readonly value: () => Promise<unknown>
  readonly call: (params: unknown[]) => Promise<unknown>
}

/** A proxy that fetches its value when it is awaited. Its properties and the results of calling it are lazy, too. */
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

/** Wraps a call that is in flight. */
function pendingValue(path: string, promise: Promise<unknown>): unknown {
  promise.catch(() => {}) // the awaiting script receives the error
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

/** Throws for operators and JSON, which cannot await. */
function refuse(path: string): never {
  throw new TypeError(`${path} has not been fetched yet: write await ${path}`)
}
