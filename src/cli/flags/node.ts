/**
 * Flags of the node itself, whatever worlds it carries: its folder, its endpoints, its log. Names and defaults are go-ethereum's
 * where it has the flag.
 * @module
 */
import { ENDPOINT_DEFAULTS, LOG_FORMATS } from '../../node/index.ts'
import { DEFAULT_DATADIR } from '../config/data-dir.ts'
import { flag, inCategory, optionalFlag } from '../config/flag.ts'
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

export const FOLDER_FLAGS = inCategory('ETHEREUM', {
  datadir: flag({
    option: 'dataDir',
    type: folderType,
    fallback: DEFAULT_DATADIR,
    defaultText: '~/.peerloom',
    help: 'keeps key and chain; within the default one, test networks have their own',
  }),
})

const { http, ws, authrpc } = ENDPOINT_DEFAULTS

export const API_FLAGS = inCategory('API AND CONSOLE', {
  ipcdisable: flag({
    option: 'ipc.enabled',
    toOption: (disabled) => !disabled,
    type: switchType,
    fallback: false,
    help: 'no IPC endpoint',
  }),
  ipcpath: optionalFlag({
    option: 'ipc.path',
    type: fileType,
    defaultText: 'peerloom.ipc in the data folder',
    help: 'socket of the IPC endpoint; a bare name is in the data folder',
  }),
  http: flag({ option: 'http.enabled', type: switchType, fallback: false, help: 'JSON-RPC over HTTP' }),
  'http.addr': flag({
    option: 'http.host',
    type: textType('address'),
    fallback: http.host,
    help: 'address of the HTTP endpoint',
  }),
  'http.port': flag({ option: 'http.port', type: portType, fallback: http.port, help: 'port of the HTTP endpoint' }),
  'http.api': flag({
    option: 'http.modules',
    type: listType('name'),
    fallback: http.modules,
    help: 'APIs offered over HTTP',
  }),
  'http.corsdomain': flag({
    option: 'http.cors',
    type: listType('origin'),
    fallback: [],
    help: 'origins whose pages may call over HTTP; * is any',
  }),
  'http.vhosts': flag({
    option: 'http.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which it may be called; * is any',
  }),
  'http.rpcprefix': flag({
    option: 'http.prefix',
    type: pathType,
    fallback: '',
    help: 'path of JSON-RPC over HTTP; / is every path',
  }),
  ws: flag({ option: 'ws.enabled', type: switchType, fallback: false, help: 'JSON-RPC over WebSocket' }),
  'ws.addr': flag({
    option: 'ws.host',
    type: textType('address'),
    fallback: ws.host,
    help: 'address of the WebSocket endpoint',
  }),
  'ws.port': flag({ option: 'ws.port', type: portType, fallback: ws.port, help: 'port of the WebSocket endpoint' }),
  'ws.api': flag({
    option: 'ws.modules',
    type: listType('name'),
    fallback: ws.modules,
    help: 'APIs offered over WebSocket',
  }),
  'ws.origins': flag({
    option: 'ws.origins',
    type: listType('origin'),
    fallback: [],
    defaultText: 'pages of this machine',
    help: 'origins whose pages may connect; * is any',
  }),
  authrpc: flag({
    option: 'authrpc.enabled',
    type: switchType,
    fallback: false,
    help: 'JSON-RPC over HTTP and WebSocket for who has the secret',
  }),
  'authrpc.addr': flag({
    option: 'authrpc.host',
    type: textType('address'),
    fallback: authrpc.host,
    help: 'address of the authenticated endpoint',
  }),
  'authrpc.port': flag({
    option: 'authrpc.port',
    type: portType,
    fallback: authrpc.port,
    help: 'port of the authenticated endpoint',
  }),
  'authrpc.jwtsecret': optionalFlag({
    option: 'authrpc.jwtSecret',
    type: fileType,
    defaultText: 'jwtsecret in the data folder',
    help: 'file with the secret of the authenticated endpoint',
  }),
  'authrpc.vhosts': flag({
    option: 'authrpc.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names under which the authenticated endpoint may be called; * is any',
  }),
  'rpc.batch-request-limit': flag({
    option: 'rpc.batchLimit',
    type: wholeType(0),
    fallback: 1000,
    help: 'calls in a batch at most; 0 is no limit',
  }),
  'rpc.batch-response-max-size': flag({
    option: 'rpc.batchResponseBytes',
    type: wholeType(0),
    fallback: 25_000_000,
    help: 'bytes of the answers to a batch at most; 0 is no limit',
  }),
  exec: optionalFlag({
    type: textType('script'),
    sources: 'command line',
    help: 'run this instead of the console (attach)',
  }),
})

export const LOGGING_FLAGS = inCategory('LOGGING AND DEBUGGING', {
  verbosity: flag({
    type: levelType,
    fallback: 'info',
    aliases: ['log-level'],
    help: 'the least that is logged: silent, error, warn, info, debug, trace, or 0 to 5',
  }),
  vmodule: flag({
    type: moduleLevelsType,
    fallback: '',
    help: 'levels per module: peer=debug,sync=5',
  }),
  'log.format': optionalFlag({
    type: oneOfType('form', LOG_FORMATS, { text: 'terminal' }),
    defaultText: 'terminal on a terminal, json otherwise',
    aliases: ['log-format'],
    help: 'form of the log: terminal, json or logfmt',
  }),
  'log.file': optionalFlag({
    type: fileType,
    help: 'file the log is added to, besides stderr',
  }),
})

export const MISC_FLAGS = inCategory('MISC', {
  config: optionalFlag({
    type: fileType,
    sources: 'command line and environment',
    help: 'TOML file with any of these settings; see dumpconfig',
  }),
  json: flag({
    type: switchType,
    fallback: false,
    sources: 'command line',
    help: 'one JSON object a line on stdout, the last one the result; the log is JSON too',
  }),
})
