import { expect, test } from 'vitest'
import { collect, echo, World } from '../../../test/support/servers.ts'
import { bytesToHex } from '../../base/bytes.ts'
import type { Metrics } from '../../base/metrics.ts'
import { rlp } from '../../codec/index.ts'
import { Enr, enodeOf, LocalNode, NodeKey, parseEnode } from '../../identity/index.ts'
import { defineProtocol } from '../../peer/index.ts'
import { DisconnectReason } from '../disconnect.ts'
import type { ServerEvent } from './events.ts'
import type { Server } from './server.ts'
import type { ServerPeer } from './server-peer.ts'

const types = (events: readonly ServerEvent[]): string[] => events.map(({ type }) => type)

/** A server, a node that dialed it, and what both have told since. */
async function joined(world: World, options: Parameters<World['server']>[1] = {}) {
  const server = await world.server('10.0.0.1', options)
  const caller = await world.server('10.0.0.2', { name: 'caller/1.0' })
  const heard = { server: collect(server.events()), caller: collect(caller.events()) }
  const peer = await world.until(caller.dial(server.enode))
  await world.settle()
  return { server, caller, heard, peer, seen: [...server.peers.values()][0] as ServerPeer }
}

function ask(peer: ServerPeer, id: bigint): Promise<unknown> | undefined {
  return peer.peer.channel(echo)?.request('ask', { id, text: 'hi' }, { reply: 'answer', where: (m) => m.id === id })
}

test('events of both sides report a peer: serve and add, dial and add, and drop with the reason', async () => {
  await using world = new World()
  const { heard, peer, server, caller } = await joined(world)
  expect(types(heard.server).sort()).toEqual(['add', 'serve'])
  expect(types(heard.caller).sort()).toEqual(['add', 'dial'])
  const callerId = parseEnode(caller.enode).id
  expect(heard.server).toContainEqual(expect.objectContaining({ type: 'serve', id: bytesToHex(callerId) }))
  expect(heard.caller).toContainEqual({ type: 'dial', enode: server.enode })
  peer.disconnect(DisconnectReason.UselessPeer)
  await world.settle()
  const [here, there] = [heard.server.at(-1), heard.caller.at(-1)]
  expect(here).toMatchObject({ type: 'drop', reason: { side: 'remote', disconnectReason: 3 } })
  expect(there).toMatchObject({ type: 'drop', reason: { side: 'local', disconnectReason: 3 } })
})

test('events report failed dials and rejected connections with the error', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 0 })
  const caller = await world.server('10.0.0.2')
  const heard = [collect(server.events()), collect(caller.events())] as const
  await world.until(caller.dial(server.enode)).catch(() => {})
  await world.settle()
  expect(heard[0]).toEqual([expect.objectContaining({ type: 'serve', error: expect.anything() })])
  expect(heard[0][0]).not.toHaveProperty('id')
  expect(heard[1]).toEqual([
    { type: 'dial', enode: server.enode, error: expect.objectContaining({ disconnectReason: 4 }) },
  ])
})

test('events report each message of a protocol with its code and size, but no pings', async () => {
  await using world = new World()
  const { heard, peer } = await joined(world)
  await world.until(ask(peer, 7n) as Promise<unknown>)
  await world.clock.advance(16_000)
  const messages = heard.caller.filter(({ type }) => type.startsWith('msg'))
  const bytes = echo.messages.ask.codec.encode({ id: 7n, text: 'hi' }).length
  expect(messages).toEqual([
    { type: 'msgsend', peer, protocol: 'echo', code: 0, bytes },
    { type: 'msgrecv', peer, protocol: 'echo', code: 1, bytes },
  ])
})

test('a slow subscriber delays nothing, and counts the events it missed', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const caller = await world.server('10.0.0.2')
  using slow = caller.events({ buffer: 2 })
  const peer = await world.until(caller.dial(server.enode))
  for (let i = 0n; i < 10n; i++) await world.until(ask(peer, i) as Promise<unknown>)
  expect(slow.dropped).toBe(20)
})

test("peerInfos have go-ethereum's shape", async () => {
  await using world = new World()
  const { server, caller } = await joined(world)
  const { id, publicKey } = parseEnode(caller.enode)
  const [info] = server.peerInfos()
  expect(info).toEqual({
    enode: expect.stringMatching(new RegExp(`^enode://${bytesToHex(publicKey)}@10\\.0\\.0\\.2:\\d+$`)),
    id: bytesToHex(id),
    name: 'caller/1.0',
    caps: ['echo/1'],
    network: {
      localAddress: '10.0.0.1:30303',
      remoteAddress: expect.stringMatching(/^10\.0\.0\.2:\d+$/),
      inbound: true,
      trusted: false,
      static: false,
    },
    protocols: { echo: 'unknown' },
  })
  expect(caller.peerInfos()[0]?.enode).toBe(server.enode)
  expect(JSON.parse(JSON.stringify(info))).toEqual(info)
})

test('peerInfos show the peerInfo of each protocol, and "handshake" while it is undefined', async () => {
  await using world = new World()
  const said = new Map<string, unknown>()
  const telling = defineProtocol({ ...echo, peerInfo: (peerId: string) => said.get(peerId) })
  const { server, seen } = await joined(world, { protocols: [telling] })
  expect(server.peerInfos()[0]?.protocols).toEqual({ echo: 'handshake' })
  said.set(seen.id, { version: 1 })
  expect(server.peerInfos()[0]?.protocols).toEqual({ echo: { version: 1 } })
})

test('peerInfos are sorted by id', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  for (let n = 2; n < 8; n++) await world.until((await world.server(`10.0.0.${n}`)).dial(server.enode))
  await world.settle()
  const ids = server.peerInfos().map(({ id }) => id)
  expect(ids.length).toBe(6)
  expect(ids).toEqual([...ids].sort())
})

test('peerInfos show a node as trusted from addTrusted until removeTrusted', async () => {
  await using world = new World()
  const { server, caller } = await joined(world)
  const trusted = (): boolean | undefined => server.peerInfos()[0]?.network.trusted
  server.addTrusted(caller.enode)
  expect(trusted()).toBe(true)
  server.removeTrusted(caller.enode)
  expect(trusted()).toBe(false)
  expect(server.peers.size).toBe(1)
})

test("nodeInfo has go-ethereum's shape, and a record of the same node", async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const attributes = () => ({ echo: rlp.uint.encode(1n) })
  const telling = defineProtocol({ ...echo, nodeInfo: () => ({ version: 1 }), attributes })
  const server = await world.server('10.0.0.1', { key, name: 'me/1.0', protocols: [telling] })
  const info = server.nodeInfo()
  expect(info).toEqual({
    id: bytesToHex(key.id),
    name: 'me/1.0',
    enode: `enode://${bytesToHex(key.publicKey)}@10.0.0.1:30303?discport=0`,
    enr: expect.stringMatching(/^enr:/),
    ip: '10.0.0.1',
    ports: { discovery: 0, listener: 30303 },
    listenAddr: '10.0.0.1:30303',
    protocols: { echo: { version: 1 } },
  })
  const record = Enr.parse(info.enr)
  expect(record.publicKey).toEqual(key.publicKey)
  expect(info.enode).toBe(server.enode)
})

test('the record of a server is signed anew when an attribute of a protocol changes, and only then', async () => {
  await using world = new World()
  let head = 1n
  const telling = defineProtocol({ ...echo, attributes: () => ({ echo: rlp.uint.encode(head) }) })
  const server = await world.server('10.0.0.1', { protocols: [telling] })
  const first = server.record
  expect(first.get('echo')).toEqual(rlp.uint.encode(1n))
  expect(enodeOf(first)).toMatchObject({ ip: '10.0.0.1', tcpPort: 30_303 })
  await world.clock.advance(5_000)
  expect(server.record).toBe(first)
  head = 2n
  expect(server.record.get('echo')).toEqual(rlp.uint.encode(2n))
  expect(server.record.sequence).toBe(first.sequence + 1n)
  expect(server.nodeInfo().enr).toBe(server.record.toString())
})

test('the record of a local node that is kept goes on with its sequence', async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const kept: Enr[] = []
  const local = () => new LocalNode({ key, clock: world.clock, kept: kept.at(-1), onRecord: (r) => kept.push(r) })
  const before = await world.server('10.0.0.1', { key, localNode: local() })
  const { sequence } = before.record
  await before.close()
  await world.clock.advance(60_000)
  const same = await world.server('10.0.0.1', { key, localNode: local() })
  expect(same.record.sequence).toBe(sequence)
  const elsewhere = await world.server('10.0.0.2', { key, localNode: local() })
  expect(elsewhere.record.sequence).toBe(sequence + 1n)
})

test('nodeInfo of a server that does not listen has no port', async () => {
  await using world = new World()
  const { key, protocols } = { key: NodeKey.generate(), protocols: [echo] }
  const { Server: ServerClass } = await import('./server.ts')
  await using server: Server = await ServerClass.listen({
    key,
    protocols,
    clock: world.clock,
    network: world.network,
  })
  expect(server.nodeInfo()).toMatchObject({ ports: { discovery: 0, listener: 0 }, listenAddr: '' })
})

test('a connection knows its round-trip time and its traffic', async () => {
  await using world = new World(25)
  const { peer } = await joined(world)
  expect(peer.roundTrip).toBeUndefined()
  await world.clock.advance(16_000)
  expect(peer.roundTrip).toBe(50)
  expect(peer.traffic.bytesIn).toBeGreaterThan(100)
  expect(peer.traffic.bytesOut).toBeGreaterThan(100)
})

test('200 connections that come and go leave no peer, no pending connection and no timer', async () => {
  const world = new World()
  const server = await world.server('10.0.0.1', { maxPeers: 300 })
  const quiet = world.clock.pending
  for (let round = 0; round < 10; round++) {
    const calls = Array.from({ length: 20 }, (_, i) => world.call(`10.0.${round + 1}.${i + 1}`, server))
    const open = await Promise.all(calls)
    await world.settle()
    expect(server.peers.size).toBe(20)
    for (const { transport } of open) transport.destroy()
    await world.settle()
  }
  expect(server.peers.size).toBe(0)
  expect(server.peerInfos()).toEqual([])
  expect(world.clock.pending).toBe(quiet)
  await world[Symbol.asyncDispose]()
  expect(world.clock.pending).toBe(0)
})

test('30 pending connections cause no warning of Node about listeners', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const warnings: Error[] = []
  const note = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', note)
  await Promise.all(Array.from({ length: 30 }, (_, i) => world.connect(`10.0.1.${i + 1}`, server)))
  await world.settle()
  process.off('warning', note)
  expect(warnings).toEqual([])
})

test("metrics count peers, connections and messages under go-ethereum's names", async () => {
  await using world = new World()
  const counts = new Map<string, number>()
  const gauges = new Map<string, () => number>()
  const metrics: Metrics = {
    counter: (name) => ({ add: (n) => void counts.set(name, (counts.get(name) ?? 0) + n) }),
    gauge: (name, read) => void gauges.set(name, read),
  }
  const { peer } = await joined(world, { metrics })
  await world.until(ask(peer, 1n) as Promise<unknown>)
  await world.call('10.0.0.5', await world.server('10.0.0.6')).catch(() => {})
  expect([...gauges].map(([name, read]) => [name, read()])).toEqual([
    ['p2p/peers', 1],
    ['p2p/peers/inbound', 1],
    ['p2p/peers/outbound', 0],
  ])
  const bytes = echo.messages.ask.codec.encode({ id: 1n, text: 'hi' }).length
  expect(Object.fromEntries(counts)).toMatchObject({
    'p2p/serves': 1,
    'p2p/serves/success': 1,
    'p2p/ingress': bytes,
    'p2p/ingress/echo/1/0x00': bytes,
    'p2p/ingress/echo/1/0x00/packets': 1,
    'p2p/egress/echo/1/0x01/packets': 1,
  })
})

test.each([
  ['saturated', { maxPeers: 0 }, [{ name: 'echo', version: 1 }]],
  ['useless', {}, [{ name: 'none', version: 1 }]],
] as const)('metrics count a refusal as %s', async (stage, options, capabilities) => {
  await using world = new World()
  const names: string[] = []
  const metrics: Metrics = { counter: (name) => ({ add: () => void names.push(name) }), gauge() {} }
  const server = await world.server('10.0.0.1', { metrics, ...options })
  await world.call('10.0.0.2', server, { capabilities }).catch(() => {})
  await world.clock.advance(1_000) // a stranger that does not hang up is waited for
  expect(names).toEqual(['p2p/serves', `p2p/serves/error/${stage}`])
})
