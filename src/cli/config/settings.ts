/**
 * What the node is told, as one object.
 * @module
 */
import { isAbsolute, join, sep } from 'node:path'
import type { NetworkName } from '../../ethereum/chain/index.ts'
import { jwtSecretPath, type LogFormat, type Verbosity } from '../../node/index.ts'
import type { Config } from './config.ts'
import { dataDirOf } from './data-dir.ts'

export interface NodeSettings {
  /** Absolute. */
  readonly dataDir: string
  /** A chain that is built in; neither it nor `genesisFile` for the one that the data folder holds. */
  readonly network: NetworkName | undefined
  readonly genesisFile: string | undefined
  /** Undefined for the chain's id. */
  readonly networkId: bigint | undefined
  readonly sync: { readonly target: Uint8Array | undefined; readonly exitWhenSynced: boolean }
  readonly p2p: P2pSettings
  readonly http: EndpointSettings & { readonly corsDomains: readonly string[]; readonly vhosts: readonly string[] }
  readonly ws: Omit<EndpointSettings, 'prefix'> & { readonly origins: readonly string[] }
  readonly authrpc: {
    readonly enabled: boolean
    readonly host: string
    readonly port: number
    /** The secret's file: `<dataDir>/peerloom/jwtsecret` unless another was named. */
    readonly jwtSecretFile: string
    readonly vhosts: readonly string[]
  }
  readonly ipc: { readonly enabled: boolean; readonly path: string }
  readonly rpc: {
    /** Calls in a batch; 0 is no limit. */
    readonly batchRequestLimit: number
    /** Bytes; 0 is no limit. */
    readonly batchResponseMaxBytes: number
  }
  readonly log: LogSettings
}

export interface P2pSettings {
  readonly host: string
  readonly port: number
  readonly maxPeers: number
  readonly maxPendingPeers: number | undefined
  /** Enode URLs. */
  readonly staticNodes: readonly string[]
  /** Enode URLs. */
  readonly trustedNodes: readonly string[]
  /** Ranges between commas; undefined for no restriction. */
  readonly netRestrict: string | undefined
  readonly nodeKeyFile: string | undefined
  /** 64 hex digits. */
  readonly nodeKeyHex: string | undefined
  /** Empty for none. */
  readonly identity: string
}

export interface EndpointSettings {
  readonly enabled: boolean
  readonly host: string
  readonly port: number
  readonly modules: readonly string[]
  /** Path of JSON-RPC; empty for the root. */
  readonly prefix: string
}

export interface LogSettings {
  readonly level: Verbosity
  /** `peer=debug,sync=5` */
  readonly vmodule: string
  /** Undefined for whatever suits where the log goes. */
  readonly format: LogFormat | undefined
  readonly file: string | undefined
}

/** Absolute. */
export function dataDirIn(config: Config): string {
  return dataDirOf(config.get('datadir'), config.get('network'))
}

export function nodeSettings(config: Config): NodeSettings {
  const dataDir = dataDirIn(config)
  const networkId = config.get('networkid')
  return {
    dataDir,
    network: config.get('network'),
    genesisFile: config.get('genesis'),
    networkId: networkId === undefined ? undefined : BigInt(networkId),
    sync: { target: config.get('synctarget'), exitWhenSynced: config.get('exitwhensynced') },
    p2p: p2pSettings(config),
    ...apiSettings(config, dataDir),
    log: logSettings(config),
  }
}

export function logSettings(config: Config): LogSettings {
  return {
    level: config.get('verbosity'),
    vmodule: config.get('vmodule'),
    format: config.get('log.format'),
    file: config.get('log.file'),
  }
}

function p2pSettings(config: Config): P2pSettings {
  return {
    host: config.get('host'),
    port: config.get('port'),
    maxPeers: config.get('maxpeers'),
    maxPendingPeers: config.get('maxpendpeers') || undefined,
    staticNodes: config.get('staticnodes'),
    trustedNodes: config.get('trustedpeers'),
    netRestrict: config.get('netrestrict').join(',') || undefined,
    nodeKeyFile: config.get('nodekey'),
    nodeKeyHex: config.get('nodekeyhex'),
    identity: config.get('identity'),
  }
}

function apiSettings(config: Config, dataDir: string): Pick<NodeSettings, 'http' | 'ws' | 'authrpc' | 'ipc' | 'rpc'> {
  return {
    http: {
      enabled: config.get('http'),
      host: config.get('http.addr'),
      port: config.get('http.port'),
      modules: config.get('http.api'),
      prefix: config.get('http.rpcprefix'),
      corsDomains: config.get('http.corsdomain'),
      vhosts: config.get('http.vhosts'),
    },
    ws: {
      enabled: config.get('ws'),
      host: config.get('ws.addr'),
      port: config.get('ws.port'),
      modules: config.get('ws.api'),
      origins: config.get('ws.origins'),
    },
    authrpc: {
      enabled: config.get('authrpc'),
      host: config.get('authrpc.addr'),
      port: config.get('authrpc.port'),
      jwtSecretFile: config.get('authrpc.jwtsecret') ?? jwtSecretPath(dataDir),
      vhosts: config.get('authrpc.vhosts'),
    },
    ipc: { enabled: !config.get('ipcdisable'), path: ipcPath(config.get('ipcpath'), dataDir) },
    rpc: {
      batchRequestLimit: config.get('rpc.batch-request-limit'),
      batchResponseMaxBytes: config.get('rpc.batch-response-max-size'),
    },
  }
}

/** A bare name is in the data folder, as go-ethereum has it; on Windows it is the name of a pipe. */
function ipcPath(path = 'peerloom.ipc', dataDir: string): string {
  const isBare = !isAbsolute(path) && !path.includes('/') && !path.includes(sep)
  if (process.platform === 'win32') return isBare ? `\\\\.\\pipe\\${path}` : path
  return isBare ? join(dataDir, path) : path
}
