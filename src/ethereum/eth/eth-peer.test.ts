import { describe, expect, test } from 'vitest'
import { demoBlocks, demoChain, demoReceipts } from '../../../test/support/demo-chain.ts'
import { deferred, firstPeer, joinNodes, joinScript, nodeOf, statusOf } from '../../../test/support/eth-pair.ts'
import { equalBytes } from '../../base/bytes.ts'
import { FakeClock } from '../../base/clock.ts'
import type { ProtocolError } from '../../base/errors.ts'
import type { Block } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import { ETH_VERSIONS, type EthVersion } from './messages.ts'

const chain = await demoChain()
const block = (number: number): Block => demoBlocks[number - 1] as Block
const receiptsAt = (number: number): Uint8Array => demoReceipts[number - 1] as Uint8Array

interface Sender {
  send(name: string, body: unknown): Promise<void>
}

describe('receipts that do not fit into one message', () => {
  const many = demoReceipts.findIndex((raw) => BlockReceipts.fromRaw(raw).receipts.length >= 4) + 1
  const largest = Math.max(...demoReceipts.map((raw) => raw.length))

  test('receipts that do not fit into one message are assembled from several since eth/70', async () => {
    for (const version of [70, 71] as const) {
      const server = nodeOf(chain, { limits: { maxBytes: largest - 1 } })
      const { fromLeft } = await joinNodes(nodeOf(chain), server, version)
      const blocks = demoBlocks.map(({ hash, header }) => ({ hash, header }))
      let got = 0
      while (got < blocks.length) {
        const receipts = await fromLeft.getReceipts(blocks.slice(got))
        expect(receipts.length).toBeGreaterThan(0)
        for (const { raw } of receipts) expect(equalBytes(raw, receiptsAt(++got))).toBe(true)
      }
      const { requests } = fromLeft.requestStats.GetReceipts
      expect(requests).toBeGreaterThan(2)
    }
  })

  test.each([
    ['nothing at all', [], 'ERR_ETH_EMPTY_RECEIPTS'],
    ['no receipt', [Uint8Array.of(0xc0)], 'ERR_ETH_EMPTY_RECEIPTS'],
    ['malformed ones', [Uint8Array.of(0xc2, 0x01, 0x02)], 'ERR_RLP_KIND'],
    ['too many blocks', [receiptsAt(many), receiptsAt(many), receiptsAt(1)], 'ERR_ETH_TOO_MANY_ITEMS'],
  ])('an incomplete response with %s ends the connection', async (_, raws, code) => {
    const eth = nodeOf(chain)
    const { node } = joinScript(eth, 70, async (channel) => {
      await channel.send('Status', statusOf(chain, 70))
      await channel.expect('Status')
      const { id } = await channel.expect('GetReceipts')
      await channel.send('Receipts', { id, lastBlockIncomplete: true, blocks: raws.map(BlockReceipts.fromRaw) })
      for await (const _ of channel);
    })
    const peer = await firstPeer(eth)
    const query = { hash: block(many).hash, header: block(many).header }
    await expect(peer.getReceipts([query, query])).rejects.toMatchObject({ code })
    expect((await node.closed).cause).toMatchObject({ code })
  })
})

describe('answers', () => {
  test.each(ETH_VERSIONS)('an unrequested response ends the connection on eth/%i', async (version: EthVersion) => {
    const send = [
      ['BlockHeaders', { id: 1n, headers: [] }],
      ['BlockBodies', { id: 1n, bodies: [] }],
      ['Receipts', { id: 1n, lastBlockIncomplete: false, blocks: [] }],
      ['PooledTransactions', { id: 1n, transactions: [] }],
      ['BlockAccessLists', { id: 1n, accessLists: [] }],
    ] as const
    for (const [name, body] of version === 71 ? send : send.slice(0, 4)) {
      const { node } = joinScript(nodeOf(chain), version, async (channel) => {
        await channel.send('Status', statusOf(chain, version))
        await channel.send(name, body)
        for await (const _ of channel);
      })
      expect((await node.closed).cause, name).toMatchObject({ code: 'ERR_ETH_UNREQUESTED', disconnectReason: 0x10 })
    }
  })

  test('a response that comes twice, or under another name, ends the connection', async () => {
    for (const second of ['BlockBodies', 'BlockHeaders'] as const) {
      const eth = nodeOf(chain)
      const { node } = joinScript(eth, 69, async (channel) => {
        await channel.send('Status', statusOf(chain, 69))
        await channel.expect('Status')
        const { id } = await channel.expect('GetBlockBodies')
        if (second === 'BlockBodies') await channel.send('BlockBodies', { id, bodies: [] })
        if (second === 'BlockBodies') await channel.send('BlockBodies', { id, bodies: [] })
        else await channel.send('BlockHeaders', { id, headers: [] })
        for await (const _ of channel);
      })
      const peer = await firstPeer(eth)
      await peer.getBlockBodies([block(1).hash]).catch(() => {})
      expect((await node.closed).cause).toMatchObject({ code: 'ERR_ETH_UNREQUESTED' })
    }
  })

  test('a response with more items than requested ends the connection', async () => {
    const eth = nodeOf(chain)
    const { node } = joinScript(eth, 69, async (channel) => {
      await channel.send('Status', statusOf(chain, 69))
      await channel.expect('Status')
      const { id } = await channel.expect('GetBlockBodies')
      await channel.send('BlockBodies', { id, bodies: [block(1).body, block(2).body] })
      for await (const _ of channel);
    })
    const peer = await firstPeer(eth)
    await expect(peer.getBlockBodies([block(1).hash])).rejects.toMatchObject({ code: 'ERR_ETH_TOO_MANY_ITEMS' })
    expect(((await node.closed).cause as ProtocolError).disconnectReason).toBe(0x10)
  })

  test('a late response is tolerated once', async () => {
    const clock = new FakeClock()
    const eth = nodeOf(chain)
    const asked = deferred<bigint>()
    const { node, script } = joinScript(
      eth,
      69,
      async (channel) => {
        await channel.send('Status', statusOf(chain, 69))
        await channel.expect('Status')
        asked.resolve((await channel.expect('GetBlockBodies')).id)
        for await (const _ of channel);
      },
      { clock },
    )
    const peer = await firstPeer(eth)
    const request = peer.getBlockBodies([block(1).hash]).catch((error: unknown) => error)
    const id = await asked.promise
    expect(peer.outstanding).toBe(1)
    await clock.advance(15_000)
    expect(await request).toMatchObject({ code: 'ERR_TIMEOUT', timeout: 15_000 })
    expect(peer.outstanding).toBe(0)
    const late = (): Promise<void> => {
      const remote = script.channel(script.protocols[0] as never) as unknown as Sender
      return remote.send('BlockBodies', { id, bodies: [] })
    }
    await late()
    await clock.advance(0)
    expect([peer.late, peer.requestStats.GetBlockBodies.timeouts, node.signal.aborted]).toEqual([1, 1, false])
    await late()
    expect((await node.closed).cause).toMatchObject({ code: 'ERR_ETH_UNREQUESTED' })
  })

  test('a request ends when its signal aborts or the peer disconnects', async () => {
    const eth = nodeOf(chain)
    const { node } = joinScript(eth, 69, async (channel) => {
      await channel.send('Status', statusOf(chain, 69))
      for await (const _ of channel);
    })
    const peer = await firstPeer(eth)
    const abort = new AbortController()
    const aborted = peer.getBlockBodies([block(1).hash], { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    const orphan = peer.getBlockBodies([block(1).hash])
    node.close()
    await expect(orphan).rejects.toMatchObject({ code: 'ERR_PEER_CLOSED' })
    await expect(peer.getBlockBodies([block(1).hash])).rejects.toMatchObject({ code: 'ERR_PEER_CLOSED' })
  })

  test('256 requests may be in flight to a peer, and no more', async () => {
    const clock = new FakeClock()
    const eth = nodeOf(chain)
    const { node } = joinScript(
      eth,
      69,
      async (channel) => {
        await channel.send('Status', statusOf(chain, 69))
        for await (const _ of channel);
      },
      { clock },
    )
    const peer = await firstPeer(eth)
    const requests = Array.from({ length: 256 }, () => peer.getBlockBodies([]).catch(() => {}))
    await expect(peer.getBlockBodies([])).rejects.toMatchObject({ code: 'ERR_ETH_TOO_MANY_REQUESTS', penalty: 0 })
    expect(node.signal.aborted).toBe(false)
    await clock.advance(15_000)
    await Promise.all(requests)
    expect(peer.outstanding).toBe(0)
  })
})
