/**
 * Store on disk: LevelDB.
 * @module
 */
import type { ClassicLevel } from 'classic-level'
import { EMPTY_BYTES } from '../base/bytes.ts'
import { StorageError } from '../base/errors.ts'
import { closedError, storageError } from './failures.ts'
import { inspectFolder } from './folder.ts'
import type { KeyRange, KeyValueStore, Operation, WriteOptions } from './store.ts'
import { WriteQueue } from './write-queue.ts'

export interface LevelStoreOptions {
  /** Cache of blocks that were read, in bytes. @default 8 MiB */
  readonly cacheBytes?: number
  /** Write buffer that becomes a table when full, in bytes; up to two are held. @default 4 MiB */
  readonly writeBufferBytes?: number
  /** Most open table files. @default 1000 */
  readonly maxOpenFiles?: number
}

/** {@link KeyValueStore} in a folder. */
export interface LevelStore extends KeyValueStore {
  readonly path: string
  /** Approximate size on disk of a range of keys, in bytes, without recent writes. */
  approximateBytes(gte: Uint8Array, lt: Uint8Array): Promise<number>
}

type Level = ClassicLevel<Uint8Array, Uint8Array>

/** Entries, and bytes, per fetch from LevelDB's thread while iterating. */
const ITERATE_ENTRIES = 1_000
const ITERATE_BYTES = 128 * 1024

/**
 * Opens the database in the folder `path`; creates both if missing. Throws `StorageError`:
 * `ERR_STORAGE_LOCKED` in use by another process, `ERR_STORAGE_CORRUPT` damaged, `ERR_STORAGE_FOREIGN` not a database
 * folder, `ERR_STORAGE_FULL`, `ERR_STORAGE_DENIED`, `ERR_STORAGE_IO`. classic-level is loaded by the first call.
 */
export async function openLevelStore(path: string, options: LevelStoreOptions = {}): Promise<LevelStore> {
  await inspectFolder(path)
  try {
    const { ClassicLevel } = await import('classic-level')
    const db: Level = new ClassicLevel(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      ...(options.cacheBytes !== undefined && { cacheSize: options.cacheBytes }),
      ...(options.writeBufferBytes !== undefined && { writeBufferSize: options.writeBufferBytes }),
      ...(options.maxOpenFiles !== undefined && { maxOpenFiles: options.maxOpenFiles }),
    })
    await db.open()
    return new ClassicLevelStore(path, db)
  } catch (error) {
    throw storageError(path, error)
  }
}

/**
 * Repairs a damaged database. Damaged entries are lost, so that an atomic batch may be restored in part. Throws
 * `ERR_STORAGE_LOCKED` while the database is open, `ERR_STORAGE_IO` when there is none.
 */
export async function repairLevelStore(path: string): Promise<void> {
  await requireDatabase(path)
  try {
    const { ClassicLevel } = await import('classic-level')
    await requireClosed(new ClassicLevel(path, { createIfMissing: false }))
    await ClassicLevel.repair(path)
  } catch (error) {
    throw storageError(path, error)
  }
}

async function requireDatabase(path: string): Promise<void> {
  const state = await inspectFolder(path).catch((error: unknown) => {
    if (error instanceof StorageError && error.code === 'ERR_STORAGE_CORRUPT') return 'ready'
    throw error
  })
  if (state === 'absent') throw new StorageError('ERR_STORAGE_IO', path, `${path} holds no database`)
}

/** Throws when the database is open: LevelDB's repair takes no lock and would replace files in use; opening takes it. */
async function requireClosed(db: ClassicLevel): Promise<void> {
  try {
    await db.open()
    await db.close()
  } catch (error) {
    const failure = storageError(db.location, error)
    if (failure.code === 'ERR_STORAGE_LOCKED') throw failure
  }
}

class ClassicLevelStore implements LevelStore {
  readonly path: string
  readonly #db: Level
  readonly #writes: WriteQueue
  #closing: Promise<void> | undefined

  constructor(path: string, db: Level) {
    this.path = path
    this.#db = db
    this.#writes = new WriteQueue((operations, sync) => writeBatch(db, operations, sync))
  }

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#closing) throw closedError(this.path)
    try {
      return toPlainArray(this.#db.getSync(key))
    } catch (error) {
      throw storageError(this.path, error)
    }
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return (await this.#guard(() => this.#db.getMany([...keys]))).map(toPlainArray)
  }

  has(key: Uint8Array): boolean {
    return this.get(key) !== undefined
  }

  write(operations: readonly Operation[], options: WriteOptions = {}): Promise<void> {
    return this.#guard(() => this.#writes.write(operations, options))
  }

  iterate(range: KeyRange = {}): AsyncIterable<[Uint8Array, Uint8Array]> {
    return { [Symbol.asyncIterator]: () => this.#cursor(range) }
  }

  deleteRange(gte: Uint8Array, lt: Uint8Array): Promise<void> {
    return this.#guard(() => this.#writes.run(() => this.#db.clear({ gte, lt })))
  }

  approximateBytes(gte: Uint8Array, lt: Uint8Array): Promise<number> {
    return this.#guard(() => this.#db.approximateSize(gte, lt))
  }

  close(): Promise<void> {
    this.#closing ??= this.#writes.idle().then(() => this.#db.close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #guard<T>(task: () => Promise<T>): Promise<T> {
    if (this.#closing) throw closedError(this.path)
    try {
      return await task()
    } catch (error) {
      throw storageError(this.path, error)
    }
  }

  /** Iterates by batches. A generator is fast enough here: fetching takes ten times as long per entry. */
  async *#cursor(range: KeyRange): AsyncGenerator<[Uint8Array, Uint8Array], void, undefined> {
    const { keysOnly = false, ...bounds } = range
    if (this.#closing) throw closedError(this.path)
    const entries = this.#db.iterator({ ...bounds, values: !keysOnly, highWaterMarkBytes: ITERATE_BYTES })
    try {
      for (;;) {
        const batch = await this.#guard(() => entries.nextv(ITERATE_ENTRIES))
        if (batch.length === 0) return
        for (const [key, value] of batch) yield [toPlainArray(key), keysOnly ? EMPTY_BYTES : toPlainArray(value)]
      }
    } finally {
      await entries.close()
    }
  }
}

/** Writes a batch, adding operations one by one: half the time on this thread of passing an array of objects. */
async function writeBatch(db: Level, operations: readonly Operation[], sync: boolean): Promise<void> {
  const batch = db.batch()
  try {
    for (const operation of operations) {
      if (operation.type === 'put') batch.put(operation.key, operation.value)
      else batch.del(operation.key)
    }
  } catch (error) {
    await batch.close()
    throw error
  }
  await batch.write({ sync })
}

/** Views a Buffer, which LevelDB's binding always returns, as a plain Uint8Array of the same memory. */
function toPlainArray(bytes: Uint8Array): Uint8Array
function toPlainArray(bytes: Uint8Array | undefined): Uint8Array | undefined
function toPlainArray(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
