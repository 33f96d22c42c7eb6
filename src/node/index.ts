/**
 * A node made of the rooms below: the data folder, the chain in it, the server that speaks for it; chain files, the bundled
 * chain and the log that writes. Heavy dependencies (LevelDB, pino) are reachable from here only.
 * Start reading at `ethereum-node.ts`.
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
export { readGenesisFile } from './genesis-file.ts'
export { LOG_LEVELS, LogLevels, logLevelOf, parseVmodule, type Verbosity } from './log-levels.ts'
export { printable } from './log-line.ts'
export { createLogger, LOG_FORMATS, type LogFormat, type LoggerOptions, type LogOutput } from './logger.ts'
export { clientName, packageVersion } from './version.ts'
