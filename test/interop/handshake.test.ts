import { describe, expect, test } from 'vitest'
import { DisconnectReason, defineProtocol, NodeKey, ping, Server } from '../../src/devp2p/index.ts'
import { demoChain } from './chains.ts'
import { Geth } from './geth.ts'

/** Listens to what an eth peer says first, and says nothing itself. */
const listener = (heard: (version: number, first: number) => void) =>
  [69, 70].map((version) =>
    defineProtocol({
      name: 'eth',
      version,
      length: 18,
      messages: {},
      async run(_peer, channel) {
        const first = await channel.read({ timeout: 5_000 })
        heard(version, Number(first?.key))
      },
    }),
  )

describe('RLPx and Hello with geth', () => {
  test('a ping of geth returns its client id, its capabilities and its latency', async () => {
    await using geth = await Geth.start({ genesis: demoChain.genesis })
    const result = await ping(geth.enode)
    expect(result.clientId).toMatch(/^Geth\/v1\.17\.8/)
    expect(result.capabilities).toContain('eth/69')
    expect(result.version).toBe(5)
    expect(result.latency).toBeGreaterThan(0)
    expect(result.handshakeLatency).toBeGreaterThan(0)
  })

  test('a ping of geth that is refused names the reason: no common protocol', async () => {
    await using geth = await Geth.start({ genesis: demoChain.genesis })
    const result = await ping(geth.enode, { capabilities: [{ name: 'none', version: 1 }] })
    expect(result.disconnect).toEqual({
      reason: DisconnectReason.UselessPeer,
      text: 'remote disconnected: useless peer',
    })
  })

  test('a ping of geth that is refused names the reason: too many peers, before its Hello', async () => {
    await using geth = await Geth.start({ genesis: demoChain.genesis, maxPeers: 0 })
    await expect(ping(geth.enode)).rejects.toMatchObject({
      side: 'remote',
      disconnectReason: DisconnectReason.TooManyPeers,
    })
  })

  test('a geth that dials runs the highest common version, and sends its Status first', async () => {
    const heard: number[][] = []
    await using server = await Server.listen({
      key: NodeKey.generate(),
      listen: '127.0.0.1:0',
      protocols: listener((version, first) => heard.push([version, first])),
    })
    const events = server.events()
    await using _geth = await Geth.start({ genesis: demoChain.genesis, bootnodes: [server.enode] })
    for await (const event of events) {
      if (event.type === 'add') expect(event.peer.name).toMatch(/^Geth\//)
      if (event.type === 'drop') break
    }
    expect(heard[0]).toEqual([70, 0])
  })
})
