/**
 * Storage: a sorted key-value store, on disk (LevelDB) or in memory. Knows nothing of what it stores. Small
 * files have a door of their own, `files/index.ts`.
 * Start at `store.ts`, the interface; `store.test.ts` is what both implementations must do.
 * @module
 */
export { makeFolder, pathExists, pathInDataDir } from './data-dir.ts'
export { type LevelStore, type LevelStoreOptions, openLevelStore, repairLevelStore } from './level.ts'
export { MemoryStore } from './memory.ts'
export type { KeyRange, KeyValueStore, Operation } from './store.ts'
