/**
 * Node on the rooms below: services, the devp2p server that carries their protocols, the RPC server and its endpoints,
 * the data folder, and the log writer. Knows no chain: a world above registers itself with a service. Only this room
 * imports pino.
 * Start reading at `node.ts`, then `service.ts`.
 * @module
 */

export { type LevelStore, type LevelStoreOptions, openLevelStore } from '../storage/index.ts'
export { ipcPathIn, jwtSecretPath, readJwtSecret } from './folder.ts'
export { LOG_LEVELS, LogLevels, logLevelOf, parseVmodule, type Verbosity } from './log/levels.ts'
export { printable } from './log/line.ts'
export { createLogger, LOG_FORMATS, type LogFormat, type LoggerOptions, type LogOutput } from './log/logger.ts'
export { Node } from './node.ts'
export {
  type AuthRpcOptions,
  ENDPOINT_DEFAULTS,
  type HttpOptions,
  type IpcOptions,
  type NodeOptions,
  type P2pOptions,
  type RpcLimitOptions,
  type WsOptions,
} from './options.ts'
export {
  defineService,
  type RunningNode,
  type Service,
  type ServiceContext,
  ServiceError,
  type ServiceParts,
} from './service.ts'
export { clientName, packageVersion } from './version.ts'
