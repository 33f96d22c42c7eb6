import { expect, test } from 'vitest'
import { World } from '../../test/support/servers.ts'
import { NodeKey } from '../identity/index.ts'
import { DisconnectReason } from './disconnect.ts'
import { type PingOptions, ping } from './ping.ts'
import type { Server } from './server/server.ts'

const ECHO = [{ name: 'echo', version: 1 }]

function pinged(world: World, server: Server | string, options: PingOptions = {}) {
  const url = typeof server === 'string' ? server : server.enode
  const { clock } = world
  return world.until(ping(url, { capabilities: ECHO, network: world.network.host('10.0.0.9'), clock, ...options }))
}

test('ping returns the client name, the capabilities and the latency of both steps', async () => {
  await using world = new World(10)
  const server = await world.server('10.0.0.1', { name: 'somebody/1.0' })
  const result = await pinged(world, server)
  expect(result).toMatchObject({ clientId: 'somebody/1.0', capabilities: ['echo/1'], version: 5 })
  expect(result.latency).toBe(20)
  expect(result.handshakeLatency).toBeGreaterThanOrEqual(40)
  expect(result.disconnect).toBeUndefined()
})

test('ping of a node without a common protocol returns its Hello and its Disconnect reason', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const result = await pinged(world, server, { capabilities: [{ name: 'other', version: 1 }] })
  expect(result).toMatchObject({ clientId: 'peerloom', disconnect: { reason: DisconnectReason.UselessPeer } })
  expect(result.disconnect?.text).toContain('useless peer')
  expect(result.latency).toBeUndefined()
})

test('ping of a full node rejects with its Disconnect reason', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 0 })
  await expect(pinged(world, server)).rejects.toMatchObject({
    side: 'remote',
    disconnectReason: DisconnectReason.TooManyPeers,
  })
})

test('ping of an unreachable node rejects with a HandshakeError', async () => {
  await using world = new World()
  const id = Buffer.from(NodeKey.generate().publicKey).toString('hex')
  await expect(pinged(world, `enode://${id}@10.0.0.77:30303`)).rejects.toMatchObject({
    name: 'HandshakeError',
    code: 'ERR_CONNECT',
  })
})

test('ping of a node with another key than in the URL rejects with a HandshakeError', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const id = Buffer.from(NodeKey.generate().publicKey).toString('hex')
  await expect(pinged(world, server.enode.replace(/[0-9a-f]{128}/, id))).rejects.toMatchObject({
    name: 'HandshakeError',
  })
})

test('ping of a node that falls silent rejects after the timeout', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  world.network.isolate('10.0.0.1')
  await expect(pinged(world, server, { timeout: 500 })).rejects.toMatchObject({ name: 'HandshakeError' })
  world.network.heal('10.0.0.1')
})

test('ping rejects with the reason of its signal, aborted before or during the call', async () => {
  await using world = new World(10)
  const server = await world.server('10.0.0.1')
  await expect(pinged(world, server, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  const abort = new AbortController()
  world.clock.setTimer(25, () => abort.abort(new Error('between')))
  await expect(pinged(world, server, { signal: abort.signal })).rejects.toThrow('between')
})

test('ping of an invalid URL rejects with a ConfigError', async () => {
  await using world = new World()
  await expect(pinged(world, 'http://example.org')).rejects.toMatchObject({ name: 'ConfigError' })
})

test('ping leaves no peer, no connection and no timer', async () => {
  const world = new World()
  const server = await world.server('10.0.0.1')
  await pinged(world, server)
  await world.settle()
  expect(server.peers.size).toBe(0)
  await world[Symbol.asyncDispose]()
  await world.clock.advance(60_000)
  expect(world.clock.pending).toBe(0)
})
