/**
 * JSON-RPC API of a stored chain: `eth_…`, `eth_subscribe` and `debug_getRaw…`, with the answers of go-ethereum. A
 * server of `rpc/` registers these objects; this room is independent of transports.
 * Start reading at `eth-api.ts`, which composes the topics: `blocks/`, `transactions/`, `logs/`, `fees/`, `status/`.
 * @module
 */
export { type DebugRawApiOptions, debugRawApi } from './debug-raw-api.ts'
export { type EthApiOptions, ethApi } from './eth-api.ts'
export type { LogLimits } from './logs/log-search.ts'
export { type EthSubscriptionsOptions, ethSubscriptions } from './logs/subscriptions.ts'
export type { BlockId, BlockTag, LogQuery } from './params.ts'
