import { describe, expect, test } from 'vitest'
import { demoBlocks, demoChain, demoRange, demoReceipts } from '../../../test/support/demo-chain.ts'
import {
  deferred,
  firstPeer,
  joinNodes,
  joinScript,
  nodeOf,
  protocolOf,
  statusOf,
} from '../../../test/support/eth-pair.ts'
import { bytesTo0x } from '../../base/bytes.ts'
import { FakeClock } from '../../base/clock.ts'
import { MemoryStore } from '../../storage/index.ts'
import { type Block, receiptsRoot } from '../types/index.ts'
import { ETH_VERSIONS } from './messages.ts'

const chain = await demoChain()
const block = (number: number): Block => demoBlocks[number - 1] as Block

describe.each(ETH_VERSIONS)('two nodes on eth/%i', (version) => {
  test('two nodes send each other headers', async () => {
    const { fromLeft } = await joinNodes(nodeOf(chain), nodeOf(chain), version)
    const headers = await fromLeft.getBlockHeaders({ start: 7, limit: 3, skip: 1, reverse: true })
    expect(headers.map(({ number }) => number)).toEqual([7, 5, 3])
    const byHash = await fromLeft.getBlockHeaders({ start: block(319).hash, limit: 9 })
    expect(byHash.map(({ hash }) => hash)).toEqual([block(319).hash, block(320).hash])
    expect(await fromLeft.getBlockHeaders({ start: 2n ** 64n - 1n, limit: 1 })).toEqual([])
  })

  test('two nodes send each other bodies, in both directions at once', async () => {
    const { fromLeft, fromRight } = await joinNodes(nodeOf(chain), nodeOf(chain), version)
    const hashes = [1, 100, 320].map((number) => block(number).hash)
    const answers = await Promise.all([fromLeft.getBlockBodies(hashes), fromRight.getBlockBodies(hashes)])
    for (const bodies of answers) {
      expect(bodies.map(({ raw }) => raw)).toEqual([1, 100, 320].map((number) => block(number).body.raw))
      expect(bodies.every((body, i) => body.matches(block([1, 100, 320][i] as number).header))).toBe(true)
    }
  })

  test('two nodes send each other receipts, which have the stored form in every version', async () => {
    const { fromLeft } = await joinNodes(nodeOf(chain), nodeOf(chain), version)
    const blocks = demoBlocks.slice(0, 100).map(({ hash, header }) => ({ hash, header }))
    const receipts = await fromLeft.getReceipts(blocks)
    expect(receipts.map(({ raw }) => raw)).toEqual(demoReceipts.slice(0, 100))
    for (const [i, { header }] of blocks.entries()) {
      expect(receiptsRoot(receipts[i]?.receipts ?? [])).toEqual(header.receiptsRoot)
    }
  })

  test('a node without a pool has no transactions to send', async () => {
    const answered = deferred<unknown>()
    joinScript(nodeOf(chain), version, async (channel) => {
      await channel.send('Status', statusOf(chain, version))
      await channel.expect('Status')
      await channel.send('GetPooledTransactions', { id: 5n, hashes: [new Uint8Array(32)] })
      answered.resolve(await channel.expect('PooledTransactions'))
    })
    expect(await answered.promise).toEqual({ id: 5n, transactions: [] })
  })

  test('a peer counts requests, responses and their time', async () => {
    const { fromLeft } = await joinNodes(nodeOf(chain), nodeOf(chain), version)
    await fromLeft.getBlockHeaders({ start: 1, limit: 10 })
    await fromLeft.getBlockHeaders({ start: 11, limit: 10 })
    expect(fromLeft.requestStats.GetBlockHeaders).toMatchObject({ requests: 2, answers: 2, items: 20, timeouts: 0 })
    expect(fromLeft.requestStats.GetBlockHeaders.rtt).toBeGreaterThanOrEqual(0)
    expect(fromLeft.requestStats.GetBlockBodies.rtt).toBeUndefined()
    expect(fromLeft.outstanding).toBe(0)
  })

  test('a node shows its peers as go-ethereum does', async () => {
    const left = nodeOf(chain)
    await joinNodes(left, nodeOf(chain), version)
    const protocol = protocolOf(left, version)
    const range = { earliestBlock: 0, latestBlock: 320, latestBlockHash: bytesTo0x(chain.head.hash) }
    expect(protocol.peerInfo?.('right')).toEqual(version === 68 ? { version } : { version, ...range })
    expect(protocol.peerInfo?.('nobody')).toBeUndefined()
    expect(protocol.nodeInfo?.()).toEqual({
      network: 3626026,
      genesis: bytesTo0x(chain.genesisHash),
      config: chain.config,
      head: bytesTo0x(chain.head.hash),
    })
  })

  test('a node answers two requests with the same id, and one with id 0', async () => {
    const ids: bigint[] = []
    const done = deferred()
    joinScript(nodeOf(chain), version, async (channel) => {
      await channel.send('Status', statusOf(chain, version))
      await channel.expect('Status')
      for (const id of [9n, 9n, 0n]) {
        channel.send('GetBlockHeaders', { id, start: 1n, limit: 2n, skip: 0n, reverse: false })
      }
      for (let i = 0; i < 3; i++) ids.push((await channel.expect('BlockHeaders')).id)
      done.resolve()
    })
    await done.promise
    expect(ids).toEqual([9n, 9n, 0n])
  })

  test('a node without a pool ignores gossip and counts it', async () => {
    const eth = nodeOf(chain)
    const done = deferred()
    joinScript(eth, version, async (channel) => {
      await channel.send('Status', statusOf(chain, version))
      await channel.expect('Status')
      await channel.send('Transactions', block(5).body.transactions)
      await channel.send('NewPooledTransactionHashes', {
        types: Uint8Array.of(2),
        sizes: [9],
        hashes: [new Uint8Array(32)],
      })
      await channel.request('GetBlockBodies', { id: 1n, hashes: [] }, { reply: 'BlockBodies' })
      done.resolve()
      for await (const _ of channel);
    })
    await done.promise
    expect([...eth.peers][0]?.ignored).toBe(2)
  })
})

describe('block access lists', () => {
  test('block access lists come in the order of their hashes in eth/71', async () => {
    const { fromLeft } = await joinNodes(nodeOf(chain), nodeOf(chain), 71)
    const lists = await fromLeft.getBlockAccessLists([block(3).hash, block(250).hash])
    expect(lists).toEqual([undefined, chain.rawAccessList(block(250).hash)])
  })

  test('block access lists cannot be requested before eth/71', async () => {
    const { fromLeft, peers } = await joinNodes(nodeOf(chain), nodeOf(chain), 70)
    await expect(fromLeft.getBlockAccessLists([block(3).hash])).rejects.toMatchObject({ code: 'ERR_ETH_UNSUPPORTED' })
    expect(peers[0].signal.aborted).toBe(false)
  })
})

describe('announcements of blocks', () => {
  test('announcements of blocks are ignored in eth/68', async () => {
    const eth = nodeOf(chain)
    const { node, script } = joinScript(eth, 68, async (channel) => {
      await channel.send('Status', statusOf(chain, 68))
      await channel.send('NewBlockHashes', [{ hash: block(3).hash, number: 3 }])
      await channel.send('NewBlock', { block: block(3), totalDifficulty: 1n })
      await channel.request('GetBlockBodies', { id: 1n, hashes: [] }, { reply: 'BlockBodies' })
    })
    await script.closed
    expect((await node.closed).side).toBe('remote')
  })

  test('announcements of blocks end the connection since eth/69', async () => {
    for (const key of [1, 7]) {
      const { node } = joinScript(nodeOf(chain), 69, async (channel, peer) => {
        await channel.send('Status', statusOf(chain, 69))
        await channel.expect('Status')
        peer.sendControl(16 + key, Uint8Array.of(0xc0))
        for await (const _ of channel);
      })
      expect((await node.closed).cause).toMatchObject({ code: 'ERR_UNKNOWN_MESSAGE' })
    }
  })
})

describe('the block range', () => {
  test('the block range is announced every 32 blocks and when it moves back', async () => {
    const moving = await demoChain(100)
    const left = nodeOf(moving)
    const { fromRight } = await joinNodes(left, nodeOf(chain), 69)
    expect(fromRight.range?.latest).toBe(100)
    const told: boolean[] = []
    const seen: (number | undefined)[] = []
    for (const number of [101, 131, 132, 133, 131, 163]) {
      await moving.extend(demoRange(Math.min(moving.head.number + 1, number), number))
      told.push(left.announceRange())
      await fromRight.getBlockHeaders({ start: 1, limit: 1 }) // a round trip: everything sent before it has arrived
      seen.push(fromRight.range?.latest)
    }
    expect(told).toEqual([false, false, true, false, true, true])
    expect(seen).toEqual([100, 100, 132, 132, 131, 163])
  })

  test('the block range is not announced to peers of eth/68', async () => {
    const moving = await demoChain(10)
    const left = nodeOf(moving)
    const { fromRight, peers } = await joinNodes(left, nodeOf(chain), 68)
    await moving.extend(demoRange(11, 320))
    expect(left.announceRange()).toBe(true)
    await fromRight.getBlockHeaders({ start: 1, limit: 1 })
    expect(peers[1].signal.aborted).toBe(false)
  })

  test.each([
    ['far ahead', { earliest: 1, latest: 10 ** 9 }, undefined],
    ['of expired history', { earliest: 310, latest: 320 }, undefined],
    ['that ends before it begins', { earliest: 10, latest: 8 }, 'ERR_ETH_BLOCK_RANGE'],
    ['without a hash', { earliest: 1, latest: 8, latestHash: new Uint8Array(32) }, 'ERR_ETH_BLOCK_RANGE'],
  ])('the block range of a remote %s is stored or rejected', async (_, range, code) => {
    const eth = nodeOf(chain)
    const update = { latestHash: new Uint8Array(32).fill(1), ...range }
    const answered = deferred()
    const { node } = joinScript(eth, 69, async (channel) => {
      await channel.send('Status', statusOf(chain, 69))
      await channel.expect('Status')
      await channel.send('BlockRangeUpdate', update)
      await channel.send('GetBlockBodies', { id: 1n, hashes: [] })
      await channel.expect('BlockBodies').catch(() => {})
      answered.resolve()
      for await (const _ of channel);
    })
    const peer = await firstPeer(eth)
    await answered.promise
    if (code) expect((await node.closed).cause).toMatchObject({ code, disconnectReason: 0x10 })
    else expect(peer.range).toEqual(update)
  })
})

class CountingStore extends MemoryStore {
  gets = 0

  override get(key: Uint8Array): Uint8Array | undefined {
    this.gets++
    return super.get(key)
  }
}

describe('a peer that reads nothing', () => {
  test('a peer that reads nothing gets responses up to the limits of its pipe and budget, while others are served', async () => {
    const clock = new FakeClock()
    const eth = nodeOf(chain)
    const store = new CountingStore()
    const busy = nodeOf(await demoChain(320, store))
    store.gets = 0
    const hashes = demoBlocks.map(({ hash }) => hash)
    joinScript(
      busy,
      69,
      async (channel) => {
        await channel.send('Status', statusOf(chain, 69))
        for (let id = 0n; id < 500n; id++) channel.send('GetBlockBodies', { id, hashes })
        await clock.sleep(1_000_000)
      },
      { clock, receiveBudgetBytes: 1024 },
    )
    await clock.advance(1)
    const { fromLeft } = await joinNodes(eth, busy, 69, { clock })
    expect(await fromLeft.getBlockBodies(hashes.slice(0, 3))).toHaveLength(3)
    await clock.advance(10)
    expect(store.gets).toBeLessThan(60 * 2 * 320)
  })

  test('a peer that sends requests without end does not block others', async () => {
    const server = nodeOf(chain)
    const answers = { count: 0 }
    const hashes = demoBlocks.map(({ hash }) => hash)
    joinScript(server, 69, async (channel) => {
      await channel.send('Status', statusOf(chain, 69))
      await channel.expect('Status')
      for (let id = 0n; id < 200n; id++) channel.send('GetBlockBodies', { id, hashes })
      for await (const _ of channel) answers.count++
    })
    const { fromLeft } = await joinNodes(nodeOf(chain), server, 69)
    await fromLeft.getBlockHeaders({ start: 1, limit: 1 })
    expect(answers.count).toBeLessThan(100)
  })
})
