/**
 * rpc: JSON-RPC 2.0 both ways, as go-ethereum's `rpc` package speaks it: a client and a server over HTTP, WebSocket, IPC and
 * in process. Knows nothing of Ethereum: a server calls the API objects that are registered with it.
 *
 * Four parts: `wire/` reads and writes whole JSON values, `session/` is one connection that carries calls both ways,
 * `server/` and `client/` stand on both and do not know each other. Start reading at `session/api.ts`, then
 * `session/session.ts`.
 * @module
 */

export { RpcClient } from './client/client.ts'
export type { RpcClientOptions } from './client/client-options.ts'
export type { ClientOf } from './client/namespace.ts'
export { type Eip1193Provider, type ProviderEvents, type ProviderMessage, ProviderRpcError } from './client/provider.ts'
export type { RpcClientEvent } from './client/session-transport.ts'
export { type RpcEndpoint, type RpcListenOptions, RpcServer, type RpcServerOptions } from './server/server.ts'
export {
  type Api,
  type CallContext,
  type MethodSpec,
  method,
  type Param,
  param,
  type RpcRemote,
} from './session/api.ts'
export type { BatchCall, CallOptions } from './session/pending.ts'
export { newRpcId } from './session/server-subscriptions.ts'
export { RpcSubscription, type SubscribeOptions } from './session/subscription.ts'
export {
  RpcConnectionError,
  RpcError,
  RpcErrorCode,
  type RpcErrorOptions,
  RpcHttpError,
  RpcOverflowError,
} from './wire/errors.ts'
export { JWT_SECRET_BYTES } from './wire/jwt.ts'
export { RawJson } from './wire/message.ts'
