import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import type { Header } from '../../types/index.ts'
import { skeletonKey, syncKey } from './schema.ts'

/** Changes of a sync's notes: entries in its own format, kept in the same batches as the blocks it downloaded. */
export interface SyncChanges {
  /** Undefined deletes the entry. */
  readonly state?: Readonly<Record<string, Uint8Array | undefined>>
  /** Headers downloaded and not linked yet. */
  readonly addHeaders?: readonly Header[]
  /** Numbers of downloaded headers that are no longer needed: from, up to and including. */
  readonly dropHeaders?: readonly [first: number, last: number]
}

/** Notes of a sync about how far it is: named entries, and headers that are not linked to the chain yet. */
export class SyncNotes {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  /** @returns the entry of this name. */
  state(name: string): Uint8Array | undefined {
    return this.#store.get(syncKey(name))
  }

  /** @returns RLP of a downloaded header. */
  header(number: number): Uint8Array | undefined {
    return this.#store.get(skeletonKey(number))
  }

  /** Writes the changes as one atomic batch. */
  async write(changes: SyncChanges): Promise<void> {
    const operations = syncOperations(changes)
    if (operations.length > 0) await this.#store.write(operations)
  }
}

/** @returns the operations of these changes, for a batch. */
export function syncOperations({ state = {}, addHeaders = [], dropHeaders }: SyncChanges): Operation[] {
  const operations: Operation[] = []
  for (const [name, value] of Object.entries(state)) {
    operations.push(value ? { type: 'put', key: syncKey(name), value } : { type: 'del', key: syncKey(name) })
  }
  for (const header of addHeaders) operations.push({ type: 'put', key: skeletonKey(header.number), value: header.raw })
  for (let n = dropHeaders?.[0] ?? 0; dropHeaders && n <= dropHeaders[1]; n++) {
    operations.push({ type: 'del', key: skeletonKey(n) })
  }
  return operations
}
