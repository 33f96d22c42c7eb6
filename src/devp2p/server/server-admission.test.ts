import { expect, test } from 'vitest'
import { echo, firstFrame, World } from '../../../test/support/servers.ts'
import { rlp } from '../../codec/index.ts'
import { NodeKey } from '../../identity/index.ts'
import { defineProtocol, message } from '../../peer/index.ts'
import { DisconnectReason, decodeDisconnect } from '../disconnect.ts'
import { BaseCode } from '../hello.ts'
import type { Server } from './server.ts'

const other = defineProtocol({ name: 'other', version: 1, messages: { x: message(0, rlp.bytes) }, run: async () => {} })

const refusedAs = (disconnectReason: number) => expect.objectContaining({ disconnectReason })

/** Dials and tells which reason came back; undefined when it became a peer. */
async function reasonOf(world: World, from: Server, to: Server): Promise<number | undefined> {
  const known = from.peers.size
  return await world
    .until(from.dial(to.enode))
    .then(async (peer) => {
      await world.settle()
      if (from.peers.size > known) return undefined
      return (await world.until(peer.peer.closed)).disconnectReason
    })
    .catch((error: { disconnectReason?: number }) => error.disconnectReason ?? -1)
}

test('a full server refuses with TooManyPeers, and accepts the next node when a peer has left', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 2, dials: false })
  const callers = await Promise.all([2, 3, 4].map((n) => world.server(`10.0.0.${n}`)))
  const [first, second, third] = callers as [Server, Server, Server]
  expect(await reasonOf(world, first, server)).toBeUndefined()
  expect(await reasonOf(world, second, server)).toBeUndefined()
  expect(await reasonOf(world, third, server)).toBe(DisconnectReason.TooManyPeers)
  await world.until(first.close())
  await world.settle()
  expect(await reasonOf(world, third, server)).toBeUndefined()
})

test('inbound peers never take the slots for dialing', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 3, dialRatio: 3 })
  const [a, b, c] = (await Promise.all([2, 3, 4].map((n) => world.server(`10.0.0.${n}`)))) as [Server, Server, Server]
  expect(await reasonOf(world, a, server)).toBeUndefined()
  expect(await reasonOf(world, b, server)).toBeUndefined()
  expect(await reasonOf(world, c, server)).toBe(DisconnectReason.TooManyPeers)
  await world.until(server.dial(c.enode))
  expect(server.peers.size).toBe(3)
})

test('a trusted node is admitted when all slots are taken', async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const friend = await world.server('10.0.0.3', { key })
  const server = await world.server('10.0.0.1', { maxPeers: 1, dials: false, trustedNodes: [friend.enode] })
  const stranger = await world.server('10.0.0.2')
  expect(await reasonOf(world, stranger, server)).toBeUndefined()
  expect(await reasonOf(world, friend, server)).toBeUndefined()
  expect(server.peers.size).toBe(2)
  expect([...server.peers.values()].map((peer) => peer.trusted)).toEqual([false, true])
})

test('a static node counts like any other: with no slot free it is refused', async () => {
  await using world = new World()
  const target = await world.server('10.0.0.2')
  const server = await world.server('10.0.0.1', { maxPeers: 1, dials: true })
  await world.until(server.dial((await world.server('10.0.0.3')).enode))
  server.addStatic(target.enode)
  await world.settle()
  expect(server.peers.size).toBe(1)
  expect(target.peers.size).toBe(0)
})

test('of several simultaneous connections one gets the last slot', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 1, dials: false })
  const callers = await Promise.all([2, 3, 4, 5].map((n) => world.server(`10.0.0.${n}`)))
  await world.until(Promise.allSettled(callers.map((caller) => caller.dial(server.enode))))
  await world.settle()
  expect(server.peers.size).toBe(1)
  expect(callers.filter((caller) => caller.peers.size > 0).length).toBe(1)
})

test('a second connection of the same identity is refused, and the first one stays', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const key = NodeKey.generate()
  await world.call('10.0.0.2', server, { key })
  await world.settle()
  await expect(world.call('10.0.0.3', server, { key })).rejects.toEqual(refusedAs(DisconnectReason.AlreadyConnected))
  expect(server.peers.size).toBe(1)
})

test("a connection of the server's own identity is refused", async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const server = await world.server('10.0.0.1', { key })
  await expect(world.call('10.0.0.2', server, { key })).rejects.toEqual(refusedAs(DisconnectReason.Self))
  await expect(world.until(server.dial(server.enode))).rejects.toMatchObject({ code: 'ERR_REFUSED' })
})

test('a Hello with another identity than RLPx proved is refused', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const { transport } = await world.call('10.0.0.2', server, { hello: { id: NodeKey.generate().publicKey } })
  const { code, payload } = await world.until(firstFrame(transport))
  expect(code).toBe(BaseCode.Disconnect)
  expect(decodeDisconnect(payload)).toBe(DisconnectReason.UnexpectedIdentity)
  expect(server.peers.size).toBe(0)
})

test('a dialed node with another key than in its URL does not become a peer', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const impostor = await world.server('10.0.0.2')
  const url = impostor.enode.replace(
    /\/\/[0-9a-f]{128}/,
    `//${Buffer.from(NodeKey.generate().publicKey).toString('hex')}`,
  )
  await expect(world.until(server.dial(url))).rejects.toMatchObject({ name: 'HandshakeError' })
  expect([server.peers.size, impostor.peers.size]).toEqual([0, 0])
})

test('a node without a common protocol is refused as useless', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const stranger = await world.server('10.0.0.2', { protocols: [other] })
  expect(await reasonOf(world, stranger, server)).toBe(DisconnectReason.UselessPeer)
  expect([server.peers.size, stranger.peers.size]).toEqual([0, 0])
})

test('an inbound node without a common protocol gets a Disconnect after the Hellos', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const { transport, hello } = await world.call('10.0.0.2', server, { capabilities: [{ name: 'echo', version: 9 }] })
  expect(hello.capabilities).toEqual([{ name: 'echo', version: 1 }])
  const { code, payload } = await world.until(firstFrame(transport))
  expect([code, decodeDisconnect(payload)]).toEqual([BaseCode.Disconnect, DisconnectReason.UselessPeer])
})

test('only the protocols that both sides have run', async () => {
  await using world = new World()
  const quiet = defineProtocol({
    ...other,
    run: ({ signal }) => new Promise((r) => signal.addEventListener('abort', () => r())),
  })
  const server = await world.server('10.0.0.1', { protocols: [quiet, echo] })
  const peer = await world.until((await world.server('10.0.0.2')).dial(server.enode))
  expect(peer.peer.protocols.map(({ name }) => name)).toEqual(['echo'])
  expect(peer.hello.capabilities.map(({ name }) => name)).toEqual(['echo', 'other'])
})

test('an address of the internet may not connect twice within 30 seconds', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  await world.call('8.8.8.8', server)
  await expect(world.call('8.8.8.8', server)).rejects.toThrow()
  await world.call('8.8.4.4', server)
  await world.clock.advance(29_000)
  await expect(world.call('8.8.8.8', server)).rejects.toThrow()
  await world.clock.advance(30_000)
  await world.call('8.8.8.8', server)
})

test.each(['10.0.0.7', '192.168.1.7', '127.0.0.1'])(
  'an address of the LAN (%s) may connect any number of times',
  async (ip) => {
    await using world = new World()
    const server = await world.server('10.0.0.1')
    for (let i = 0; i < 5; i++) await world.call(ip, server)
    await world.settle()
    expect(server.peers.size).toBe(5)
  },
)

test('netRestrict applies to inbound connections', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { netRestrict: '10.1.0.0/16,192.168.0.0/16' })
  await world.call('10.1.2.3', server)
  await expect(world.call('10.2.2.3', server)).rejects.toThrow()
})

test('netRestrict applies to dials', async () => {
  await using world = new World()
  const outside = await world.server('10.2.0.1')
  const inside = await world.server('10.1.0.1')
  const server = await world.server('10.1.0.9', { netRestrict: '10.1.0.0/16' })
  await expect(world.until(server.dial(outside.enode))).rejects.toMatchObject({ code: 'ERR_REFUSED' })
  await world.until(server.dial(inside.enode))
  expect(server.peers.size).toBe(1)
})

test('onInbound is called with the IP, and refuses the connection by returning false', async () => {
  await using world = new World()
  const asked: string[] = []
  const onInbound = (ip: string): boolean => asked.push(ip) > 0 && ip !== '10.0.0.66'
  const server = await world.server('10.0.0.1', { onInbound })
  await world.call('10.0.0.2', server)
  await expect(world.call('10.0.0.66', server)).rejects.toThrow()
  expect(asked).toEqual(['10.0.0.2', '10.0.0.66'])
})

test('silent connections take at most maxPendingPeers places, and no longer than the handshake timeout', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPendingPeers: 3 })
  for (let n = 10; n < 13; n++) await world.connect(`10.0.0.${n}`, server)
  await world.settle()
  await expect(world.call('10.0.0.20', server)).rejects.toThrow()
  await world.clock.advance(5_000)
  await world.settle()
  await world.call('10.0.0.21', server)
  await world.settle()
  expect(server.peers.size).toBe(1)
})
