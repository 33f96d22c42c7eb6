/**
 * Store in memory, for tests, simulations and nodes that keep nothing.
 * @module
 */
import { EMPTY_BYTES } from '../base/bytes.ts'
import type { StorageError } from '../base/errors.ts'
import { closedError } from './failures.ts'
import type { KeyRange, KeyValueStore, Operation, WriteOptions } from './store.ts'

/** Behaves as the store on disk, visibility of writes included. */
export class MemoryStore implements KeyValueStore {
  /** Error of every write and deletion while set, which then change nothing: simulates a full disk in tests. */
  failWrites: StorageError | undefined
  /** Values by key as latin1 text, which sorts as the bytes do. BOUNDED: by the owner of the store. */
  readonly #entries = new Map<string, Uint8Array>()
  /** Sorted keys; undefined after one was added or deleted. */
  #sorted: string[] | undefined
  #closed = false

  get(key: Uint8Array): Uint8Array | undefined {
    if (this.#closed) throw closedError('')
    return this.#entries.get(textOf(key))?.slice()
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return keys.map((key) => this.get(key))
  }

  has(key: Uint8Array): boolean {
    if (this.#closed) throw closedError('')
    return this.#entries.has(textOf(key))
  }

  write(operations: readonly Operation[], _options?: WriteOptions): Promise<void> {
    return this.#change(() => {
      for (const operation of operations) {
        if (operation.type === 'put') this.#put(textOf(operation.key), operation.value.slice())
        else this.#delete(textOf(operation.key))
      }
    })
  }

  iterate(range: KeyRange = {}): AsyncIterable<[Uint8Array, Uint8Array]> {
    return { [Symbol.asyncIterator]: () => this.#cursor(range) }
  }

  deleteRange(gte: Uint8Array, lt: Uint8Array): Promise<void> {
    return this.#change(() => {
      for (const key of this.#keys({ gte, lt })) this.#delete(key)
    })
  }

  /** Closes the store and drops its entries. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.resolve() // after writes in flight
    this.#entries.clear()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #change(apply: () => void): Promise<void> {
    if (this.#closed) throw closedError('')
    if (this.failWrites) throw this.failWrites
    await Promise.resolve() // never visible within the caller's own tick, as on disk
    apply()
  }

  #put(key: string, value: Uint8Array): void {
    if (!this.#entries.has(key)) this.#sorted = undefined
    this.#entries.set(key, value)
  }

  #delete(key: string): void {
    if (this.#entries.delete(key)) this.#sorted = undefined
  }

  #keys({ gte, lt, reverse = false, limit = Number.POSITIVE_INFINITY }: KeyRange): string[] {
    this.#sorted ??= [...this.#entries.keys()].sort()
    const from = gte ? lowerBound(this.#sorted, textOf(gte)) : 0
    const to = lt ? lowerBound(this.#sorted, textOf(lt)) : this.#sorted.length
    const keys = this.#sorted.slice(from, Math.max(from, to))
    return (reverse ? keys.reverse() : keys).slice(0, limit)
  }

  async *#cursor(range: KeyRange): AsyncGenerator<[Uint8Array, Uint8Array], void, undefined> {
    if (this.#closed) throw closedError('')
    const snapshot = this.#keys(range).map((key) => [key, this.#entries.get(key) ?? EMPTY_BYTES] as const)
    for (const [key, value] of snapshot) {
      if (this.#closed) throw closedError('')
      yield [new Uint8Array(Buffer.from(key, 'latin1')), range.keysOnly ? EMPTY_BYTES : value.slice()]
    }
  }
}

function textOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1')
}

/** Index of the first key that is not below `key`. */
function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}
