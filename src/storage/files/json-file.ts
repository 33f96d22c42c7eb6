/**
 * State kept in one small JSON file: read once at the start, written soon after each change.
 * @module
 */
import { readFile, rename, stat } from 'node:fs/promises'
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import { describeError, StorageError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { writeFileAtomically } from './atomic-file.ts'

export interface JsonFileOptions<T> {
  /** Validates the content; throws when it is not of the expected shape. */
  readonly parse: (value: unknown) => T
  /** Largest file accepted, in bytes. @default 4 MiB */
  readonly maxBytes?: number
  /** Least milliseconds between two writes. @default 1000 */
  readonly writeInterval?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}

const MAX_BYTES = 4 * 1024 * 1024
export const WRITE_INTERVAL = 1_000

/** JSON file with one owner, which alone may write it. */
export class JsonFile<T> implements AsyncDisposable {
  readonly path: string
  /** Content of the file when it was opened; undefined when there was none, or a damaged one. */
  readonly initial: T | undefined
  readonly #clock: Clock
  readonly #log: Logger
  readonly #interval: number
  /** Snapshot function of a change that is not on the disk. */
  #unsaved: (() => T) | undefined
  #lastWrite = Number.NEGATIVE_INFINITY
  #timer: Timer | undefined
  #writing: Promise<void> | undefined
  #failed = false
  #closed = false

  /** Opens a file. Never rejects: one that is damaged, too large or not a regular file is renamed to `<path>.damaged`. */
  static async open<T>(path: string, options: JsonFileOptions<T>): Promise<JsonFile<T>> {
    try {
      return new JsonFile(path, await read(path, options), options)
    } catch (error) {
      const aside = `${path}.damaged`
      const moved = await rename(path, aside).then(
        () => true,
        () => false,
      )
      const fields = { path, error: describeError(error), ...(moved && { movedTo: aside }) }
      options.log?.warn('Damaged file ignored', fields)
      return new JsonFile<T>(path, undefined, options)
    }
  }

  private constructor(path: string, initial: T | undefined, options: JsonFileOptions<T>) {
    this.path = path
    this.initial = initial
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? silentLogger
    this.#interval = options.writeInterval ?? WRITE_INTERVAL
  }

  /**
   * Writes what `snapshot` returns, at once or when `writeInterval` has passed since the last write; all changes until then
   * are one write. A write that fails is logged, and tried again with the next change and when the file is
   * closed.
   */
  save(snapshot: () => T): void {
    if (this.#closed) return
    this.#unsaved = snapshot
    if (this.#timer || this.#writing) return
    this.#schedule()
  }

  /** Writes the last change if it is not on the disk. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.cancel()
    await this.#writing
    if (this.#unsaved) await this.#write()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #schedule(): void {
    const delay = Math.max(0, this.#lastWrite + this.#interval - this.#clock.now())
    this.#timer = this.#clock.setTimer(delay, () => {
      this.#timer = undefined
      this.#writing = this.#write()
    })
  }

  async #write(): Promise<void> {
    const snapshot = this.#unsaved as () => T
    this.#unsaved = undefined
    this.#lastWrite = this.#clock.now()
    try {
      const text = `${JSON.stringify(snapshot(), undefined, 1)}\n`
      await writeFileAtomically(this.path, text, `${this.path}.tmp`) // one name, of which a kill leaves one file at most
      this.#failed = false
    } catch (error) {
      if (!this.#failed) this.#log.warn('Failed to write file', { path: this.path, error: describeError(error) })
      this.#failed = true
      this.#unsaved ??= snapshot
    }
    this.#writing = undefined
    if (this.#unsaved && !this.#failed && !this.#closed) this.#schedule()
  }
}

async function read<T>(path: string, { parse, maxBytes = MAX_BYTES }: JsonFileOptions<T>): Promise<T | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!found) return undefined
  if (!found.isFile()) throw new StorageError('ERR_STORAGE_CORRUPT', path, 'not a file')
  if (found.size > maxBytes) {
    throw new StorageError('ERR_STORAGE_CORRUPT', path, `${found.size} bytes, at most ${maxBytes}`)
  }
  return parse(JSON.parse(await readFile(path, 'utf8')))
}
