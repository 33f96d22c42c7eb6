/**
 * The chain in a data folder, laid out as go-ethereum's: `<folder>/peerloom/chaindata/`.
 * @module
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError, StorageError } from '../base/errors.ts'
import { ChainStore, type Genesis } from '../ethereum/chain/index.ts'
import { type LevelStore, openLevelStore } from '../storage/index.ts'

export const PROGRAM = 'peerloom'
/** For a folder without a chain. */
const FIRST_TIME = 'sync or import one, and say which: a genesis or a network'

/** An open data folder: nobody else can have it open. */
export class DataFolder implements AsyncDisposable {
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
  static async open(dataDir: string, genesis?: Genesis): Promise<DataFolder> {
    const path = resolve(dataDir)
    const database = databaseIn(path)
    if (genesis === undefined) await checkHoldsChain(path)
    await makeFolder(database)
    const store = await openLevelStore(database)
    try {
      return new DataFolder(path, store, await ChainStore.open(store, genesis))
    } catch (error) {
      await store.close()
      throw explain(error, path)
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
  if (!(await isThere(database))) return
  try {
    const folder = await DataFolder.open(dataDir, genesis)
    await folder.close()
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'ERR_STORAGE_CORRUPT') throw error
  }
  await rm(database, { recursive: true, force: true })
}

/** Throws a ConfigError (`dataDir`) for a folder that no chain was ever put in; makes nothing. */
export async function checkHoldsChain(dataDir: string): Promise<void> {
  const path = resolve(dataDir)
  if (await isThere(databaseIn(path))) return
  throw new ConfigError('dataDir', `${path} holds no chain yet`, { hint: FIRST_TIME })
}

/** Where the database of a data folder is. */
function databaseIn(dataDir: string): string {
  return join(dataDir, PROGRAM, 'chaindata')
}

/** Throws a ConfigError (`dataDir`) that says what is in the way. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    const code = await whyNot(path, error as NodeJS.ErrnoException)
    const why = code === 'ENOTDIR' || code === 'EEXIST' ? 'a part of it is a file' : (code ?? String(error))
    throw new ConfigError('dataDir', `cannot make the folder ${path}: ${why}`, { cause: error })
  }
}

/** Making several folders at once, Node says ENOENT for whatever keeps the first of them from being made. */
async function whyNot(path: string, error: NodeJS.ErrnoException): Promise<string | undefined> {
  let first = path
  while (!(await isThere(dirname(first)))) first = dirname(first)
  const failed = await mkdir(first).catch((reason: NodeJS.ErrnoException) => reason.code)
  return failed ?? error.code
}

/** The chain knows nothing of folders. */
function explain(error: unknown, path: string): unknown {
  if (!(error instanceof StorageError) || error.path !== '') return error
  if (error.code === 'ERR_CHAIN_MISMATCH') {
    const hint = 'take the genesis or network it was made with, or another data folder'
    return new ConfigError('dataDir', `${path}: ${error.message}`, { hint, cause: error })
  }
  if (error.code === 'ERR_CHAIN_MISSING') {
    return new ConfigError('dataDir', `${path} holds no chain yet`, { hint: FIRST_TIME, cause: error })
  }
  return new StorageError(error.code, path, `${path}: ${error.message}`, { cause: error })
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
