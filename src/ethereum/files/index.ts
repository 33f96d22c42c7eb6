/**
 * Chains on disk: the database in a data folder, files of `geth export`, genesis.json, the bundled chain. Knows no network.
 * Start reading at `chain-folder.ts`.
 * @module
 */
export { CHAIN_DATABASE, ChainFolder, checkHoldsChain, openChain, removeChain } from './chain-folder.ts'
export { type DemoChain, demoChain, loadDemoChain } from './demo-chain.ts'
export { type ExportOptions, exportChainFile } from './export-chain.ts'
export { type ChainName, genesisOf, logGenesisWarning, readGenesisFile } from './genesis-file.ts'
export { type ImportOptions, type ImportProgress, type ImportResult, importChainFile } from './import-chain.ts'
