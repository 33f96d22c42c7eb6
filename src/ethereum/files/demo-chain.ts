/**
 * Bundled chain: a few hundred blocks from Shanghai to Amsterdam, with receipts and access lists.
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hexToBytes } from '../../base/bytes.ts'
import { type KeyValueStore, MemoryStore } from '../../storage/index.ts'
import { ChainStore, type Genesis } from '../chain/index.ts'
import { readItems } from '../types/index.ts'
import { readGenesisFile } from './genesis-file.ts'
import { importChainFile } from './import-chain.ts'

export interface DemoChain {
  readonly genesis: Genesis
  readonly headNumber: number
  /** 32 bytes. */
  readonly headHash: Uint8Array
}

/** Possible folders of the files: in `dist/`, or beside `src/`. */
const FOLDERS = ['../../assets/demo/', '../../../assets/demo/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)

/** Metadata of the chain, without its blocks. */
export async function demoChain(): Promise<DemoChain> {
  const info = JSON.parse(await readFile(demoFile('info.json'), 'utf8')) as { headNumber: number; headHash: string }
  const genesis = await readGenesisFile(demoFile('genesis.json'))
  return { genesis, headNumber: info.headNumber, headHash: hexToBytes(info.headHash) }
}

/** The whole chain in memory, verified. */
export async function loadDemoChain({ genesis }: DemoChain): Promise<KeyValueStore> {
  const store = new MemoryStore()
  const receipts = readItems(await readFile(demoFile('receipts.rlp')))
  const accessLists = readItems(await readFile(demoFile('bals.rlp')))
  await importChainFile(await ChainStore.open(store, genesis), demoFile('chain.rlp'), { receipts, accessLists })
  return store
}

function demoFile(name: string): string {
  const folder = FOLDERS.find((each) => existsSync(join(each, name))) ?? FOLDERS[0]
  return join(folder as string, name)
}
