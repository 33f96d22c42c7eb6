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
} from './config.ts'
export { verifyAccessList, verifyBody, verifyReceipts } from './contents.ts'
export { blobBaseFee, blobBaseFeeAt, expectedBaseFee, expectedExcessBlobGas, GAS_PER_BLOB } from './fees.ts'
export { type ForkId, ForkIds, forkIdCodec } from './fork-id.ts'
export { type Genesis, type GenesisJson, genesisFromJson, parseGenesis } from './genesis.ts'
export { NETWORK_NAMES, type NetworkName, networkGenesis } from './networks.ts'
export type { RepairReport } from './repair.ts'
export { type HeaderContext, verifyHeader } from './rules.ts'
export {
  type ChainHead,
  type ChainStats,
  ChainStore,
  type IndexOptions,
  type StorableBlock,
} from './store.ts'
export type { SyncChanges } from './sync-changes.ts'
export type { FoundTransaction } from './transaction-index.ts'
