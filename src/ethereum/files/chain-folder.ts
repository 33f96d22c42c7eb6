/**
 * The chain in a data folder, laid out as go-ethereum's: `<dataDir>/peerloom/chaindata/`.
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

/** The chain of a data folder, open without a node: no other process can have it open. */
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
   * Without `genesis` it must hold a chain already. Throws a ConfigError (`dataDir`; also when it holds another chain), or
   * a StorageError: `ERR_STORAGE_LOCKED` in use by another process, `ERR_STORAGE_CORRUPT`, `ERR_STORAGE_FOREIGN`, `ERR_STORAGE_IO`.
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

  /** Bytes of the database's files. */
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
 * Removes the chain of a data folder, and nothing else; one that is damaged, too. Throws when somebody has it open, or
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

/** Throws a ConfigError (`dataDir`) for a folder that no chain was ever put in; makes nothing. */
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
 * {@link ChainStore.open} on a store of the data folder `path`, whose errors name that folder. Rejects with a ConfigError
 * (`dataDir`) for a folder that holds no chain, or another one than that of `genesis`, or with a StorageError.
 */
export async function openChain(store: KeyValueStore, genesis: Genesis | undefined, path: string): Promise<ChainStore> {
  try {
    return await ChainStore.open(store, genesis)
  } catch (error) {
    throw withFolder(error, path)
  }
}

/** Names the folder in an error of the chain store, which knows no folders. */
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
