import { nearest } from '../../base/nearest.ts'
import type { RpcClient } from '../../rpc/index.ts'
import { lazy } from './lazy.ts'

/** A namespace of a node as an object. Without a list of its methods, every name is a method. */
export function namespaceOf(client: RpcClient, module: string, methods: readonly string[]): object {
  const method = (name: string): unknown => {
    const call = (params: unknown[] = []) => client.call(`${module}_${name}`, params)
    return lazy({ path: `${module}.${name}`, value: call, call })
  }
  const own = methods.filter((each) => each.startsWith(`${module}_`)).map((each) => each.slice(module.length + 1))
  const known: Readonly<Record<string, unknown>> = Object.fromEntries(own.map((name) => [name, method(name)]))
  return new Proxy(known, {
    get(target, name) {
      if (typeof name === 'symbol' || name === 'then' || name === 'toJSON' || name in target)
        return Reflect.get(target, name)
      return own.length === 0 ? method(name) : refuse(module, name, own)
    },
  })
}

const MOST_SUGGESTED = 5

function refuse(module: string, name: string, own: readonly string[]): never {
  const longer = own.filter((each) => each.startsWith(name)).slice(0, MOST_SUGGESTED)
  const [near] = longer.length > 0 ? [longer.join(', ')] : [nearest(name, own)]
  throw new TypeError(`${module} has no ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}`)
}
