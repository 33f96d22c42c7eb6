import { expect, test } from 'vitest'
import { demoBlocks, demoChain } from '../../../../test/support/demo-chain.ts'
import {
  connect,
  emptyBlocks,
  ethOf,
  honestPeer,
  RequestLog,
  scriptedPeer,
} from '../../../../test/support/sync-nodes.ts'
import { FakeClock } from '../../../base/clock.ts'
import { type LogFields, silentLogger } from '../../../base/log.ts'
import type { ChainStore } from '../../chain/index.ts'
import { Header } from '../../types/index.ts'
import { Condition } from '../condition.ts'
import { Skeleton } from '../headers/skeleton.ts'
import { Workers } from '../peers/workers.ts'
import { Fill, type FillOptions } from './fill.ts'

const source = await demoChain()
const demoHeaders = demoBlocks.map(({ header }) => header)

/** A fill of a store with these headers, from the lowest up, on a clock that the test advances. */
async function setUp(store: ChainStore, headers: readonly Header[], options: Partial<FillOptions> = {}) {
  const clock = new FakeClock()
  const eth = ethOf(store)
  const condition = new Condition()
  const logged: [string, LogFields?][] = []
  const log = { ...silentLogger, info: (...line: [string, LogFields?]) => void logged.push(line) }
  const workers = new Workers({ eth, clock, log, condition, onVerdict: () => {} })
  const skeleton = new Skeleton(store)
  const target = headers.at(-1)!
  await skeleton.begin(target)
  await skeleton.prepend(headers.slice(0, -1).reverse())
  const batches: { readonly blocks: number; readonly head: number; readonly held: number }[] = []
  const onStored = (blocks: number): void => {
    batches.push({ blocks, head: store.head.number, held: fill.window.length })
  }
  const { signal } = new AbortController()
  const common = { store, skeleton, workers, condition, clock, log, signal, target, onStored }
  const fill = new Fill({ ...common, receipts: 'required', ...options })
  /** Connects a peer and notifies the loops, as `Sync` does. */
  const join = async (remote: Parameters<typeof connect>[1]) => {
    const peer = await connect(eth, remote, { clock })
    condition.notifyAll()
    return peer
  }
  return { clock, fill, skeleton, batches, logged, join }
}

/** Advances the clock until a fill has ended. */
async function finish(run: Promise<unknown>, clock: FakeClock): Promise<void> {
  let ended = false
  const end = (): void => {
    ended = true
  }
  run.then(end, end)
  for (let i = 0; i < 2_000 && !ended; i++) await clock.advance(5)
  await run
}

test('a fill stores all blocks up to its target and reports each batch', async () => {
  const store = await demoChain(0)
  const { fill, join, clock, batches, skeleton } = await setUp(store, demoHeaders)
  await join(honestPeer(source))
  await finish(fill.run(), clock)
  expect(store.head).toEqual(source.head)
  expect(fill.stored).toBe(320)
  expect(batches.reduce((sum, { blocks }) => sum + blocks, 0)).toBe(320)
  expect(batches.map(({ head }) => head)).toEqual([...new Set(batches.map(({ head }) => head))].sort((a, b) => a - b))
  for (const { blocks } of batches) expect(blocks).toBeLessThanOrEqual(256)
  expect(skeleton.current).toBeUndefined()
})

test('a fill counts the bytes of verified bodies, receipts and access lists that peers sent', async () => {
  const store = await demoChain(0)
  const { fill, join, clock } = await setUp(store, demoHeaders)
  await join(honestPeer(source))
  await finish(fill.run(), clock)
  let sent = 0
  for (const { header, hash, body } of demoBlocks) {
    if (body.transactions.length > 0 || (body.withdrawals?.length ?? 0) > 0) sent += body.raw.length
    const receipts = source.rawReceipts(hash)!
    if (receipts.length > 1) sent += receipts.length
    if (header.blockAccessListHash) sent += source.rawAccessList(hash)!.length
  }
  expect(fill.bytes).toBe(sent)
})

test('a fill holds no more blocks than its window has room for', async () => {
  const store = await demoChain(0)
  const { fill, join, clock, batches } = await setUp(store, demoHeaders, { limits: { blocks: 10, bytes: 1e9 } })
  await join(honestPeer(source))
  await finish(fill.run(), clock)
  expect(store.head.number).toBe(320)
  for (const { blocks, held } of batches) expect(blocks + held).toBeLessThanOrEqual(10)
})

test('a fill replaces the blocks of another branch in one batch', async () => {
  const store = await demoChain(320)
  const other = await demoChain(290)
  const branch = emptyBlocks(other, other.headerAt(290)!, 60)
  await other.extend(branch)
  const headers = branch.map(({ header }) => header)
  const { fill, join, clock, batches } = await setUp(store, headers)
  await join(honestPeer(other))
  await finish(fill.run(), clock)
  expect(batches[0]!.blocks).toBeGreaterThan(30)
  expect(batches[0]!.head).toBeGreaterThan(320)
  expect(store.head).toEqual(other.head)
})

test('a fill reports once that no peer has the next block, and goes on when one comes', async () => {
  const store = await demoChain(0)
  const { fill, join, clock, logged } = await setUp(store, demoHeaders)
  await join(scriptedPeer(source, {}, { range: { earliest: 200, latest: 320 } }))
  const run = fill.run()
  await clock.advance(10_000)
  expect(store.head.number).toBe(0)
  const first = demoHeaders.find(({ gasUsed }) => gasUsed > 0n)!
  expect(first.number).toBe(1)
  expect(logged).toEqual([['Sync stalled', { missing: 'bodies', number: 1, peers: 1 }]])
  await join(honestPeer(source))
  await finish(run, clock)
  expect(store.head.number).toBe(320)
})

test('a fill waits three seconds for access lists that do not come, then stores blocks without them', async () => {
  const store = await demoChain(240)
  const { fill, join, clock, logged } = await setUp(store, demoHeaders.slice(240))
  await join(scriptedPeer(source, { GetBlockAccessLists: () => undefined }))
  const run = fill.run()
  await clock.advance(2_999)
  expect(store.head.number).toBe(240)
  await clock.advance(2)
  await finish(run, clock)
  expect(store.head.number).toBe(320)
  expect(store.rawAccessList(source.head.hash)).toBeUndefined()
  expect(logged.map(([message]) => message)).toContain('Block access lists skipped')
})

test('a fill keeps bodies, receipts and access lists that the store has of a branch it left', async () => {
  const store = await demoChain(320)
  const other = await demoChain(290)
  await store.extend(emptyBlocks(other, other.headerAt(290)!, 31))
  const requested = new RequestLog()
  const { fill, join, clock } = await setUp(store, demoHeaders.slice(290))
  await join(scriptedPeer(source, {}, { asked: requested }))
  await finish(fill.run(), clock)
  expect(store.head).toEqual(source.head)
  expect(requested.requests).toEqual({ GetBlockHeaders: 0, GetBlockBodies: 0, GetReceipts: 0, GetBlockAccessLists: 0 })
})

test('a fill fails on a header that breaks a rule, names the rule, and stores nothing', async () => {
  const store = await demoChain(0)
  const bad = Header.from({ ...demoHeaders[1]!, gasLimit: demoHeaders[1]!.gasLimit * 2n })
  const { fill, join, clock } = await setUp(store, [demoHeaders[0]!, bad])
  await join(honestPeer(source))
  await expect(finish(fill.run(), clock)).rejects.toMatchObject({
    code: 'ERR_SYNC_INVALID_CHAIN',
    cause: { code: 'ERR_HEADER_GAS_LIMIT' },
  })
  expect(store.head.number).toBe(0)
})

test('a fill rejects with the reason of its signal, and what it stored stays', async () => {
  const store = await demoChain(0)
  const abort = new AbortController()
  const limits = { blocks: 50, bytes: 1e9 }
  const { fill, join, clock, batches } = await setUp(store, demoHeaders, { signal: abort.signal, limits })
  await join(honestPeer(source))
  const run = fill.run()
  run.catch(() => {})
  for (let i = 0; i < 1_000 && batches.length === 0; i++) await clock.advance(5)
  abort.abort(new Error('enough'))
  await expect(finish(run, clock)).rejects.toThrow('enough')
  expect(store.head.number).toBeGreaterThan(0)
  expect(store.head.number).toBeLessThan(320)
  expect(fill.stored).toBe(store.head.number)
})
