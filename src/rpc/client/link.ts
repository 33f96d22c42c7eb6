/**
 * How a client reaches a server: by single requests, or over one connection that stays.
 * @module
 */

import type { CallOptions } from '../session/pending.ts'
import { RpcConnectionError, RpcError, RpcErrorCode } from '../wire/errors.ts'

export interface BatchCall {
  readonly method: string
  readonly params?: readonly unknown[] | undefined
}

export interface Link {
  call<T>(method: string, params: readonly unknown[], options?: CallOptions): Promise<T>
  batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]>
  notify(method: string, params: readonly unknown[], options?: CallOptions): Promise<void>
  close(): Promise<void>
}

/** For what the other side would refuse after all of it had been sent. */
export function tooLarge(text: string, max: number): RpcError {
  const message = `the request is too large: ${text.length} characters, at most ${max}`
  return new RpcError(RpcErrorCode.InvalidRequest, message)
}

/** go-ethereum's `ErrNoResult` and `ErrMissingBatchResponse`. */
export function missingAnswer(method: string): RpcConnectionError {
  return new RpcConnectionError('ERR_RPC_ANSWER', `the server sent no answer to ${method}`, { mayHaveRun: true })
}
