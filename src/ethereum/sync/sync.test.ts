import { describe, expect, test } from 'vitest'
import { demoChain } from '../../../test/support/demo-chain.ts'
import { connect, emptyBlocks, ethOf, honestPeer, RequestLog, scriptedPeer } from '../../../test/support/sync-nodes.ts'
import { bytesToHex, equalBytes } from '../../base/bytes.ts'
import { FakeClock } from '../../base/clock.ts'
import { StorageError } from '../../base/errors.ts'
import { MemoryStore } from '../../storage/index.ts'
import { ChainStore } from '../chain/index.ts'
import { Header } from '../types/index.ts'
import { Sync, type SyncEvent } from './sync.ts'

/** Expects two stores to have the same chain, part by part. */
function expectSame(store: ChainStore, source: ChainStore): void {
  expect(store.head).toEqual(source.head)
  const differing: number[] = []
  for (let number = 1; number <= source.head.number; number++) {
    const hash = source.hashAt(number)!
    const parts = (['rawHeader', 'rawBody', 'rawReceipts', 'rawAccessList'] as const).map((part) => [
      store[part](hash) ?? new Uint8Array(0),
      source[part](hash) ?? new Uint8Array(0),
    ])
    const same = parts.every(([a, b]) => equalBytes(a!, b!)) && equalBytes(store.hashAt(number)!, hash)
    if (!same) differing.push(number)
  }
  expect(differing).toEqual([])
}

async function fresh(options: Partial<ConstructorParameters<typeof Sync>[0]> = {}) {
  const memory = new MemoryStore()
  const store = await demoChain(0, memory)
  const eth = ethOf(store)
  return { memory, store, eth, sync: new Sync({ store, eth, ...options }) }
}

async function next<T extends SyncEvent['type']>(sync: Sync, type: T): Promise<Extract<SyncEvent, { type: T }>> {
  for await (const event of sync.events()) if (event.type === type) return event as Extract<SyncEvent, { type: T }>
  throw new Error('the sync ended')
}

const source = await demoChain()
const { hash } = source.head

describe('a sync to a head hash', () => {
  test('a sync brings an empty store to the head of one peer, with bodies, receipts and access lists', async () => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    await connect(eth, honestPeer(source))
    expect(await sync.syncTo(hash)).toEqual({ number: 320, hash })
    expectSame(store, source)
    expect(await store.stats()).toEqual(await source.stats())
    expect(store.syncState('skeleton')).toBeUndefined()
    expect(store.syncHeader(320)).toBeUndefined()
  })

  test.each([68, 69, 70] as const)('a sync works on eth/%i, which has no access lists', async (version) => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    await connect(eth, honestPeer(source, version))
    await sync.syncTo(hash)
    expect(await store.stats()).toEqual({ ...(await source.stats()), accessLists: 0 })
  })

  test('a sync distributes requests among three peers and requests nothing twice', async () => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    const asked = [new RequestLog(), new RequestLog(), new RequestLog()]
    for (const one of asked) await connect(eth, scriptedPeer(source, {}, { asked: one }))
    await sync.syncTo(hash)
    expectSame(store, source)
    for (const one of asked) expect(one.bodies.length).toBeGreaterThan(0)
    const bodies = asked.flatMap((one) => one.bodies)
    expect(new Set(bodies).size).toBe(bodies.length)
    const receipts = asked.flatMap((one) => one.receipts)
    expect(new Set(receipts).size).toBe(receipts.length)
  })

  test('a sync with many peers causes no warning of Node', async () => {
    const { eth, sync } = await fresh()
    await using _ = sync
    for (let i = 0; i < 12; i++) await connect(eth, honestPeer(source))
    const warnings: Error[] = []
    const note = (warning: Error): unknown => warnings.push(warning)
    process.on('warning', note)
    await sync.syncTo(hash, { signal: new AbortController().signal })
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', note)
    expect(warnings).toEqual([])
  })

  test('a sync without receipts stores none and requests none', async () => {
    const { store, eth, sync } = await fresh({ receipts: 'none' })
    await using _ = sync
    const asked = new RequestLog()
    await connect(eth, scriptedPeer(source, {}, { asked }))
    await sync.syncTo(hash)
    expect(store.head.number).toBe(320)
    expect(asked.requests.GetReceipts).toBe(0)
  })

  test('a sync holds no more blocks in memory than its window has room for', async () => {
    const { store, eth, sync } = await fresh({ window: { blocks: 16, bytes: 4_000 } })
    await using _ = sync
    const asked: number[] = []
    const note = (truth: readonly Uint8Array[], query: { hashes: readonly Uint8Array[] }) => {
      asked.push(query.hashes.length)
      return truth
    }
    await connect(eth, scriptedPeer(source, { GetBlockBodies: note, GetReceipts: note }))
    await sync.syncTo(hash)
    expectSame(store, source)
    expect(Math.max(...asked)).toBeLessThanOrEqual(16)
  })

  test('a sync without peers reports that it waits, and continues when one joins', async () => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    const waiting = next(sync, 'waiting')
    const done = sync.syncTo(hash)
    await waiting
    expect(sync.progress).toMatchObject({ phase: 'target', waiting: true, peers: 0 })
    await connect(eth, honestPeer(source))
    await done
    expectSame(store, source)
  })

  test('a sync repeats the request for an unknown target until the signal aborts', async () => {
    const clock = new FakeClock()
    const { eth, sync } = await fresh({ clock })
    await using _ = sync
    const asked = new RequestLog()
    await connect(eth, scriptedPeer(source, {}, { asked }), { clock })
    const abort = new AbortController()
    const done = sync.syncTo(new Uint8Array(32).fill(9), { signal: abort.signal })
    done.catch(() => {})
    await clock.advance(60_000)
    expect(asked.requests.GetBlockHeaders).toBeGreaterThan(3)
    abort.abort(new Error('enough'))
    await expect(done).rejects.toThrow('enough')
    expect(sync.progress.phase).toBe('idle')
  })

  test('a sync rejects a target that is not a hash of 32 bytes, such as hex', async () => {
    const { sync } = await fresh()
    await using _ = sync
    for (const target of [new Uint8Array(31), bytesToHex(hash), undefined]) {
      await expect(sync.syncTo(target as Uint8Array)).rejects.toMatchObject({ code: 'ERR_CONFIG', field: 'hash' })
    }
  })

  test('a sync rejects a target of another genesis block, and drops the peer that sent it', async () => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    const strange = Header.from({ ...source.headerAt(1)!, parentHash: new Uint8Array(32).fill(7) })
    const peer = await connect(eth, scriptedPeer(source, { GetBlockHeaders: () => [strange.raw] }))
    await expect(sync.syncTo(strange.hash)).rejects.toMatchObject({ code: 'ERR_SYNC_WRONG_CHAIN' })
    expect((await peer.closed).cause).toMatchObject({ code: 'ERR_SYNC_WRONG_CHAIN', penalty: 0 })
    expect(store.syncState('skeleton')).toBeUndefined()
  })

  test('a sync rejects a chain that breaks a rule, names the rule, and reaches a valid target afterwards', async () => {
    const { store, eth, sync } = await fresh()
    await using _ = sync
    const bad = Header.from({ ...source.headerAt(5)!, timestamp: 1 })
    await connect(
      eth,
      scriptedPeer(source, {
        GetBlockHeaders: (truth, { start }) => (equalBytes(start as Uint8Array, bad.hash) ? [bad.raw] : truth),
      }),
    )
    await expect(sync.syncTo(bad.hash)).rejects.toMatchObject({
      code: 'ERR_SYNC_INVALID_CHAIN',
      cause: { code: 'ERR_HEADER_TIMESTAMP' },
    })
    await sync.syncTo(hash)
    expectSame(store, source)
  })

  test('a sync to a target that is canonical already changes nothing', async () => {
    const { eth, sync, store } = await fresh()
    await using _ = sync
    await connect(eth, honestPeer(source))
    await sync.syncTo(hash)
    expect(await sync.syncTo(source.hashAt(100)!)).toEqual({ number: 100, hash: source.hashAt(100) })
    expect(store.head.number).toBe(320)
  })

  test('calls of a sync run one after another, and disposal rejects those that wait', async () => {
    const { eth, sync } = await fresh()
    await connect(eth, honestPeer(source))
    const first = sync.syncTo(source.hashAt(100)!)
    const second = sync.syncTo(source.hashAt(200)!)
    const third = sync.syncTo(new Uint8Array(32).fill(1))
    third.catch(() => {})
    expect((await first).number).toBe(100)
    expect((await second).number).toBe(200)
    await sync[Symbol.asyncDispose]()
    await expect(third).rejects.toMatchObject({ code: 'ERR_SYNC_CLOSED' })
    await expect(sync.syncTo(hash)).rejects.toMatchObject({ code: 'ERR_SYNC_CLOSED' })
  })
})

describe('a sync that was interrupted', () => {
  test('an interrupted sync continues where it was, and downloads nothing twice', async () => {
    const memory = new MemoryStore()
    await demoChain(0, memory)
    const asked = new RequestLog()
    for (let run = 0; run < 40; run++) {
      const store = await ChainStore.open(memory)
      const eth = ethOf(store)
      const sync = new Sync({ store, eth, window: { blocks: 32, bytes: 1e9 } })
      await connect(eth, scriptedPeer(source, {}, { asked }))
      const abort = new AbortController()
      const done = sync.syncTo(hash, { signal: abort.signal }).catch(() => undefined)
      let steps = 0
      for await (const { type } of sync.events()) {
        if (type === 'done' || (type === 'progress' && ++steps > run % 4)) break
      }
      const { number } = store.head
      const before = sync.progress
      expect(before.bodies.done).toBeGreaterThanOrEqual(number)
      abort.abort(new Error('killed'))
      const result = await done
      await sync[Symbol.asyncDispose]()
      if (result || store.head.number === source.head.number) break // the last batch was on its way to the disk
    }
    const store = await ChainStore.open(memory)
    expect(store.repaired).toBeUndefined()
    expectSame(store, source)
    // The target is requested first; every other header came once.
    expect(asked.headers.length).toBe(320)
  })

  test('the progress of a sync counts blocks that were stored before as done', async () => {
    const store = await demoChain(200)
    const eth = ethOf(store)
    await using sync = new Sync({ store, eth })
    const target = next(sync, 'progress')
    await connect(eth, honestPeer(source))
    const done = sync.syncTo(hash)
    const { progress } = await target
    expect(progress.headers.done).toBeGreaterThanOrEqual(200)
    expect(progress.bodies.done).toBeGreaterThanOrEqual(200)
    expect(progress.headers.total).toBe(320)
    await done
  })

  test('a sync rejects with the error of its store, stays consistent, and continues afterwards', async () => {
    const { memory, store, eth, sync } = await fresh({ window: { blocks: 32, bytes: 1e9 } })
    await using _ = sync
    await connect(eth, honestPeer(source))
    const done = sync.syncTo(hash)
    done.catch(() => {})
    for await (const event of sync.events()) if (event.type === 'progress' && event.progress.head > 50) break
    memory.failWrites = new StorageError('ERR_STORAGE_FULL', '', 'no space left')
    await expect(done).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' })
    memory.failWrites = undefined
    const { number } = store.head
    expect(number).toBeGreaterThan(50)
    expect((await ChainStore.open(memory)).head).toEqual(store.head)
    await sync.syncTo(hash)
    expectSame(store, source)
  })
})

describe('a new target', () => {
  test('a new target extends the chain by the missing blocks only', async () => {
    const store = await demoChain(300)
    const eth = ethOf(store)
    const asked = new RequestLog()
    await using sync = new Sync({ store, eth })
    await connect(eth, scriptedPeer(source, {}, { asked }))
    await sync.syncTo(hash)
    expectSame(store, source)
    expect(asked.headers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 301 + i))
  })

  test('a target on another branch replaces the blocks above the common ancestor in one step, with the right totals', async () => {
    const store = await demoChain(320)
    const eth = ethOf(store)
    const other = await demoChain(290)
    await other.extend(emptyBlocks(other, other.headerAt(290)!, 60))
    await using sync = new Sync({ store, eth })
    await connect(eth, honestPeer(other))
    const reorg = next(sync, 'reorg')
    const heads = new Set<number>()
    const watch = (async () => {
      for await (const event of sync.events()) if (event.type === 'progress') heads.add(event.progress.head)
    })()
    await sync.syncTo(other.head.hash)
    await sync[Symbol.asyncDispose]()
    await watch
    expect(await reorg).toMatchObject({ ancestor: 290, head: 320 })
    expectSame(store, other)
    expect(store.hashAt(351)).toBeUndefined()
    expect(Math.min(...heads)).toBe(320)
  })

  test('a target on the first branch again needs only blocks that were never stored', async () => {
    const store = await demoChain(320)
    const eth = ethOf(store)
    const other = await demoChain(290)
    await other.extend(emptyBlocks(other, other.headerAt(290)!, 60))
    const asked = new RequestLog()
    await using sync = new Sync({ store, eth })
    await connect(eth, honestPeer(other))
    await sync.syncTo(other.head.hash)
    await connect(eth, scriptedPeer(source, {}, { asked }))
    await sync.syncTo(hash)
    expectSame(store, source)
    expect(asked.bodies).toEqual([])
    expect(asked.headers).toEqual([])
  })

  test('a target on a branch from the genesis block is found by stepping back', async () => {
    const store = await demoChain(320)
    const eth = ethOf(store)
    const other = await demoChain(0)
    await other.extend(emptyBlocks(other, other.headerAt(0)!, 330))
    await using sync = new Sync({ store, eth })
    await connect(eth, honestPeer(other))
    await sync.syncTo(other.head.hash)
    expectSame(store, other)
  })

  test('a target that comes before an older one was reached takes over its headers', async () => {
    const memory = new MemoryStore()
    const store = await demoChain(0, memory)
    const asked = new RequestLog()
    const eth = ethOf(store)
    await connect(eth, scriptedPeer(source, { GetBlockBodies: () => undefined }, { asked }))
    await using sync = new Sync({ store, eth })
    const abort = new AbortController()
    const first = sync.syncTo(source.hashAt(200)!, { signal: abort.signal })
    first.catch(() => {})
    while (sync.progress.headers.done < 200) await new Promise(setImmediate)
    abort.abort(new Error('another head'))
    await expect(first).rejects.toThrow('another head')
    for (const { peer } of eth.peers) peer.close('replaced')
    const again = new RequestLog()
    await connect(eth, scriptedPeer(source, {}, { asked: again }))
    await sync.syncTo(hash)
    expectSame(store, source)
    expect([...asked.headers, ...again.headers].filter((number) => number < 200).length).toBe(199)
  })
})
