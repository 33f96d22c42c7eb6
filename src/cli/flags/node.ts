/**
 * Flags of the node itself, independent of its worlds: folder, endpoints, log. Names and defaults are go-ethereum's
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
    help: 'folder of the node key and the chain; in the default one, test networks have a sub-folder each',
  }),
})

const { http, ws, authrpc } = ENDPOINT_DEFAULTS

export const API_FLAGS = inCategory('API AND CONSOLE', {
  ipcdisable: flag({
    option: 'ipc.enabled',
    toOption: (disabled) => !disabled,
    type: switchType,
    fallback: false,
    help: 'disables the IPC endpoint',
  }),
  ipcpath: optionalFlag({
    option: 'ipc.path',
    type: fileType,
    defaultText: 'peerloom.ipc in the data folder',
    help: 'socket of the IPC endpoint; a bare name is in the data folder',
  }),
  http: flag({ option: 'http.enabled', type: switchType, fallback: false, help: 'serves JSON-RPC over HTTP' }),
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
    help: 'origins of web pages that may call over HTTP; * is any',
  }),
  'http.vhosts': flag({
    option: 'http.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names that requests over HTTP may name; * is any',
  }),
  'http.rpcprefix': flag({
    option: 'http.prefix',
    type: pathType,
    fallback: '',
    help: 'path that serves JSON-RPC over HTTP; / is every path',
  }),
  ws: flag({ option: 'ws.enabled', type: switchType, fallback: false, help: 'serves JSON-RPC over WebSocket' }),
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
    help: 'origins of web pages that may connect; * is any',
  }),
  authrpc: flag({
    option: 'authrpc.enabled',
    type: switchType,
    fallback: false,
    help: 'serves JSON-RPC over HTTP and WebSocket to clients with the secret',
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
    help: 'file that holds the secret of the authenticated endpoint',
  }),
  'authrpc.vhosts': flag({
    option: 'authrpc.vhosts',
    type: listType('host'),
    fallback: ['localhost'],
    help: 'host names that requests to the authenticated endpoint may name; * is any',
  }),
  'rpc.batch-request-limit': flag({
    option: 'rpc.batchLimit',
    type: wholeType(0),
    fallback: 1000,
    help: 'maximum number of calls in a batch; 0 is no limit',
  }),
  'rpc.batch-response-max-size': flag({
    option: 'rpc.batchResponseBytes',
    type: wholeType(0),
    fallback: 25_000_000,
    help: 'maximum size of the responses to a batch, in bytes; 0 is no limit',
  }),
  exec: optionalFlag({
    type: textType('script'),
    sources: 'command line',
    help: 'runs this script instead of the console (attach)',
  }),
})

export const LOGGING_FLAGS = inCategory('LOGGING AND DEBUGGING', {
  verbosity: flag({
    type: levelType,
    fallback: 'info',
    aliases: ['log-level'],
    help: 'log level: silent, error, warn, info, debug, trace, or 0 to 5',
  }),
  vmodule: flag({
    type: moduleLevelsType,
    fallback: '',
    help: 'log levels of modules: peer=debug,sync=5',
  }),
  'log.format': optionalFlag({
    type: oneOfType('format', LOG_FORMATS, { text: 'terminal' }),
    defaultText: 'terminal on a terminal, json otherwise',
    aliases: ['log-format'],
    help: 'log format: terminal, json or logfmt',
  }),
  'log.file': optionalFlag({
    type: fileType,
    help: 'file that the log is appended to, besides stderr',
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
    help: 'prints one JSON object a line on stdout, the result last; logs JSON, too',
  }),
})
