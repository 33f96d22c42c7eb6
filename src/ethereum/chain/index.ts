/**
 * A chain: its configuration and forks (`config/`), its rules (`rules/`), and the database that holds it (`store/`).
 * This room verifies blocks; it does not download them, and executes nothing.
 * Start reading at `store/chain-store.ts`; the header rules are in `rules/header-rules.ts`, the keys of the database in
 * `store/schema.ts`.
 * @module
 */
export {
  type BlobFork,
  type BlobParameters,
  type BlockFork,
  blobParametersAt,
  type ChainConfig,
  type ForkPoint,
  isBlockFork,
  TIME_FORKS,
  type TimeFork,
} from './config/chain-config.ts'
export { type ForkId, ForkIds, forkIdCodec } from './config/fork-id.ts'
export {
  type Genesis,
  type GenesisJson,
  type GenesisReadOptions,
  genesisFromJson,
  parseGenesis,
} from './config/genesis.ts'
export type { GenesisWarning } from './config/json-reader.ts'
export { NETWORK_NAMES, type NetworkName, networkGenesis } from './config/networks.ts'
export { verifyAccessList, verifyBody, verifyReceipts } from './rules/contents.ts'
export { blobBaseFee, blobBaseFeeAt, expectedBaseFee, expectedExcessBlobGas, GAS_PER_BLOB } from './rules/fees.ts'
export { type HeaderContext, verifyHeader } from './rules/header-rules.ts'
export type { ChainStats, StorableBlock } from './store/blocks.ts'
export { ChainStore, type IndexOptions } from './store/chain-store.ts'
export type { ChainHead } from './store/heads.ts'
export type { RepairReport } from './store/repair.ts'
export type { SyncChanges } from './store/sync-notes.ts'
export type { FoundTransaction } from './store/transaction-index.ts'
