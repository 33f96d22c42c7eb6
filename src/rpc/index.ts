/**
 * rpc: JSON-RPC 2.0 both ways, as go-ethereum's `rpc` package speaks it: a client and a server over HTTP, WebSocket, IPC and in
 * process. Knows no Ethereum: what is called is an API object of whoever registers one.
 *
 * A message comes in through a wire (`ws-wire.ts`, `ipc-wire.ts`, `memory-wire.ts`) or an HTTP request (`http-call.ts`), is
 * answered by `answer.ts` from the `registry.ts`, and goes out the way it came. Start reading at `api.ts`, then `session.ts`.
 * @module
 */

export { RpcClient } from './client/client.ts'
export type { RpcClientOptions } from './client/client-options.ts'
export type { BatchCall } from './client/link.ts'
export type { ClientOf } from './client/namespace.ts'
export { type Eip1193Provider, type ProviderEvents, type ProviderMessage, ProviderRpcError } from './client/provider.ts'
export type { RpcClientEvent } from './client/session-link.ts'
export { type ListenOptions, type RpcEndpoint, RpcServer, type RpcServerOptions } from './server/server.ts'
export {
  type Api,
  type CallContext,
  type MethodSpec,
  method,
  type Param,
  param,
  RawJson,
  type RpcRemote,
} from './session/api.ts'
export { newRpcId } from './session/new-id.ts'
export type { CallOptions } from './session/pending.ts'
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
