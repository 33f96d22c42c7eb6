/**
 * Chain in a data folder, with go-ethereum's layout: `<dataDir>/peerloom/chaindata/`.
 * @module
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ConfigError, StorageError } from '../../base/errors.ts'
import {
  type KeyValueStore,
  type LevelStore,
  makeFolder,
  openLevelStore,
  pathExists,
  pathInDataDir,
} from '../../storage/index.ts'
import { ChainStore, type Genesis } from '../chain/index.ts'

/** Name of the chain's database in a data folder. */
export const CHAIN_DATABASE = 'chaindata'
/** Hint for a folder without a chain. */
const NO_CHAIN_HINT = 'sync or import one, and name it by a genesis or a network'

/** Chain of a data folder that is open without a node. One process at a time can open it. */
export class ChainFolder implements AsyncDisposable {
  /** Absolute. */
  readonly path: string
  readonly store: LevelStore
  readonly chain: ChainStore

  private constructor(path: string, store: LevelStore, chain: ChainStore) {
    this.path = path
    this.store = store
    this.chain = chain
  }

  /**
   * Opens the chain; without `genesis` the folder must have one. Throws a ConfigError (`dataDir`; also when it has
   * another chain), or a StorageError: `ERR_STORAGE_LOCKED` in use by another process, `ERR_STORAGE_CORRUPT`,
   * `ERR_STORAGE_FOREIGN`, `ERR_STORAGE_IO`.
   */
  static async open(dataDir: string, genesis?: Genesis): Promise<ChainFolder> {
    const path = resolve(dataDir)
    const database = databaseIn(path)
    if (genesis === undefined) await checkHoldsChain(path)
    await makeFolder(database)
    const store = await openLevelStore(database)
    try {
      return new ChainFolder(path, store, await openChain(store, genesis, path))
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** Size of the database's files in bytes. */
  async size(): Promise<number> {
    let bytes = 0
    const folder = databaseIn(this.path)
    for (const name of await readdir(folder))
      bytes += (await stat(join(folder, name)).catch(() => undefined))?.size ?? 0
    return bytes
  }

  close(): Promise<void> {
    return this.store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Removes the chain of a data folder, also a damaged one, and nothing else. Throws when another process has it open, or
 * when it is another chain than that of `genesis`.
 */
export async function removeChain(dataDir: string, genesis: Genesis): Promise<void> {
  const database = databaseIn(resolve(dataDir))
  if (!(await pathExists(database))) return
  try {
    const folder = await ChainFolder.open(dataDir, genesis)
    await folder.close()
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'ERR_STORAGE_CORRUPT') throw error
  }
  await rm(database, { recursive: true, force: true })
}

/** Throws a ConfigError (`dataDir`) for a folder that never had a chain; creates nothing. */
export async function checkHoldsChain(dataDir: string): Promise<void> {
  const path = resolve(dataDir)
  if (await pathExists(databaseIn(path))) return
  throw new ConfigError('dataDir', `${path} holds no chain yet`, { hint: NO_CHAIN_HINT })
}

/** Path of the chain's database in a data folder. */
function databaseIn(dataDir: string): string {
  return pathInDataDir(dataDir, CHAIN_DATABASE)
}

/**
 * Opens the {@link ChainStore} of the data folder `path`, whose errors name that folder. Rejects with a ConfigError
 * (`dataDir`) for a folder without a chain, or with another one than that of `genesis`, or with a StorageError.
 */
export async function openChain(store: KeyValueStore, genesis: Genesis | undefined, path: string): Promise<ChainStore> {
  try {
    return await ChainStore.open(store, genesis)
  } catch (error) {
    throw withFolder(error, path)
  }
}

/** Adds the folder to an error of the chain store, which does not know it. */
function withFolder(error: unknown, path: string): unknown {
  if (!(error instanceof StorageError) || error.path !== '') return error
  if (error.code === 'ERR_CHAIN_MISMATCH') {
    const hint = 'use the genesis or network it was created with, or another data folder'
    return new ConfigError('dataDir', `${path}: ${error.message}`, { hint, cause: error })
  }
  if (error.code === 'ERR_CHAIN_MISSING') {
    return new ConfigError('dataDir', `${path} holds no chain yet`, { hint: NO_CHAIN_HINT, cause: error })
  }
  return new StorageError(error.code, path, `${path}: ${error.message}`, { cause: error })
}
