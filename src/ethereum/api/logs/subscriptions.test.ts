import { beforeEach, describe, expect, test } from 'vitest'
import { answer, call } from '../../../../test/support/api-call.ts'
import { demoBlocks, demoChain, demoRange, sideBlocks } from '../../../../test/support/demo-chain.ts'
import { connect, ethOf, honestPeer } from '../../../../test/support/sync-nodes.ts'
import { bytesTo0x } from '../../../base/bytes.ts'
import { RpcErrorCode } from '../../../rpc/index.ts'
import { isSubscription } from '../../../rpc/session/api.ts'
import type { ChainStore, StorableBlock } from '../../chain/index.ts'
import { Sync } from '../../sync/index.ts'
import { ethApi, ethSubscriptions } from '../index.ts'

type Json = Readonly<Record<string, unknown>>

const START = 40
const hex = (number: number): string => `0x${number.toString(16)}`
const hashes = (blocks: readonly StorableBlock[]): string[] => blocks.map(({ header }) => bytesTo0x(header.hash))

let chain: ChainStore
beforeEach(async () => {
  chain = await demoChain(START)
})

function subscribe(name: string, ...params: unknown[]): AsyncGenerator<Json> {
  return call(ethSubscriptions({ chain }), name, params) as AsyncGenerator<Json>
}

/** @returns a number of next events of a subscription, which is ended then. */
async function take(events: AsyncIterator<Json>, count: number): Promise<Json[]> {
  const taken: Json[] = []
  while (taken.length < count) taken.push((await events.next()).value)
  return taken
}

test('all methods of eth_subscribe are registered as subscriptions', () => {
  const names = Object.entries(ethSubscriptions({ chain })).filter(([, fn]) => isSubscription(fn))
  expect(names.map(([name]) => name).sort()).toEqual(['logs', 'newHeads', 'syncing', 'transactionReceipts'])
})

describe('newHeads', () => {
  test('newHeads gets every block of every batch in order', async () => {
    const heads = subscribe('newHeads')
    const taken = take(heads, 32)
    await chain.extend(demoRange(41, 60))
    await chain.extend(demoRange(61, 61))
    await chain.extend(demoRange(62, 72))
    expect((await taken).map(({ hash }) => hash)).toEqual(hashes(demoRange(41, 72)))
  })

  test('newHeads loses nothing for a reader that is far behind', async () => {
    const heads = subscribe('newHeads')
    const first = take(heads, 1)
    await chain.extend(demoRange(41, 41))
    await first
    for (let n = 42; n <= 300; n++) await chain.extend(demoRange(n, n))
    expect((await take(heads, 259)).map(({ hash }) => hash)).toEqual(hashes(demoRange(42, 300)))
  })

  test('newHeads changes to another branch with its first block', async () => {
    const heads = subscribe('newHeads')
    const side = sideBlocks(chain.headerAt(START - 3)!, 2)
    const taken = take(heads, 3)
    await chain.extend(side)
    await chain.extend(sideBlocks(side[1]!.header, 1))
    expect((await taken).map(({ number }) => number)).toEqual(['0x26', '0x27', '0x28'])
  })

  test('newHeads has the form of go-ethereum, with null for fields of later forks', async () => {
    const heads = subscribe('newHeads')
    const taken = take(heads, 1)
    await chain.extend(demoRange(41, 41))
    const [head] = await taken
    const { result } = (await answer(ethApi({ chain }), 'getHeaderByNumber', ['0x29'])) as { result: Json }
    expect(head).toMatchObject(result)
    expect(Object.keys(head!)).toHaveLength(24)
    expect(head).toMatchObject({ requestsHash: null, slotNumber: null, blockAccessListHash: null })
  })

  test('newHeads ends when the signal aborts', async () => {
    const gone = new AbortController()
    const heads = call(ethSubscriptions({ chain }), 'newHeads', [], gone.signal) as AsyncGenerator
    const next = heads.next()
    gone.abort()
    expect(await next).toEqual({ value: undefined, done: true })
  })
})

describe('logs', () => {
  test('a subscription to logs gets the logs of new blocks that getLogs finds there', async () => {
    const found = (await answer(ethApi({ chain: await demoChain() }), 'getLogs', [
      { fromBlock: '0x29', toBlock: 'latest' },
    ])) as { result: Json[] }
    const taken = take(subscribe('logs', {}), found.result.length)
    await chain.extend(demoRange(41, 320))
    expect(await taken).toEqual(found.result)
  })

  test('a subscription to logs gets those of blocks that are no longer canonical again, as removed', async () => {
    await chain.extend(demoRange(41, 200))
    const query = [{ fromBlock: '0xb4', toBlock: 'latest' }]
    const { result } = (await answer(ethApi({ chain }), 'getLogs', query)) as { result: Json[] }
    const taken = take(subscribe('logs', {}), result.length)
    const side = sideBlocks(chain.headerAt(0xb3)!, 2).map((block) => ({ ...block, receipts: Uint8Array.of(0xc0) }))
    await chain.extend(side)
    const removed = await taken
    expect(removed.every((log) => log.removed === true)).toBe(true)
    expect(removed).toEqual(expect.arrayContaining(result.map((log) => ({ ...log, removed: true }))))
  })

  test('a subscription to logs is rejected for past and pending blocks', async () => {
    const invalid = { errorCode: RpcErrorCode.InvalidParams }
    await expect(subscribe('logs', { toBlock: '0x1' }).next()).rejects.toMatchObject(invalid)
    await expect(subscribe('logs', { fromBlock: 'pending' }).next()).rejects.toMatchObject(invalid)
    expect(() => subscribe('logs')).toThrow('missing value for required argument 0')
  })
})

describe('transactionReceipts', () => {
  test('transactionReceipts gets the receipts of each new block that has some', async () => {
    const taken = take(subscribe('transactionReceipts'), 5)
    await chain.extend(demoRange(41, 80))
    const api = ethApi({ chain })
    const all = await Promise.all(
      demoRange(41, 80).map(({ header }) => answer(api, 'getBlockReceipts', [hex(header.number)])),
    )
    const some = all.flatMap((each) => ('result' in each && (each.result as []).length > 0 ? [each.result] : []))
    expect(await taken).toEqual(some.slice(0, 5))
  })

  test('transactionReceipts gets only those of the requested transactions', async () => {
    const [wanted] = demoBlocks.find(({ number, body }) => number > 60 && body.transactions.length > 1)!.body
      .transactions
    const transactionHashes = [bytesTo0x(wanted!.hash)]
    const taken = take(subscribe('transactionReceipts', { transactionHashes }), 1)
    await chain.extend(demoRange(41, 320))
    expect(await taken).toEqual([[expect.objectContaining({ transactionHash: transactionHashes[0] })]])
    const many = { transactionHashes: Array(201).fill(transactionHashes[0]) }
    expect(() => subscribe('transactionReceipts', many)).toThrow('exceed max number of transaction hashes')
  })
})

describe('syncing', () => {
  test('a subscription to syncing gets false and ends if there is no sync', async () => {
    const events = subscribe('syncing')
    expect(await events.next()).toEqual({ value: false, done: false })
    expect(await events.next()).toEqual({ value: undefined, done: true })
  })

  test('a subscription to syncing reports a sync from its target to its end, like eth_syncing', async () => {
    const source = await demoChain()
    const eth = ethOf(chain)
    await using sync = new Sync({ store: chain, eth, window: { blocks: 32, bytes: 1e9 } })
    const events = call(ethSubscriptions({ chain, sync }), 'syncing', []) as AsyncGenerator<Json | false>
    const api = ethApi({ chain, sync })
    expect((await events.next()).value).toBe(false)
    expect(await answer(api, 'syncing')).toEqual({ result: false })
    const next = events.next()
    await connect(eth, honestPeer(source))
    const done = sync.syncTo(source.head.hash)
    const { value } = await next
    expect(value).toMatchObject({
      syncing: true,
      status: { StartingBlock: START, HighestBlock: 320, TxIndexRemainingBlocks: 0, SyncedAccounts: 0 },
    })
    expect(await answer(api, 'syncing')).toMatchObject({
      result: { startingBlock: '0x28', highestBlock: '0x140', syncedAccounts: '0x0' },
    })
    for await (const event of events) if (event === false) break
    await done
    expect(await answer(api, 'syncing')).toEqual({ result: false })
  })
})
