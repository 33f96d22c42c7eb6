/**
 * Misbehaving peers: the consequences for them, while the sync still reaches its target.
 */
import { describe, expect, test } from 'vitest'
import { demoChain } from '../../../test/support/demo-chain.ts'
import { deferred } from '../../../test/support/eth-pair.ts'
import {
  altered,
  alteredBody,
  connect,
  emptyBlocks,
  ethOf,
  honestPeer,
  type ReplyOverrides,
  RequestLog,
  type ScriptOptions,
  scriptedPeer,
} from '../../../test/support/sync-nodes.ts'
import { hexToBytes } from '../../base/bytes.ts'
import { FakeClock } from '../../base/clock.ts'
import type { Peer } from '../../peer/index.ts'
import type { ChainStore } from '../chain/index.ts'
import type { PeerVerdict } from './peers/workers.ts'
import { Sync, type SyncEvent } from './sync.ts'

const source = await demoChain()
const { hash } = source.head

/** Runs a sync with a bad peer; a good one joins after the verdict on the bad one. */
async function meet(overrides: ReplyOverrides, options: ScriptOptions = {}, store?: ChainStore) {
  const chain = store ?? (await demoChain(0))
  const eth = ethOf(chain)
  await using sync = new Sync({ store: chain, eth })
  const bad = await connect(eth, scriptedPeer(source, overrides, options))
  const found = verdict(sync, bad)
  const done = sync.syncTo(hash)
  const first = await found
  await connect(eth, honestPeer(source))
  await done
  expect(chain.head).toEqual(source.head)
  return { verdict: first, bad, sync }
}

async function verdict(sync: Sync, peer: Peer): Promise<PeerVerdict> {
  for await (const event of sync.events())
    if (event.type === 'peer' && event.verdict.peer === peer.id) return event.verdict
  throw new Error('the sync ended')
}

async function causeOf(peer: Peer): Promise<unknown> {
  const { side, cause } = await peer.closed
  expect(side).toBe('local')
  return cause
}

describe('a peer is dropped', () => {
  test('a peer is dropped when it sends another header than the one requested by hash', async () => {
    const { bad } = await meet({ GetBlockHeaders: ([first]) => [altered(first!, { gasLimit: 1n })] })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_BAD_HEADERS', penalty: 100 })
  })

  test('a peer is dropped when its headers do not link to each other', async () => {
    const { bad } = await meet({
      GetBlockHeaders: (truth) => truth.map((raw, i) => (i === 3 ? altered(raw, { gasLimit: 1n }) : raw)),
    })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_BAD_HEADERS', penalty: 100 })
  })

  test('a peer is dropped when it sends headers of other numbers', async () => {
    const { bad } = await meet({ GetBlockHeaders: (truth) => (truth.length > 1 ? truth.slice(5) : truth) })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_BAD_HEADERS', penalty: 100 })
  })

  test('a peer is dropped when a body does not match its header', async () => {
    const { bad, verdict } = await meet({ GetBlockBodies: (truth) => truth.map(alteredBody) })
    expect(verdict).toMatchObject({ action: 'dropped', code: 'ERR_BODY_TRANSACTIONS' })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_BODY_TRANSACTIONS', penalty: 100 })
  })

  test('a peer is dropped when it sends the bodies of other blocks', async () => {
    const { verdict } = await meet({ GetBlockBodies: (truth) => truth.map(() => source.rawBody(source.hashAt(319)!)!) })
    expect(verdict).toMatchObject({ action: 'dropped' })
  })

  test('a peer is dropped when receipts have another root', async () => {
    const { bad } = await meet({ GetReceipts: (truth) => truth.map(() => Uint8Array.of(0xc0)) })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_RECEIPTS_ROOT', penalty: 100 })
  })

  test('a peer is dropped with a small penalty when receipts have an unknown type', async () => {
    const unknown = hexToBytes('c5c4090180c0') // one receipt, of type 9
    const { bad } = await meet({ GetReceipts: (truth) => truth.map(() => unknown) })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_RECEIPT_TYPE', penalty: 20 })
  })

  test('a peer is dropped with a small penalty when headers requested by number do not link to each other', async () => {
    const longer = await demoChain(320)
    await longer.extend(emptyBlocks(longer, longer.headerAt(320)!, 400))
    const chain = await demoChain(0)
    const eth = ethOf(chain)
    await using sync = new Sync({ store: chain, eth })
    const overrides: ReplyOverrides = {
      GetBlockHeaders: (truth, { start }) =>
        typeof start === 'bigint' ? truth.map((raw, i) => (i === 3 ? altered(raw, { gasLimit: 1n }) : raw)) : truth,
    }
    const bad = await connect(eth, scriptedPeer(longer, overrides))
    const done = sync.syncTo(longer.head.hash)
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_BAD_HEADERS', penalty: 20 })
    await connect(eth, honestPeer(longer))
    await done
    expect(chain.head).toEqual(longer.head)
  })

  test('a peer is dropped when an access list has another hash', async () => {
    const { bad } = await meet({ GetBlockAccessLists: (truth) => truth.map(() => Uint8Array.of(0xc1, 0xc0)) })
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_ACCESS_LIST', penalty: 100 })
  })

  test('a peer is dropped when it sends more items than were requested', async () => {
    const chain = await demoChain(0)
    const eth = ethOf(chain)
    await using sync = new Sync({ store: chain, eth })
    const bad = await connect(eth, scriptedPeer(source, { GetBlockBodies: (truth) => [...truth, ...truth] }))
    const done = sync.syncTo(hash)
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_ETH_TOO_MANY_ITEMS', penalty: 20 })
    await connect(eth, honestPeer(source))
    await done
    expect(chain.head).toEqual(source.head)
  })
})

describe('a peer is paused', () => {
  test('a peer is paused when it lacks what it never announced, and others are asked', async () => {
    const asked = new RequestLog()
    const { verdict } = await meet({ GetReceipts: () => [] }, { version: 68, asked })
    expect(verdict).toMatchObject({ action: 'paused', reason: 'receipts: not available' })
    expect(asked.receipts).toEqual([])
  })

  test('a peer with headers of another branch is paused for headers, and used for the rest', async () => {
    const chain = await demoChain(0)
    const other = await demoChain(100)
    await other.extend(emptyBlocks(other, other.headerAt(100)!, 1000))
    const longer = await demoChain(320)
    await longer.extend(emptyBlocks(longer, longer.headerAt(320)!, 1200, 2))
    const eth = ethOf(chain)
    await using sync = new Sync({ store: chain, eth })
    const verdicts: PeerVerdict[] = []
    const watch = (async () => {
      for await (const event of sync.events()) if (event.type === 'peer') verdicts.push(event.verdict)
    })()
    await connect(eth, honestPeer(other))
    await connect(eth, honestPeer(longer))
    await sync.syncTo(longer.head.hash)
    expect(chain.head).toEqual(longer.head)
    await sync[Symbol.asyncDispose]()
    await watch
    expect(verdicts.filter(({ action }) => action === 'dropped')).toEqual([])
  })

  test('a peer is paused for a block that it left out in the middle, which is requested from another', async () => {
    let skipped = 0
    const { verdict } = await meet({
      GetBlockBodies: (truth) => {
        if (truth.length < 3) return truth.length > 0 && skipped > 0 ? [] : truth
        skipped++
        return truth.slice(1)
      },
    })
    expect(skipped).toBeGreaterThan(0)
    expect(verdict.action).toBe('paused')
  })
})

describe('on a clock that is turned by hand', () => {
  async function setUp(overrides: ReplyOverrides, options: ScriptOptions = {}) {
    const clock = new FakeClock()
    const chain = await demoChain(0)
    const eth = ethOf(chain)
    const sync = new Sync({ store: chain, eth, clock })
    const bad = await connect(eth, scriptedPeer(source, overrides, options), { clock })
    const events: SyncEvent[] = []
    void (async () => {
      for await (const event of sync.events()) events.push(event)
    })()
    const done = sync.syncTo(hash)
    done.catch(() => {})
    const good = () => connect(eth, honestPeer(source), { clock })
    return { clock, chain, eth, sync, bad, done, events, good }
  }

  async function turn(clock: FakeClock, until: () => boolean, step = 1_000, most = 600): Promise<void> {
    for (let i = 0; i < most && !until(); i++) await clock.advance(step)
    expect(until()).toBe(true)
  }

  test('a peer that never answers requests for bodies is dropped at its second missed deadline', async () => {
    const { clock, chain, bad, done, good, sync } = await setUp({ GetBlockBodies: () => undefined })
    await turn(clock, () => bad.signal.aborted)
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_STALLED', disconnectReason: 3, penalty: 5 })
    expect(clock.now()).toBeGreaterThan(60_000)
    await good()
    await turn(clock, () => chain.head.number === 320)
    await done
    await sync[Symbol.asyncDispose]()
  })

  test('a peer that never answers requests for headers is dropped as well', async () => {
    const { clock, chain, bad, done, good, sync } = await setUp({ GetBlockHeaders: () => undefined })
    await turn(clock, () => bad.signal.aborted)
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_STALLED' })
    expect(clock.now()).toBeGreaterThan(100_000)
    await good()
    await turn(clock, () => chain.head.number === 320)
    await done
    await sync[Symbol.asyncDispose]()
  })

  test('a peer whose responses about announced blocks are always empty is dropped as useless', async () => {
    const { clock, chain, bad, done, good, sync } = await setUp({ GetReceipts: () => [] })
    await turn(clock, () => bad.signal.aborted)
    expect(await causeOf(bad)).toMatchObject({ code: 'ERR_SYNC_EMPTY', disconnectReason: 3, penalty: 10 })
    await good()
    await turn(clock, () => chain.head.number === 320)
    await done
    await sync[Symbol.asyncDispose]()
  })

  test('access lists that no peer sends do not block a sync', async () => {
    const { clock, chain, done, sync, bad } = await setUp({ GetBlockAccessLists: () => undefined })
    await turn(clock, () => chain.head.number === 320, 500, 20)
    await done
    expect(bad.signal.aborted).toBe(false)
    expect(chain.rawAccessList(hash)).toBeUndefined()
    await sync[Symbol.asyncDispose]()
  })

  test('access lists that a peer marks as missing do not delay a sync', async () => {
    const { chain, done, sync, clock } = await setUp({ GetBlockAccessLists: (truth) => truth.map(() => undefined) })
    await turn(clock, () => chain.head.number === 320, 0, 50)
    await done
    await sync[Symbol.asyncDispose]()
  })

  test('a late response has no consequences', async () => {
    const late = deferred()
    let held = 0
    const { clock, chain, done, good, sync, bad } = await setUp({
      GetBlockBodies: async (truth) => {
        if (held++ === 0) await late.promise
        return truth
      },
    })
    await turn(clock, () => clock.now() > 61_000)
    expect(bad.signal.aborted).toBe(false)
    await good()
    late.resolve()
    await turn(clock, () => chain.head.number === 320)
    await done
    expect(bad.signal.aborted).toBe(false)
    await sync[Symbol.asyncDispose]()
  })
})

test('requests to a peer that leaves are made to another', async () => {
  const chain = await demoChain(0)
  const eth = ethOf(chain)
  await using sync = new Sync({ store: chain, eth })
  let answers = 0
  const bad = await connect(
    eth,
    scriptedPeer(source, {
      GetBlockBodies: (truth, _query, peer) => {
        if (++answers < 3) return truth
        peer.close('had enough')
        return undefined
      },
    }),
  )
  const done = sync.syncTo(hash)
  expect((await bad.closed).side).toBe('remote')
  await connect(eth, honestPeer(source))
  await done
  expect(chain.head).toEqual(source.head)
})

test('among good peers, one that sends false receipts costs only itself', async () => {
  const chain = await demoChain(0)
  const eth = ethOf(chain)
  await using sync = new Sync({ store: chain, eth })
  const bad = await connect(eth, scriptedPeer(source, { GetReceipts: (truth) => truth.map(() => Uint8Array.of(0xc0)) }))
  const others = [await connect(eth, honestPeer(source)), await connect(eth, honestPeer(source, 69))]
  await sync.syncTo(hash)
  expect(chain.head).toEqual(source.head)
  expect(bad.signal.aborted).toBe(true)
  for (const other of others) expect(other.signal.aborted).toBe(false)
})
