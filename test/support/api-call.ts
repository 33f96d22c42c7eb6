/**
 * Calls of an API object as a server would make them: parameters checked, results and errors as JSON has them.
 * @module
 */
import { type AnyFunction, type CallContext, specOf } from '../../src/rpc/api.ts'
import { RpcError, RpcErrorCode } from '../../src/rpc/index.ts'

export type Answer =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } }

/** What a handler gets to know of its caller. */
export function context(signal: AbortSignal = new AbortController().signal): CallContext {
  return { signal, remote: { transport: 'inproc', address: '' } }
}

/** The answer to one call; `params` as JSON. */
export async function answer(api: object, name: string, params: readonly unknown[] = []): Promise<Answer> {
  try {
    const result = await call(api, name, params)
    return { result: JSON.parse(JSON.stringify(result)) }
  } catch (error) {
    if (!(error instanceof RpcError)) throw error
    return { error: { code: error.errorCode, message: error.message } }
  }
}

/** What the method gives, or throws. Of a subscription: its iterator. */
export function call(api: object, name: string, params: readonly unknown[], signal?: AbortSignal): unknown {
  const method = (api as Record<string, AnyFunction>)[name]
  if (!method) throw new RpcError(RpcErrorCode.MethodNotFound, `the method ${name} does not exist`)
  const schemas = specOf(method)?.params ?? []
  const values = schemas.map(({ schema }, i) => {
    if (params[i] == null) throw invalid(`missing value for required argument ${i}`)
    const { success, data, error } = schema.safeParse(params[i])
    if (success) return data
    throw invalid(`invalid argument ${i}: ${error.issues[0]?.message}`)
  })
  return method(...values, context(signal))
}

function invalid(message: string): RpcError {
  return new RpcError(RpcErrorCode.InvalidParams, message)
}
