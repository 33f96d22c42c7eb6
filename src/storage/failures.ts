/**
 * Translation of storage errors to {@link StorageError}.
 * @module
 */
import { type ErrorCode, StorageError } from '../base/errors.ts'

/** Messages of a full disk: LevelDB passes errors of the system on as text only. */
const FULL = /no space left|disk quota|enospc|edquot/i
const DENIED = /permission denied|read-only file system|operation not permitted|eacces|erofs|eperm/i
/** Messages of a database file that is missing or too short, which is corruption and not a disk error. */
const MISSING = /^IO error: .*: (No such file or directory|Invalid argument)$/

const CLOSED: ReadonlySet<unknown> = new Set(['LEVEL_DATABASE_NOT_OPEN', 'LEVEL_ITERATOR_NOT_OPEN'])

/** Converts an error of classic-level, abstract-level or the file system to a {@link StorageError}. */
export function storageError(path: string, error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const inner = CLOSED.has(codeOf(error)) && error instanceof Error && error.cause ? error.cause : error
  const text = inner instanceof Error ? inner.message : String(inner)
  const fail = (code: ErrorCode, message: string) => new StorageError(code, path, message, { cause: error })
  const code = codeOf(inner)
  if (code === 'LEVEL_LOCKED') return fail('ERR_STORAGE_LOCKED', `${path} is in use by another process`)
  if (code === 'LEVEL_CORRUPTION' || MISSING.test(text))
    return fail('ERR_STORAGE_CORRUPT', `${path} is damaged: ${text}`)
  if (CLOSED.has(code)) return closedError(path)
  if (FULL.test(text)) return fail('ERR_STORAGE_FULL', `no space left for ${path}`)
  if (DENIED.test(text)) return fail('ERR_STORAGE_DENIED', `this user may not write to ${path}`)
  return fail('ERR_STORAGE_IO', `${path}: ${text}`)
}

export function closedError(path: string): StorageError {
  return new StorageError('ERR_STORAGE_CLOSED', path, path ? `${path} has been closed` : 'the store has been closed')
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
