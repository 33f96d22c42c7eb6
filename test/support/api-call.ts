/**
 * Calls of an API object as a server executes them: parameters are checked, results and errors converted to JSON.
 * @module
 */

import { RpcError, RpcErrorCode } from '../../src/rpc/index.ts'
import type { CallContext } from '../../src/rpc/session/api.ts'
import { invoke, Registry } from '../../src/rpc/session/registry.ts'

export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }

/** Creates the context of a handler. */
export function context(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal, remote: { transport: 'inproc', address: '' } }
}

/** Calls a method. @returns its result or error, as JSON has it */
export async function answer(api: object, name: string, params: readonly unknown[] = []): Promise<Answer> {
  try {
    const result = await call(api, name, params)
    return { result: JSON.parse(JSON.stringify(result)) }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return { error: { code: error.errorCode, message: error.message } }
  }
}

/** Calls a method. @returns its result, or the iterator of a subscription */
export function call(api: object, name: string, params: readonly unknown[], signal?: AbortSignal): unknown {
  const { methods, subscriptions } = registryOf(api)
  const callable = methods.get(`eth_${name}`) ?? subscriptions.get(`eth_${name}`)
  if (!callable) throw new RpcError(RpcErrorCode.MethodNotFound, `the method ${name} does not exist`)
  return invoke(callable, params, context(signal))
}

const registries = new WeakMap<object, Registry>()

function registryOf(api: object): Registry {
  const known = registries.get(api)
  if (known) return known
  const registry = new Registry()
  registry.register('eth', api)
  registries.set(api, registry)
  return registry
}
