/**
 * Inspection of a database folder before LevelDB opens it: without a CURRENT file LevelDB would create a new database,
 * delete tables it does not know, and mix its files with others.
 * @module
 */
import { readdir } from 'node:fs/promises'
import { StorageError } from '../base/errors.ts'
import { storageError } from './failures.ts'

const OWN = /^(CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.(log|ldb|sst|dbtmp)|lost)$/
const DATA = /^\d+\.(ldb|sst)$/

/**
 * Inspects a folder. Throws `StorageError` `ERR_STORAGE_FOREIGN` or `ERR_STORAGE_CORRUPT`.
 * @returns `ready` to be opened, or `absent`: no folder, an empty one, or one whose creation was interrupted
 */
export async function inspectFolder(path: string): Promise<'ready' | 'absent'> {
  const names = await list(path)
  if (names.includes('CURRENT')) return 'ready'
  const foreign = names.find((name) => !OWN.test(name))
  if (foreign !== undefined) {
    const what = `${path} holds other files (${foreign}) and no database; choose an empty folder`
    throw new StorageError('ERR_STORAGE_FOREIGN', path, what)
  }
  if (!names.some((name) => DATA.test(name))) return 'absent'
  throw new StorageError('ERR_STORAGE_CORRUPT', path, `${path} is damaged: the file CURRENT is missing`)
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return []
    if (code !== 'ENOTDIR') throw storageError(path, error)
    throw new StorageError('ERR_STORAGE_FOREIGN', path, `${path} is not a folder`, { cause: error })
  }
}
