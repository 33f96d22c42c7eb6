import { describe, expect, test } from 'vitest'
import { World } from '../../test/support/servers.ts'
import { NodeKey } from '../identity/index.ts'
import { DisconnectReason } from './disconnect.ts'
import { type PingOptions, ping } from './ping.ts'
import type { Server } from './server/server.ts'

const ECHO = [{ name: 'echo', version: 1 }]

function knock(world: World, server: Server | string, options: PingOptions = {}) {
  const url = typeof server === 'string' ? server : server.enode
  const { clock } = world
  return world.until(ping(url, { capabilities: ECHO, network: world.network.host('10.0.0.9'), clock, ...options }))
}

describe('ping', () => {
  test('tells who answers, what it speaks, and how long both steps took', async () => {
    await using world = new World(10)
    const server = await world.server('10.0.0.1', { name: 'somebody/1.0' })
    const result = await knock(world, server)
    expect(result).toMatchObject({ clientId: 'somebody/1.0', capabilities: ['echo/1'], version: 5 })
    expect(result.latency).toBe(20)
    expect(result.handshakeLatency).toBeGreaterThanOrEqual(40)
    expect(result.disconnect).toBeUndefined()
  })

  test('a node that has nothing to say to us answers all the same, and says why it parts', async () => {
    await using world = new World()
    const server = await world.server('10.0.0.1')
    const result = await knock(world, server, { capabilities: [{ name: 'other', version: 1 }] })
    expect(result).toMatchObject({ clientId: 'peerloom', disconnect: { reason: DisconnectReason.UselessPeer } })
    expect(result.disconnect?.text).toContain('useless peer')
    expect(result.latency).toBeUndefined()
  })

  test('a node that is full refuses with its reason', async () => {
    await using world = new World()
    const server = await world.server('10.0.0.1', { maxPeers: 0 })
    await expect(knock(world, server)).rejects.toMatchObject({
      side: 'remote',
      disconnectReason: DisconnectReason.TooManyPeers,
    })
  })

  test('nobody there is a HandshakeError', async () => {
    await using world = new World()
    const id = Buffer.from(NodeKey.generate().publicKey).toString('hex')
    await expect(knock(world, `enode://${id}@10.0.0.77:30303`)).rejects.toMatchObject({
      name: 'HandshakeError',
      code: 'ERR_CONNECT',
    })
  })

  test('another key than the URL says is a HandshakeError', async () => {
    await using world = new World()
    const server = await world.server('10.0.0.1')
    const id = Buffer.from(NodeKey.generate().publicKey).toString('hex')
    await expect(knock(world, server.enode.replace(/[0-9a-f]{128}/, id))).rejects.toMatchObject({
      name: 'HandshakeError',
    })
  })

  test('a node that falls silent is given up after the timeout', async () => {
    await using world = new World()
    const server = await world.server('10.0.0.1')
    world.network.isolate('10.0.0.1')
    await expect(knock(world, server, { timeout: 500 })).rejects.toMatchObject({ name: 'HandshakeError' })
    world.network.heal('10.0.0.1')
  })

  test('a signal gives it up, before and in between', async () => {
    await using world = new World(10)
    const server = await world.server('10.0.0.1')
    await expect(knock(world, server, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
    const abort = new AbortController()
    world.clock.setTimer(25, () => abort.abort(new Error('between')))
    await expect(knock(world, server, { signal: abort.signal })).rejects.toThrow('between')
  })

  test('a URL that is none is a ConfigError', async () => {
    await using world = new World()
    await expect(knock(world, 'http://example.org')).rejects.toMatchObject({ name: 'ConfigError' })
  })

  test('leaves nothing behind: no peer, no connection, no timer', async () => {
    const world = new World()
    const server = await world.server('10.0.0.1')
    await knock(world, server)
    await world.settle()
    expect(server.peers.size).toBe(0)
    await world[Symbol.asyncDispose]()
    await world.clock.advance(60_000)
    expect(world.clock.pending).toBe(0)
  })
})
