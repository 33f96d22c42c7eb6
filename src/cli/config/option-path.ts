/**
 * Paths of options, such as `p2p.maxPeers`, checked by the compiler: a flag can name only an option that is there, and one that
 * takes its value.
 * @module
 */
import type { ListenAddress } from '../../devp2p/index.ts'
import type { EthereumServiceOptions } from '../../ethereum/index.ts'
import type {
  AuthRpcOptions,
  HttpOptions,
  IpcOptions,
  NodeOptions,
  P2pOptions,
  RpcLimitOptions,
  WsOptions,
} from '../../node/index.ts'

/** Options of a node, and of the service of each world under the world's name. */
export interface Settings extends NodeOptions {
  readonly ethereum: EthereumServiceOptions
}

/** Objects that {@link Settings} consists of, by the prefix of their options' paths. */
interface Groups {
  readonly '': NodeOptions
  readonly 'p2p.': P2pOptions
  readonly 'p2p.listen.': ListenAddress
  readonly 'http.': HttpOptions
  readonly 'ws.': WsOptions
  readonly 'authrpc.': AuthRpcOptions
  readonly 'ipc.': IpcOptions
  readonly 'rpc.': RpcLimitOptions
  readonly 'ethereum.': EthereumServiceOptions
}

/** Names of the options of `T` that take a `V`. */
type NameIn<T, V> = { [K in keyof T & string]-?: [V] extends [T[K]] ? K : never }[keyof T & string]

/** Paths of the options that take a `V`. */
export type OptionPath<V> = { [G in keyof Groups]: `${G}${NameIn<Groups[G], V>}` }[keyof Groups]
