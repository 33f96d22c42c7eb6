/**
 * Every flag of the node, once: the command line, the environment, the file, `--help`, `dumpconfig`, the shells'
 * completion and docs/flags.md are made of this table. Names and defaults are go-ethereum's where it has the flag.
 * @module
 */
import { NETWORK_NAMES } from '../../ethereum/chain/index.ts'
import { LOG_FORMATS } from '../../node/index.ts'
import { DEFAULT_DATADIR } from './data-dir.ts'
import { type Flag, flag, keyOf, optionalFlag, variableOf } from './flag.ts'
import {
  fileType,
  folderType,
  hashType,
  levelType,
  listType,
  moduleLevelsType,
  nodesType,
  oneOfType,
  portType,
  rangesType,
  secretKeyType,
  switchType,
  textType,
  wholeType,
} from './value-type.ts'

const ETHEREUM = {
  datadir: flag({
    category: 'ETHEREUM',
    type: folderType,
    fallback: DEFAULT_DATADIR,
    defaultText: '~/.peerloom',
    help: 'keeps key and chain; within the default one, test networks have their own',
  }),
  network: optionalFlag({
    category: 'ETHEREUM',
    type: oneOfType('name', NETWORK_NAMES),
    defaultText: "the data folder's",
    switches: NETWORK_NAMES,
    help: 'a chain that is built in',
  }),
  genesis: optionalFlag({
    category: 'ETHEREUM',
    type: fileType,
    help: "another chain's genesis.json, as go-ethereum has it; needed once",
  }),
  networkid: optionalFlag({
    category: 'ETHEREUM',
    type: wholeType(1),
    defaultText: 'the chain id',
    help: 'what is told to peers',
  }),
  synctarget: optionalFlag({
    category: 'ETHEREUM',
    type: hashType,
    aliases: ['target'],
    help: 'hash of the block to sync to',
  }),
  exitwhensynced: flag({
    category: 'ETHEREUM',
    type: switchType,
    fallback: false,
    aliases: ['exit-when-synced'],
    help: 'end when the target is reached',
  }),
} as const

const NETWORKING = {
  host: flag({
    category: 'NETWORKING',
    type: textType('address'),
    fallback: '0.0.0.0',
    help: 'address to listen on for peers',
  }),
  port: flag({
    category: 'NETWORKING',
    type: portType,
    fallback: 30_303,
    help: 'port to listen on for peers; 0 takes a free one',
  }),
  maxpeers: flag({
    category: 'NETWORKING',
    type: wholeType(1, 10_000),
    fallback: 50,
    aliases: ['max-peers'],
    help: 'peers at most',
  }),
  maxpendpeers: flag({
    category: 'NETWORKING',
    type: wholeType(0, 10_000),
    fallback: 0,
    help: 'handshakes at once at most, each way; 0 is 50',
  }),
  staticnodes: flag({
    category: 'NETWORKING',
    type: nodesType,
    fallback: [],
    aliases: ['peer'],
    help: 'nodes to keep connected to; may be given several times',
  }),
  trustedpeers: flag({
    category: 'NETWORKING',
    type: nodesType,
    fallback: [],
    help: 'nodes that are let in beyond --maxpeers',
  }),
  netrestrict: flag({
    category: 'NETWORKING',
    type: rangesType,
    fallback: [],
    help: 'connect within these IP networks only, both ways',
  }),
  nodekey: optionalFlag({
    category: 'NETWORKING',
    type: fileType,
    defaultText: "the data folder's",
    help: "file with the node's key",
  }),
  nodekeyhex: optionalFlag({
    category: 'NETWORKING',
    type: secretKeyType,
    secret: true,
    help: "the node's key itself, for tests",
  }),
  identity: flag({
    category: 'NETWORKING',
    type: textType('name'),
    fallback: '',
    help: 'a name that goes into what the node calls itself',
  }),
} as const

const DEFAULT_MODULES = ['net', 'web3', 'eth']
const LOOPBACK = '127.0.0.1'

const api = <T extends {}>(options: Omit<Parameters<typeof flag<T>>[0], 'category'>): Flag<T> =>
  flag<T>({ ...options, category: 'API AND CONSOLE' })

const API = {
  ipcdisable: api({ type: switchType, fallback: false, help: 'no IPC endpoint' }),
  ipcpath: optionalFlag({
    category: 'API AND CONSOLE',
    type: fileType,
    defaultText: 'peerloom.ipc in the data folder',
    help: 'socket of the IPC endpoint; a bare name is in the data folder',
  }),
  http: api({ type: switchType, fallback: false, help: 'JSON-RPC over HTTP' }),
  'http.addr': api({ type: textType('address'), fallback: LOOPBACK, help: 'address of the HTTP endpoint' }),
  'http.port': api({ type: portType, fallback: 8545, help: 'port of the HTTP endpoint' }),
  'http.api': api({ type: listType('name'), fallback: DEFAULT_MODULES, help: 'APIs offered over HTTP' }),
  'http.corsdomain': api({
    type: listType('origin'),
    fallback: [],
    help: 'origins whose pages may call over HTTP; * is any',
  }),
  'http.vhosts': api({
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which it may be called; * is any',
  }),
  'http.rpcprefix': api({ type: textType('path'), fallback: '', help: 'path of JSON-RPC over HTTP; / is every path' }),
  ws: api({ type: switchType, fallback: false, help: 'JSON-RPC over WebSocket' }),
  'ws.addr': api({ type: textType('address'), fallback: LOOPBACK, help: 'address of the WebSocket endpoint' }),
  'ws.port': api({ type: portType, fallback: 8546, help: 'port of the WebSocket endpoint' }),
  'ws.api': api({ type: listType('name'), fallback: DEFAULT_MODULES, help: 'APIs offered over WebSocket' }),
  'ws.origins': api({
    type: listType('origin'),
    fallback: [],
    defaultText: 'pages of this machine',
    help: 'origins whose pages may connect; * is any',
  }),
  authrpc: api({ type: switchType, fallback: false, help: 'JSON-RPC over HTTP and WebSocket for who has the secret' }),
  'authrpc.addr': api({ type: textType('address'), fallback: LOOPBACK, help: 'address of the authenticated endpoint' }),
  'authrpc.port': api({ type: portType, fallback: 8551, help: 'port of the authenticated endpoint' }),
  'authrpc.jwtsecret': optionalFlag({
    category: 'API AND CONSOLE',
    type: fileType,
    defaultText: 'jwtsecret in the data folder',
    help: 'file with the secret of the authenticated endpoint',
  }),
  'authrpc.vhosts': api({
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which the authenticated endpoint may be called; * is any',
  }),
  'rpc.batch-request-limit': api({
    type: wholeType(0),
    fallback: 1000,
    help: 'calls in a batch at most; 0 is no limit',
  }),
  'rpc.batch-response-max-size': api({
    type: wholeType(0),
    fallback: 25_000_000,
    help: 'bytes of the answers to a batch at most; 0 is no limit',
  }),
  exec: optionalFlag({
    category: 'API AND CONSOLE',
    type: textType('script'),
    reach: 'command line',
    help: 'run this instead of the console (attach)',
  }),
} as const

const LOGGING = {
  verbosity: flag({
    category: 'LOGGING AND DEBUGGING',
    type: levelType,
    fallback: 'info',
    aliases: ['log-level'],
    help: 'the least that is logged: silent, error, warn, info, debug, trace, or 0 to 5',
  }),
  vmodule: flag({
    category: 'LOGGING AND DEBUGGING',
    type: moduleLevelsType,
    fallback: '',
    help: 'levels per module: peer=debug,sync=5',
  }),
  'log.format': optionalFlag({
    category: 'LOGGING AND DEBUGGING',
    type: oneOfType('form', LOG_FORMATS, { text: 'terminal' }),
    defaultText: 'terminal on a terminal, json otherwise',
    aliases: ['log-format'],
    help: 'form of the log: terminal, json or logfmt',
  }),
  'log.file': optionalFlag({
    category: 'LOGGING AND DEBUGGING',
    type: fileType,
    help: 'file the log is added to, besides stderr',
  }),
} as const

const MISC = {
  config: optionalFlag({
    category: 'MISC',
    type: fileType,
    reach: 'variable',
    help: 'TOML file with any of these settings; see dumpconfig',
  }),
  json: flag({
    category: 'MISC',
    type: switchType,
    fallback: false,
    reach: 'command line',
    help: 'one JSON object a line on stdout, the last one the result; the log is JSON too',
  }),
} as const

export const FLAGS = { ...ETHEREUM, ...NETWORKING, ...API, ...LOGGING, ...MISC } as const satisfies Record<
  string,
  Flag<never> | Flag<unknown>
>

export type FlagName = keyof typeof FLAGS
export type FlagValue<N extends FlagName> = (typeof FLAGS)[N] extends Flag<infer T> ? T : never

export const FLAG_NAMES = Object.keys(FLAGS) as readonly FlagName[]

/** What every command takes. */
export const COMMON_FLAGS: readonly FlagName[] = [...(Object.keys(LOGGING) as FlagName[]), 'config', 'json']
/** What names a data folder and its chain. */
export const CHAIN_FLAGS: readonly FlagName[] = ['datadir', 'network', 'genesis']
/** What the node itself takes, besides {@link COMMON_FLAGS}. */
export const NODE_FLAGS: readonly FlagName[] = FLAG_NAMES.filter(
  (name) => name !== 'exec' && !COMMON_FLAGS.includes(name),
)

/** Of these, the one that is said nearer to the command line counts; two at once are a contradiction. */
export const EXCLUSIVE: readonly (readonly [FlagName, FlagName])[] = [
  ['genesis', 'network'],
  ['nodekey', 'nodekeyhex'],
]

/** An entry, without the type of its value. */
export function flagOf(name: FlagName): Flag<unknown> {
  return FLAGS[name] as Flag<unknown>
}

/** Flags that a variable sets, by its name. */
export const VARIABLES: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.filter((name) => flagOf(name).reach !== 'command line').map((name) => [variableOf(name), name]),
)

/** Flags that a file sets, by their dotted key. */
export const KEYS: ReadonlyMap<string, FlagName> = new Map(
  FLAG_NAMES.filter((name) => flagOf(name).reach === 'settings').map((name) => [keyOf(name, FLAG_NAMES), name]),
)
