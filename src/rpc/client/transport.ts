/**
 * How a client reaches a server: by single requests, or over one connection that stays.
 * @module
 */

import type { BatchCall, CallOptions } from '../session/pending.ts'

export interface ClientTransport {
  call<T>(method: string, params: readonly unknown[], options?: CallOptions): Promise<T>
  batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]>
  notify(method: string, params: readonly unknown[], options?: CallOptions): Promise<void>
  close(): Promise<void>
}
