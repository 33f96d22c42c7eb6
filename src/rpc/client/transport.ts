/**
 * Interface of a client's transports: single requests (HTTP), or a persistent connection.
 * @module
 */

import type { BatchCall, CallOptions } from '../session/pending.ts'

export interface ClientTransport {
  call<T>(method: string, params: readonly unknown[], options?: CallOptions): Promise<T>
  batch(calls: readonly BatchCall[], options?: CallOptions): Promise<PromiseSettledResult<unknown>[]>
  notify(method: string, params: readonly unknown[], options?: CallOptions): Promise<void>
  close(): Promise<void>
}
