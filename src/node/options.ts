import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { ServerOptions } from '../devp2p/index.ts'
import type { NodeKey } from '../identity/index.ts'
import type { LogLevels } from './log/levels.ts'
import type { Service } from './service.ts'

/** Defaults of the endpoints; go-ethereum's `DefaultConfig` (node/defaults.go). */
export const ENDPOINT_DEFAULTS = {
  http: { host: '127.0.0.1', port: 8545, modules: ['net', 'web3', 'eth'] },
  ws: { host: '127.0.0.1', port: 8546, modules: ['net', 'web3', 'eth'] },
  authrpc: { host: '127.0.0.1', port: 8551, modules: ['eth', 'net', 'web3'] },
} as const

/** Names and defaults are go-ethereum's. */
export interface HttpOptions {
  /** False leaves the endpoint closed, whatever else is set. @default true */
  readonly enabled?: boolean
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes a free one. @default 8545 */
  readonly port?: number
  /** Namespaces offered. @default net, web3, eth */
  readonly modules?: readonly string[]
  /** Path that requests have to go to. @default the root */
  readonly prefix?: string
  /** Origins of web pages that may call; `*` is any. @default none */
  readonly cors?: readonly string[]
  /** Host names that requests may name; `*` is any. @default localhost */
  readonly vhosts?: readonly string[]
}

export interface WsOptions {
  /** False leaves the endpoint closed, whatever else is set. @default true */
  readonly enabled?: boolean
  /** @default 127.0.0.1 */
  readonly host?: string
  /** 0 takes a free one; the same as HTTP's is shared. @default 8546 */
  readonly port?: number
  /** Namespaces offered. @default net, web3, eth */
  readonly modules?: readonly string[]
  /** Origins of web pages that may connect; `*` is any, and an empty list is the default. @default pages of this machine */
  readonly origins?: readonly string[]
}

/** HTTP and WebSocket on one port, for callers that know the secret. */
export interface AuthRpcOptions {
  /** False leaves the endpoint closed, whatever else is set. @default true */
  readonly enabled?: boolean
  /** @default 127.0.0.1 */
  readonly host?: string
  /** @default 8551 */
  readonly port?: number
  /** Namespaces offered. @default eth, net, web3 */
  readonly modules?: readonly string[]
  /** Host names that requests may name; `*` is any. @default localhost */
  readonly vhosts?: readonly string[]
  /** Path of the file with the secret; made when it is not there. @default `peerloom/jwtsecret` in the data folder */
  readonly jwtSecret?: string | undefined
}

export interface IpcOptions {
  /** @default true for a node with a data folder */
  readonly enabled?: boolean
  /** Path of the socket; a bare name is in the data folder. @default `peerloom.ipc` in the data folder */
  readonly path?: string | undefined
}

/** Limits of an RPC batch; 0 is no limit. */
export interface RpcLimitOptions {
  /** Calls. @default 1000 */
  readonly batchLimit?: number | undefined
  /** Characters of all answers. @default 25000000 */
  readonly batchResponseBytes?: number | undefined
}

/** Everything of the server but what the node gives it. */
export type P2pOptions = Partial<Omit<ServerOptions, 'key' | 'protocols' | 'signal' | 'log' | 'clock'>>

export interface NodeOptions {
  /** Folder that keeps the key and what services store; made when it is not there. @default nothing is kept */
  readonly dataDir?: string | undefined
  /** Identity of the node. @default the one in `keyFile` */
  readonly key?: NodeKey | undefined
  /** Path of a file with the key. @default the folder's; without a folder a new key */
  readonly keyFile?: string | undefined
  /** Goes into the name that peers are told: `Peerloom/<identity>/v0.1.0/…`. @default none */
  readonly identity?: string | undefined
  /** Options of the devp2p server, or false for a node without one. @default a server that does not listen */
  readonly p2p?: P2pOptions | false
  /** @default no HTTP */
  readonly http?: HttpOptions | undefined
  /** @default no WebSocket */
  readonly ws?: WsOptions | undefined
  /** @default no authenticated endpoint */
  readonly authrpc?: AuthRpcOptions | undefined
  readonly ipc?: IpcOptions | undefined
  readonly rpc?: RpcLimitOptions | undefined
  /** In the order they start. */
  readonly services?: readonly Service[]
  /** Closes the node. */
  readonly signal?: AbortSignal | undefined
  /** @default silentLogger */
  readonly log?: Logger | undefined
  /** What `debug_verbosity` and `debug_vmodule` change. @default these do nothing */
  readonly levels?: LogLevels | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}
