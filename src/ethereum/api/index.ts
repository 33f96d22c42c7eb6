/**
 * What is answered to JSON-RPC of a chain that is stored: `eth_…`, `eth_subscribe` and `debug_getRaw…`, as go-ethereum
 * answers. The objects here are registered with a server of `rpc/`; nothing here knows how a call came.
 * Start reading at `eth-api.ts`.
 * @module
 */
export { type DebugRawApiOptions, debugRawApi } from './debug-raw-api.ts'
export { type EthApiOptions, ethApi } from './eth-api.ts'
export type { LogLimits } from './logs/log-search.ts'
export { type EthSubscriptionsOptions, ethSubscriptions } from './logs/subscriptions.ts'
export type { BlockId, BlockTag, LogQuery } from './params.ts'
