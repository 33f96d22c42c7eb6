import type { Operation } from '../../../storage/index.ts'
import type { Header } from '../../types/index.ts'
import { skeletonKey, syncKey } from './schema.ts'

/** How far a sync is: its own words, kept in the same batches as what it downloaded. */
export interface SyncChanges {
  /** Undefined forgets the entry. */
  readonly state?: Readonly<Record<string, Uint8Array | undefined>>
  /** Headers downloaded and not linked yet. */
  readonly addHeaders?: readonly Header[]
  /** Numbers of downloaded headers that are no longer needed: from, up to and including. */
  readonly dropHeaders?: readonly [first: number, last: number]
}

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
