/**
 * Short synthetic chains for tests of the store, which does not verify them.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Genesis, parseGenesis, type StorableBlock } from '../../src/ethereum/chain/index.ts'
import { EMPTY_ROOT, type Header, ZERO_HASH } from '../../src/ethereum/types/index.ts'
import { type KeyValueStore, MemoryStore, openLevelStore } from '../../src/storage/index.ts'
import { header } from './headers.ts'

/** Creates a genesis of difficulty 5. */
export const branchGenesis = (config: object = {}): Genesis =>
  parseGenesis(JSON.stringify({ config: { chainId: 7, ...config }, difficulty: 5 }))

export interface BranchOptions {
  /** Makes branches with the same parent differ. @default 0 */
  readonly salt?: number
  /** Receipts by the number of the block; `none` for blocks without transactions. @default all are given */
  readonly receipts?: (number: number) => 'given' | 'missing' | 'none'
  /** Difficulty of each block. @default 2n */
  readonly difficulty?: bigint
}

/** Creates a number of blocks on top of a parent. */
export function branch(parent: Header, count: number, options: BranchOptions = {}): StorableBlock[] {
  const { salt = 0, receipts = () => 'given', difficulty = 2n } = options
  const blocks: StorableBlock[] = []
  for (let at = parent; blocks.length < count; at = blocks.at(-1)!.header) {
    const kind = receipts(at.number + 1)
    const next = header({
      number: at.number + 1,
      parentHash: at.hash,
      timestamp: at.timestamp + 10,
      extraData: Uint8Array.of(salt),
      receiptsRoot: kind === 'none' ? EMPTY_ROOT : ZERO_HASH,
      difficulty,
    })
    const given = kind === 'given' ? Uint8Array.of(0xc1, next.number & 0x7f) : undefined
    blocks.push({ header: next, body: Uint8Array.of(0xc2, 0xc0, 0xc0), receipts: given })
  }
  return blocks
}

/** A store that can be closed and opened again with its contents. */
export interface Disk extends AsyncDisposable {
  readonly store: KeyValueStore
  reopen(): Promise<KeyValueStore>
}

export async function memoryDisk(): Promise<Disk & { store: MemoryStore }> {
  const store = new MemoryStore()
  return { store, reopen: async () => store, [Symbol.asyncDispose]: () => store.close() }
}

export async function levelDisk(): Promise<Disk> {
  const folder = await mkdtemp(join(tmpdir(), 'peerloom-chain-'))
  const path = join(folder, 'db')
  let store = await openLevelStore(path)
  return {
    get store() {
      return store
    },
    async reopen() {
      await store.close()
      store = await openLevelStore(path)
      return store
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true })
    },
  }
}
