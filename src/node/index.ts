/**
 * A node made of the rooms below: services, the server that carries their protocols, the RPC that reaches them, the data
 * folder; the service of an Ethereum chain; chain files, the bundled chain and the log that writes. Heavy dependencies
 * (LevelDB, pino) are reachable from here only. Start reading at `node.ts`, then `service.ts`.
 * @module
 */

export { type LevelStore, type LevelStoreOptions, openLevelStore } from '../storage/index.ts'
export {
  type ExportOptions,
  exportChainFile,
  type ImportOptions,
  type ImportProgress,
  type ImportResult,
  importChainFile,
} from './chain-file.ts'
export { DataFolder, removeChain } from './data-folder.ts'
export { type DemoChain, demoChain, loadDemoChain } from './demo-chain.ts'
export { EthereumNode, type EthereumNodeOptions, type NodeProgress } from './ethereum-node.ts'
export { EthereumService, type EthereumServiceOptions } from './ethereum-service.ts'
export { readGenesisFile } from './genesis-file.ts'
export { LOG_LEVELS, LogLevels, logLevelOf, parseVmodule, type Verbosity } from './log-levels.ts'
export { printable } from './log-line.ts'
export { createLogger, LOG_FORMATS, type LogFormat, type LoggerOptions, type LogOutput } from './logger.ts'
export { Node } from './node.ts'
export { defaultIpcPath, jwtSecretPath, readJwtSecret } from './node-folder.ts'
export type { AuthRpcOptions, HttpOptions, NodeOptions, P2pOptions, WsOptions } from './node-options.ts'
export {
  defineService,
  type RunningNode,
  type Service,
  type ServiceContext,
  ServiceError,
  type ServiceParts,
} from './service.ts'
export { clientName, packageVersion } from './version.ts'
