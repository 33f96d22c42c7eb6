import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { branchGenesis } from '../../../../test/support/branches.ts'
import { demoBlocks } from '../../../../test/support/demo-chain.ts'
import { openLevelStore } from '../../../storage/index.ts'
import { ChainStore } from './chain-store.ts'

/** Loads the sources through vite, as Node 20 does not run TypeScript. */
const LOADER = `
import { createServer } from 'vite'
const server = { middlewareMode: true, hmr: false, ws: false, watch: null }
const vite = await createServer({ configFile: false, appType: 'custom', logLevel: 'error', server, optimizeDeps: { noDiscovery: true } })
const load = (path) => vite.ssrLoadModule(path)
`

/** Opens the chain and alternates between branches of 40 and of 25 blocks until it is killed. */
const BRANCHES = `${LOADER}
const { branch, branchGenesis } = await load('/test/support/branches.ts')
const { openLevelStore } = await load('/src/storage/index.ts')
const { ChainStore } = await load('/src/ethereum/chain/index.ts')
const chain = await ChainStore.open(await openLevelStore(process.argv[1]), branchGenesis())
const base = chain.head.number === 0 ? chain.genesis.header : chain.headerAt(1)
for (let salt = 0; ; salt++) {
  const blocks = branch(base, salt % 2 ? 25 : 40, { salt: salt % 251 })
  await chain.extend(blocks, { state: { tip: blocks.at(-1).header.hash } })
  if (salt === 5) process.stdout.write('ready')
}`

/** Deletes the index of the bundled chain's transactions and builds it again, until it is killed. */
const INDEXER = `${LOADER}
const { demoChain } = await load('/test/support/demo-chain.ts')
const { openLevelStore } = await load('/src/storage/index.ts')
const { metaKey, Prefix, rangeOf } = await load('/src/ethereum/chain/store/schema.ts')
const { ChainStore } = await load('/src/ethereum/chain/store/chain-store.ts')
const store = await openLevelStore(process.argv[1])
if (!store.has(metaKey('schema'))) await demoChain(320, store)
for (let round = 0; ; round++) {
  await store.write([{ type: 'del', key: metaKey('transactions') }])
  const { gte, lt } = rangeOf(Prefix.Transaction)
  await store.deleteRange(gte, lt)
  await (await ChainStore.open(store)).indexTransactions()
  if (round === 5) process.stdout.write('ready')
}`

async function startWriter(program: string, path: string): Promise<ChildProcess> {
  const cwd = fileURLToPath(new URL('../../../..', import.meta.url))
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, path], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  expect(child.exitCode).toBeNull()
  return child
}

test('a chain is consistent after kill -9 in the middle of its reorganizations', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peerloom-kill-'))
  const path = join(folder, 'db')
  for (let attempt = 0; attempt < 3; attempt++) {
    const child = await startWriter(BRANCHES, path)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await using store = await openLevelStore(path)
    const chain = await ChainStore.open(store, branchGenesis())
    const { head } = chain
    expect(chain.repaired).toBeUndefined()
    expect(head.totalDifficulty).toBe(5n + 2n * BigInt(head.number))
    expect(chain.syncState('tip')).toEqual(head.hash)
    expect((await chain.stats()).blocks).toBe(head.number + 1)
    for (let number = head.number; number > 0; number--) {
      const header = chain.headerAt(number)!
      expect(chain.hashAt(number - 1)).toEqual(header.parentHash)
      expect(chain.rawBody(header.hash)).toBeDefined()
      expect(chain.rawReceipts(header.hash)).toBeDefined()
    }
  }
  await rm(folder, { recursive: true })
})

test('the index of transactions is consistent after kill -9 while it was built', {
  timeout: 60_000,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peerloom-kill-'))
  const path = join(folder, 'db')
  for (let attempt = 0; attempt < 3; attempt++) {
    const child = await startWriter(INDEXER, path)
    child.kill('SIGKILL')
    await once(child, 'exit')
    await using store = await openLevelStore(path)
    const chain = await ChainStore.open(store)
    expectIndexed(chain, chain.firstIndexed)
    await chain.indexTransactions()
    expect(chain.firstIndexed).toBe(0)
    expectIndexed(chain, 0)
  }
  await rm(folder, { recursive: true })
})

function expectIndexed(chain: ChainStore, first: number): void {
  for (const { number, body } of demoBlocks.filter((block) => block.number >= first)) {
    for (const { hash } of body.transactions) expect(chain.findTransaction(hash)?.number).toBe(number)
  }
}
