import { expect, test } from 'vitest'
import { demoChain } from '../../../../test/support/demo-chain.ts'
import {
  connect,
  ethOf,
  honestPeer,
  type ReplyOverrides,
  type ScriptOptions,
  scriptedPeer,
} from '../../../../test/support/sync-nodes.ts'
import { FakeClock } from '../../../base/clock.ts'
import { silentLogger } from '../../../base/log.ts'
import type { AnyProtocol, Peer } from '../../../peer/index.ts'
import { Condition } from '../condition.ts'
import type { FetchKind } from './capacity.ts'
import { type PeerVerdict, type Worker, Workers } from './workers.ts'

const source = await demoChain()
const hashes = [source.hashAt(1)!]
/** A signal that never aborts. */
const { signal } = new AbortController()

/** The peers of a node without blocks, on a clock that the test advances. */
async function setUp(...remotes: readonly AnyProtocol[]) {
  const clock = new FakeClock()
  const eth = ethOf(await demoChain(0))
  const condition = new Condition()
  const verdicts: PeerVerdict[] = []
  const onVerdict = (verdict: PeerVerdict): unknown => verdicts.push(verdict)
  const workers = new Workers({
    eth,
    clock,
    log: silentLogger,
    condition,
    onVerdict: (verdict) => void onVerdict(verdict),
  })
  const peers: Peer[] = []
  for (const remote of remotes) peers.push(await connect(eth, remote, { clock }))
  const workerOf = (peer: Peer): Worker => workers.all().find((worker) => worker.peer.peer === peer)!
  return { clock, condition, workers, verdicts, peers, workerOf }
}

const silent = (kinds: readonly (keyof ReplyOverrides)[] = ['GetBlockBodies']): AnyProtocol =>
  scriptedPeer(source, Object.fromEntries(kinds.map((kind) => [kind, () => undefined])))

/** Requests one body. @returns what `use` was given. */
async function askForBody(workers: Workers, worker: Worker, abort: AbortSignal = signal): Promise<unknown> {
  let used: unknown = 'nothing'
  await workers.request(worker, 'bodies', abort, {
    request: (options) => worker.peer.getBlockBodies(hashes, options),
    use: (items) => {
      used = items
    },
  })
  return used
}

test('a worker is free while fewer than two of its requests of a kind are in flight', async () => {
  const { workers, peers, workerOf, clock } = await setUp(silent())
  const worker = workerOf(peers[0]!)
  const asked = [askForBody(workers, worker)]
  expect(workers.free('bodies')).toEqual([worker])
  asked.push(askForBody(workers, worker))
  expect(workers.free('bodies')).toEqual([])
  expect(workers.free('receipts')).toEqual([worker])
  expect(workers.available('bodies', 1)).toEqual([worker])
  await clock.advance(60_000)
  expect(await Promise.all(asked)).toEqual([undefined, undefined])
  expect(workers.free('bodies')).toEqual([worker])
})

test('free workers come with the one of the largest capacity first', async () => {
  const { workers, peers, workerOf } = await setUp(honestPeer(source), honestPeer(source), honestPeer(source))
  const [a, b, c] = peers.map(workerOf) as [Worker, Worker, Worker]
  b.capacity.measured('bodies', 100, 100)
  c.capacity.measured('bodies', 10, 100)
  expect(workers.free('bodies')).toEqual([b, c, a])
  expect(workers.items(b, 'bodies')).toBeGreaterThan(workers.items(c, 'bodies'))
  expect(workers.items(a, 'bodies')).toBe(1)
})

test('a response raises the capacity of its worker and clears its missed deadlines', async () => {
  const { workers, peers, workerOf } = await setUp(honestPeer(source))
  const worker = workerOf(peers[0]!)
  worker.requests.bodies.timeouts = 1
  expect(await askForBody(workers, worker)).toHaveLength(1)
  expect(worker.requests.bodies).toMatchObject({ inFlight: 0, timeouts: 0 })
  expect(workers.items(worker, 'bodies')).toBeGreaterThan(1)
})

test('the end of a request notifies the loops that wait for a free worker', async () => {
  const { workers, peers, workerOf, condition } = await setUp(honestPeer(source))
  const notified = condition.wait(signal)
  await askForBody(workers, workerOf(peers[0]!))
  await notified
})

test('a worker that misses two deadlines in a row is dropped as useless, with a small penalty', async () => {
  const { workers, peers, workerOf, clock, verdicts } = await setUp(silent())
  const [peer] = peers as [Peer]
  const worker = workerOf(peer)
  worker.capacity.measured('bodies', 100, 100)
  const first = askForBody(workers, worker)
  await clock.advance(60_000)
  expect(await first).toBeUndefined()
  expect(workers.items(worker, 'bodies')).toBe(1)
  expect(verdicts).toEqual([])
  const second = askForBody(workers, worker)
  await clock.advance(60_000)
  expect(await second).toBeUndefined()
  expect(verdicts).toMatchObject([{ peer: peer.id, action: 'dropped', code: 'ERR_SYNC_STALLED' }])
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_SYNC_STALLED', disconnectReason: 3, penalty: 5 })
  expect(workers.all()).toEqual([])
})

test('deadlines of requests that were in flight together count as one', async () => {
  const { workers, peers, workerOf, clock, verdicts } = await setUp(silent())
  const worker = workerOf(peers[0]!)
  const asked = [askForBody(workers, worker)]
  await clock.advance(1_000)
  asked.push(askForBody(workers, worker))
  await clock.advance(60_000)
  await Promise.all(asked)
  expect(worker.requests.bodies.timeouts).toBe(1)
  expect(verdicts).toEqual([])
})

test('an aborted request, and one of a peer that leaves, are held against nobody', async () => {
  const { workers, peers, workerOf, verdicts } = await setUp(silent(), silent())
  const abort = new AbortController()
  const aborted = askForBody(workers, workerOf(peers[0]!), abort.signal)
  abort.abort(new Error('enough'))
  expect(await aborted).toBeUndefined()
  const orphaned = askForBody(workers, workerOf(peers[1]!))
  peers[1]!.close()
  expect(await orphaned).toBeUndefined()
  expect(verdicts).toEqual([])
})

test('a worker whose request fails otherwise is paused for this kind only', async () => {
  const { workers, peers, workerOf, verdicts } = await setUp(honestPeer(source))
  const worker = workerOf(peers[0]!)
  await workers.request(worker, 'bodies', signal, {
    request: () => Promise.reject(new Error('no way')),
    use: (items) => expect(items).toBeUndefined(),
  })
  expect(verdicts).toEqual([{ peer: peers[0]!.id, action: 'paused', reason: 'bodies: no way' }])
  expect(workers.free('bodies')).toEqual([])
  expect(workers.available('bodies', 1)).toEqual([])
  expect(workers.free('receipts')).toEqual([worker])
})

test('a worker without the blocks is paused for 2 s, then twice as long each time, at most a minute', async () => {
  const { workers, peers, workerOf, clock, condition } = await setUp(honestPeer(source))
  const worker = workerOf(peers[0]!)
  for (const pause of [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
    workers.empty(worker, 'receipts', false)
    await clock.advance(pause - 1)
    expect(workers.free('receipts')).toEqual([])
    const notified = condition.wait(signal)
    await clock.advance(1)
    await notified
    expect(workers.free('receipts')).toEqual([worker])
  }
  workers.delivered(worker, 'receipts')
  workers.empty(worker, 'receipts', false)
  await clock.advance(2_000)
  expect(workers.free('receipts')).toEqual([worker])
})

test('a worker is dropped at the third empty response in a row about blocks that it announced', async () => {
  const { workers, peers, workerOf } = await setUp(honestPeer(source))
  const worker = workerOf(peers[0]!)
  for (let i = 0; i < 2; i++) workers.empty(worker, 'bodies', true)
  workers.delivered(worker, 'bodies')
  for (let i = 0; i < 2; i++) workers.empty(worker, 'bodies', true)
  workers.empty(worker, 'bodies', false)
  expect(peers[0]!.closing).toBe(false)
  workers.empty(worker, 'bodies', true)
  expect((await peers[0]!.closed).cause).toMatchObject({ code: 'ERR_SYNC_EMPTY', disconnectReason: 3, penalty: 10 })
})

test.each<[string, ScriptOptions, FetchKind, number, { readonly mayHave: boolean; readonly announced: boolean }]>([
  ['a body in its range', {}, 'bodies', 150, { mayHave: true, announced: true }],
  ['a body below its range', {}, 'bodies', 99, { mayHave: false, announced: false }],
  ['a header below its range', {}, 'headers', 99, { mayHave: true, announced: true }],
  ['a body up to 32 blocks above its range', {}, 'bodies', 232, { mayHave: true, announced: false }],
  ['a body further above its range', {}, 'bodies', 233, { mayHave: false, announced: false }],
  ['an access list in its range', {}, 'accessLists', 150, { mayHave: true, announced: false }],
  ['an access list on eth/70', { version: 70 }, 'accessLists', 150, { mayHave: false, announced: false }],
  [
    'any body on eth/68, which announces no range',
    { version: 68 },
    'bodies',
    1_000,
    { mayHave: true, announced: false },
  ],
])('a worker that announced blocks 100 to 200 is judged for %s', async (_, options, kind, number, expected) => {
  const range = { earliest: 100, latest: 200 }
  const { peers, workerOf } = await setUp(scriptedPeer(source, {}, { ...options, range }))
  const worker = workerOf(peers[0]!)
  expect({ mayHave: worker.mayHave(kind, number), announced: worker.announced(kind, number) }).toEqual(expected)
})
