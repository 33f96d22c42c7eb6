/**
 * A chain: its configuration, genesis, forks and rules, and the store that holds it. Whether blocks are right is decided
 * here, where they come from is not; nothing is executed.
 * Start reading at `store.ts`; `rules.ts` holds the header rules, `schema.ts` the keys of the database.
 * @module
 */
export {
  type BlobFork,
  type BlobParameters,
  type BlockFork,
  blobParametersAt,
  type ChainConfig,
  isBlockFork,
  TIME_FORKS,
  type TimeFork,
} from './config/chain-config.ts'
export { type ForkId, ForkIds, forkIdCodec } from './config/fork-id.ts'
export { type Genesis, type GenesisJson, genesisFromJson, parseGenesis } from './config/genesis.ts'
export { NETWORK_NAMES, type NetworkName, networkGenesis } from './config/networks.ts'
export { verifyAccessList, verifyBody, verifyReceipts } from './rules/contents.ts'
export { blobBaseFee, blobBaseFeeAt, expectedBaseFee, expectedExcessBlobGas, GAS_PER_BLOB } from './rules/fees.ts'
export { type HeaderContext, verifyHeader } from './rules/header-rules.ts'
export {
  type ChainHead,
  type ChainStats,
  ChainStore,
  type IndexOptions,
  type StorableBlock,
} from './store/chain-store.ts'
export type { RepairReport } from './store/repair.ts'
export type { SyncChanges } from './store/sync-changes.ts'
export type { FoundTransaction } from './store/transaction-index.ts'
