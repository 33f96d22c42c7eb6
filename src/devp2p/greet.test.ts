import { expect, test } from 'vitest'
import { World } from '../../test/support/servers.ts'
import { NodeKey } from '../identity/index.ts'
import { DisconnectReason } from './disconnect.ts'
import { type Greeting, type GreetOptions, greet } from './greet.ts'
import type { Server } from './server/server.ts'

const ECHO = [{ name: 'echo', version: 1 }]

function greeted(world: World, server: Server, options: GreetOptions = {}): Promise<Greeting> {
  const { clock } = world
  const network = world.network.host('10.0.0.9')
  return world.until(greet(server.enode, { capabilities: ECHO, network, clock, ...options }))
}

test('greet returns the Hello of the node, and counts as its peer until it leaves', async () => {
  await using world = new World(10)
  const server = await world.server('10.0.0.1', { name: 'somebody/1.0' })
  const key = NodeKey.generate()
  const { hello, handshakeLatency, leave } = await greeted(world, server, { key, name: 'crawler/1' })
  expect(hello).toMatchObject({ clientId: 'somebody/1.0', capabilities: ECHO, version: 5 })
  expect(handshakeLatency).toBeGreaterThanOrEqual(40)
  await world.settle()
  const [peer] = server.peers.values()
  expect([peer?.name, peer?.publicKey]).toEqual(['crawler/1', key.publicKey])
  await world.until(leave())
  await world.settle()
  expect(server.peers.size).toBe(0)
})

test('greet uses a new identity each time unless one is given', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const greetings = [await greeted(world, server), await greeted(world, server)]
  await world.settle()
  expect(server.peers.size).toBe(2)
  for (const { leave } of greetings) await world.until(leave())
})

test('leaving after greet sends the given Disconnect reason', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const { leave } = await greeted(world, server)
  await world.settle()
  const [connected] = server.peers.values()
  await world.until(leave(DisconnectReason.Quitting))
  const reason = await world.until(connected!.peer.closed)
  expect(reason).toMatchObject({ side: 'remote', disconnectReason: DisconnectReason.Quitting })
})

test('greet returns the transport with the frames behind the Hello', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const { transport, leave } = await greeted(world, server, { capabilities: [{ name: 'other', version: 1 }] })
  const codes: number[] = []
  transport.open({ frame: (code) => codes.push(code), drain() {}, end() {} })
  transport.resume()
  await world.settle()
  expect(codes).toEqual([1]) // a Disconnect: nothing to talk about
  await world.until(leave())
})

test('greet leaves no connection and no timer when the node refuses before its Hello', async () => {
  const world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 0 })
  await expect(greeted(world, server)).rejects.toMatchObject({
    side: 'remote',
    disconnectReason: DisconnectReason.TooManyPeers,
  })
  await world[Symbol.asyncDispose]()
  await world.clock.advance(60_000)
  expect(world.clock.pending).toBe(0)
})
