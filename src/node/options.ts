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

/** Options of the HTTP endpoint. Names and defaults are go-ethereum's. */
export interface HttpOptions {
  /** False leaves the endpoint closed, whatever else is set. @default true */
  readonly enabled?: boolean
  /** @default 127.0.0.1 */
  readonly host?: string
  /** Port; 0 picks a free one. @default 8545 */
  readonly port?: number
  /** Namespaces offered. @default net, web3, eth */
  readonly modules?: readonly string[]
  /** Path that serves requests; `/` is every path. @default the root */
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
  /** Port; 0 picks a free one; HTTP's port is shared. @default 8546 */
  readonly port?: number
  /** Namespaces offered. @default net, web3, eth */
  readonly modules?: readonly string[]
  /** Origins of web pages that may connect; `*` is any, and an empty list is the default. @default pages of this machine */
  readonly origins?: readonly string[]
}

/** Options of the authenticated endpoint: HTTP and WebSocket on one port, for clients with the secret. */
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
  /** Path of the file with the secret, created when missing. @default `peerloom/jwtsecret` in the data folder */
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
  /** Maximum number of calls. @default 1000 */
  readonly batchLimit?: number | undefined
  /** Maximum number of characters of all responses. @default 25000000 */
  readonly batchResponseBytes?: number | undefined
}

/** Options of the server, except those that the node sets. */
export type P2pOptions = Partial<Omit<ServerOptions, 'key' | 'protocols' | 'signal' | 'log' | 'clock'>>

export interface NodeOptions {
  /** Folder of the key and the services' stores, created when missing. @default nothing is kept */
  readonly dataDir?: string | undefined
  /** Key of the node. @default the one in `keyFile` */
  readonly key?: NodeKey | undefined
  /** Path of a file with the key. @default the folder's; without a folder a new key */
  readonly keyFile?: string | undefined
  /** Custom part of the name sent to peers: `Peerloom/<identity>/v0.1.0/…`. @default none */
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
  /** Services in the order of their start. */
  readonly services?: readonly Service[]
  /** Closes the node when it aborts. */
  readonly signal?: AbortSignal | undefined
  /** @default silentLogger */
  readonly log?: Logger | undefined
  /** Levels that `debug_verbosity` and `debug_vmodule` change. @default the calls have no effect */
  readonly levels?: LogLevels | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}
