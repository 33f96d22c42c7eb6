/**
 * rpc: JSON-RPC 2.0 both ways, as go-ethereum's `rpc` package speaks it: a client and a server over HTTP, WebSocket, IPC and in
 * process. Knows no Ethereum: what is called is an API object of whoever registers one.
 *
 * A message comes in through a wire (`ws-wire.ts`, `ipc-wire.ts`, `memory-wire.ts`) or an HTTP request (`http-call.ts`), is
 * answered by `answer.ts` from the `registry.ts`, and goes out the way it came. Start reading at `api.ts`, then `session.ts`.
 * @module
 */
export {
  type Api,
  type CallContext,
  type MethodSpec,
  method,
  type Param,
  param,
  RawJson,
  type RpcRemote,
} from './api.ts'
export { RpcClient } from './client.ts'
export type { RpcClientOptions } from './client-options.ts'
export {
  RpcConnectionError,
  RpcError,
  RpcErrorCode,
  type RpcErrorOptions,
  RpcHttpError,
  RpcOverflowError,
} from './errors.ts'
export { JWT_SECRET_BYTES } from './jwt.ts'
export type { BatchCall } from './link.ts'
export type { ClientOf } from './namespace.ts'
export { newRpcId } from './new-id.ts'
export type { CallOptions } from './pending.ts'
export { type Eip1193Provider, type ProviderEvents, type ProviderMessage, ProviderRpcError } from './provider.ts'
export { type ListenOptions, type RpcEndpoint, RpcServer, type RpcServerOptions } from './server.ts'
export type { RpcClientEvent } from './session-link.ts'
export { RpcSubscription, type SubscribeOptions } from './subscription.ts'
