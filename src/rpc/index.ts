/**
 * rpc: JSON-RPC 2.0 both ways, as go-ethereum's `rpc` package speaks it: a client and a server over HTTP, WebSocket, IPC and in
 * process. Knows no Ethereum: what is called is an API object of whoever registers one.
 *
 * Start reading at `api.ts`, then `session.ts`.
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
export { RpcConnectionError, RpcError, RpcErrorCode, type RpcErrorOptions, RpcHttpError } from './errors.ts'
