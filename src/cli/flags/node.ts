/**
 * Flags of the node itself, whatever worlds it carries: its folder, its endpoints, its log. Names and defaults are go-ethereum's
 * where it has the flag.
 * @module
 */
import { LOG_FORMATS } from '../../node/index.ts'
import { DEFAULT_DATADIR } from '../config/data-dir.ts'
import { type Flag, type FlagOptions, flag, optionalFlag } from '../config/flag.ts'
import {
  fileType,
  folderType,
  levelType,
  listType,
  moduleLevelsType,
  oneOfType,
  pathType,
  portType,
  switchType,
  textType,
  wholeType,
} from '../config/value-type.ts'

export const FOLDER_FLAGS = {
  datadir: flag({
    option: 'dataDir',
    category: 'ETHEREUM',
    type: folderType,
    fallback: DEFAULT_DATADIR,
    defaultText: '~/.peerloom',
    help: 'keeps key and chain; within the default one, test networks have their own',
  }),
} as const

const DEFAULT_MODULES = ['net', 'web3', 'eth']
const LOOPBACK = '127.0.0.1'

const api = <T extends {}>(options: Omit<FlagOptions<T>, 'category'> & { readonly fallback: NoInfer<T> }): Flag<T> =>
  flag<T>({ ...options, category: 'API AND CONSOLE' })

export const API_FLAGS = {
  ipcdisable: api({
    option: 'ipc.enabled',
    toOption: (disabled) => !disabled,
    type: switchType,
    fallback: false,
    help: 'no IPC endpoint',
  }),
  ipcpath: optionalFlag({
    option: 'ipc.path',
    category: 'API AND CONSOLE',
    type: fileType,
    defaultText: 'peerloom.ipc in the data folder',
    help: 'socket of the IPC endpoint; a bare name is in the data folder',
  }),
  http: api({ option: 'http.enabled', type: switchType, fallback: false, help: 'JSON-RPC over HTTP' }),
  'http.addr': api({
    option: 'http.host',
    type: textType('address'),
    fallback: LOOPBACK,
    help: 'address of the HTTP endpoint',
  }),
  'http.port': api({ option: 'http.port', type: portType, fallback: 8545, help: 'port of the HTTP endpoint' }),
  'http.api': api({
    option: 'http.modules',
    type: listType('name'),
    fallback: DEFAULT_MODULES,
    help: 'APIs offered over HTTP',
  }),
  'http.corsdomain': api({
    option: 'http.cors',
    type: listType('origin'),
    fallback: [],
    help: 'origins whose pages may call over HTTP; * is any',
  }),
  'http.vhosts': api({
    option: 'http.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which it may be called; * is any',
  }),
  'http.rpcprefix': api({
    option: 'http.prefix',
    type: pathType,
    fallback: '',
    help: 'path of JSON-RPC over HTTP; / is every path',
  }),
  ws: api({ option: 'ws.enabled', type: switchType, fallback: false, help: 'JSON-RPC over WebSocket' }),
  'ws.addr': api({
    option: 'ws.host',
    type: textType('address'),
    fallback: LOOPBACK,
    help: 'address of the WebSocket endpoint',
  }),
  'ws.port': api({ option: 'ws.port', type: portType, fallback: 8546, help: 'port of the WebSocket endpoint' }),
  'ws.api': api({
    option: 'ws.modules',
    type: listType('name'),
    fallback: DEFAULT_MODULES,
    help: 'APIs offered over WebSocket',
  }),
  'ws.origins': api({
    option: 'ws.origins',
    type: listType('origin'),
    fallback: [],
    defaultText: 'pages of this machine',
    help: 'origins whose pages may connect; * is any',
  }),
  authrpc: api({
    option: 'authrpc.enabled',
    type: switchType,
    fallback: false,
    help: 'JSON-RPC over HTTP and WebSocket for who has the secret',
  }),
  'authrpc.addr': api({
    option: 'authrpc.host',
    type: textType('address'),
    fallback: LOOPBACK,
    help: 'address of the authenticated endpoint',
  }),
  'authrpc.port': api({
    option: 'authrpc.port',
    type: portType,
    fallback: 8551,
    help: 'port of the authenticated endpoint',
  }),
  'authrpc.jwtsecret': optionalFlag({
    option: 'authrpc.jwtSecret',
    category: 'API AND CONSOLE',
    type: fileType,
    defaultText: 'jwtsecret in the data folder',
    help: 'file with the secret of the authenticated endpoint',
  }),
  'authrpc.vhosts': api({
    option: 'authrpc.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which the authenticated endpoint may be called; * is any',
  }),
  'rpc.batch-request-limit': api({
    option: 'rpc.batchLimit',
    type: wholeType(0),
    fallback: 1000,
    help: 'calls in a batch at most; 0 is no limit',
  }),
  'rpc.batch-response-max-size': api({
    option: 'rpc.batchResponseBytes',
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

export const LOGGING_FLAGS = {
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

export const MISC_FLAGS = {
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
