/**
 * Chains on disk: the database in a data folder, files of `geth export`, genesis.json, the bundled chain. Knows no network.
 * Start reading at `chain-folder.ts`.
 * @module
 */
export {
  type ExportOptions,
  exportChainFile,
  type ImportOptions,
  type ImportProgress,
  type ImportResult,
  importChainFile,
} from './chain-file.ts'
export { CHAIN_DATABASE, ChainFolder, checkHoldsChain, openChain, removeChain } from './chain-folder.ts'
export { type DemoChain, demoChain, loadDemoChain } from './demo-chain.ts'
export { type ChainName, genesisOf, readGenesisFile } from './genesis-file.ts'
