import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { collect, firstFrame, only, World } from '../../../test/support/servers.ts'
import { PeerloomError, ProtocolError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { rlp } from '../../codec/index.ts'
import { NodeKey, parseEnode } from '../../identity/index.ts'
import { defineProtocol, message } from '../../peer/index.ts'
import { parseReputation, Reputation, type ReputationOptions } from '../../pool/index.ts'
import { JsonFile } from '../../storage/files/index.ts'
import { DisconnectReason } from '../disconnect.ts'
import { encodeHello, exchangeHello } from '../hello.ts'
import { RlpxTransport } from '../rlpx/index.ts'
import { INBOUND_THROTTLE } from './inbound-limiter.ts'
import type { ServerOptions } from './options.ts'
import type { Server } from './server.ts'

const HOUR = 60 * 60_000
const messages = { answer: message(0, rlp.number) }

/** Takes any answer for false, and says how false. */
const judge = defineProtocol({
  name: 'quiz',
  version: 1,
  messages,
  async run(_peer, channel) {
    for await (const { body } of channel) throw new ProtocolError('ERR_QUIZ', 'false answer', { penalty: body })
  },
})

/** Answers when the test says so. */
const candidate = defineProtocol({
  name: 'quiz',
  version: 1,
  messages,
  run: ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
})

const CAPABILITIES = [{ name: 'quiz', version: 1 }]

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: unknown
}

function recorder(): { readonly log: Logger; readonly lines: Line[] } {
  const lines: Line[] = []
  const at =
    (level: string) =>
    (message: string, fields?: unknown): void =>
      void lines.push({ level, message, fields })
  const levels = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const log: Logger = { ...silentLogger, ...levels, child: () => log }
  return { log, lines }
}

/** A server that judges, and a node that gives answers to it. */
async function quiz(world: World, options: Partial<ServerOptions> = {}) {
  const server = await world.server('10.0.0.1', { protocols: [judge], maxPeers: 100, ...options })
  const liar = await world.server('10.0.0.2', { protocols: [candidate] })
  return { server, liar, id: liar.nodeInfo().id }
}

/** Connects and gives a false answer of this penalty. */
async function lie(world: World, liar: Server, server: Server, penalty: number): Promise<void> {
  const { peer } = await world.until(liar.dial(server.enode))
  await peer.channel(candidate)?.send('answer', penalty)
  await world.until(peer.closed)
  await world.settle()
}

async function refusalOf(world: World, from: Server, to: Server): Promise<unknown> {
  return await world.until(from.dial(to.enode)).then(
    () => undefined,
    (error: unknown) => error,
  )
}

const banned = { side: 'remote', disconnectReason: DisconnectReason.UselessPeer }

test('a node that gives a false answer is banned, refused when it calls and not dialed, and let in after the ban', async () => {
  await using world = new World()
  const { server, liar, id } = await quiz(world)
  await lie(world, liar, server, 100)
  expect(server.bans()).toEqual([{ id, until: world.clock.unixTime() + HOUR, reason: expect.any(String), score: 100 }])
  expect(server.bans()[0]?.reason).toContain('false answer')
  expect(await refusalOf(world, liar, server)).toMatchObject(banned)
  await expect(world.until(server.dial(liar.enode))).rejects.toMatchObject({ code: 'ERR_REFUSED', message: 'banned' })
  expect(server.peers.size).toBe(0)
  await world.clock.advance(HOUR)
  expect(server.bans()).toEqual([])
  await world.until(liar.dial(server.enode))
  await world.settle()
  expect(server.peers.size).toBe(1)
})

test('the length of the first ban is an option of the server', async () => {
  await using world = new World()
  const { server, liar } = await quiz(world, { banTimeout: 5_000 })
  await lie(world, liar, server, 100)
  expect(server.bans()).toMatchObject([{ until: world.clock.unixTime() + 5_000 }])
})

test('a node that becomes a candidate while it is banned is not dialed', async () => {
  await using world = new World()
  const reputation = new Reputation({ clock: world.clock })
  const { server, liar, id } = await quiz(world)
  reputation.penalize(id, new ProtocolError('ERR_QUIZ', 'x', { penalty: 100 }))
  const candidates = (async function* () {
    yield liar.record
  })()
  const other = await world.server('10.0.0.3', { protocols: [judge], reputation, candidates })
  await world.settle()
  expect([other.peers.size, liar.peers.size, server.peers.size]).toEqual([0, 0, 0])
})

test('small faults add up to a ban, and the score of a peer is shown', async () => {
  await using world = new World()
  const { server, liar } = await quiz(world)
  for (let i = 0; i < 4; i++) await lie(world, liar, server, 20)
  await world.until(liar.dial(server.enode))
  await world.settle()
  expect(server.peerInfos()[0]).toMatchObject({ score: 80 })
  expect(server.bans()).toEqual([])
  await only(liar).peer.channel(candidate)?.send('answer', 20)
  await world.settle()
  expect(server.bans()).toHaveLength(1)
})

test('a peer that leaves, is asked to leave, or whose protocol fails without its fault has no score', async () => {
  await using world = new World()
  const failing = defineProtocol({
    ...candidate,
    run: async ({ id }) => {
      if (id) throw new PeerloomError('ERR_OURS', 'a fault of this side')
    },
  })
  const server = await world.server('10.0.0.1', { protocols: [failing] })
  const { transport } = await world.call('10.0.0.2', server, { capabilities: CAPABILITIES })
  await world.until(firstFrame(transport))
  await world.clock.advance(5_000)
  expect([server.peers.size, server.bans()]).toEqual([0, []])
  const { server: quiet, liar } = await quiz(world, { listen: ':1' })
  await world.until(liar.dial(quiet.enode))
  only(liar).disconnect(DisconnectReason.ProtocolError)
  await world.settle()
  await world.until(liar.dial(quiet.enode))
  await world.settle()
  expect(quiet.peerInfos()[0]).not.toHaveProperty('score')
})

test('static and trusted nodes are never banned: their score is shown, and logged at warn', async () => {
  await using world = new World()
  const { log, lines } = recorder()
  const { server, liar } = await quiz(world, { log })
  const friend = await world.server('10.0.0.3', { protocols: [candidate] })
  server.addTrusted(friend.enode)
  server.addStatic(liar.enode)
  await world.settle()
  await only(liar).peer.channel(candidate)?.send('answer', 100)
  await lie(world, friend, server, 100)
  await world.clock.advance(2_000)
  expect(only(liar).peer.signal.aborted).toBe(false)
  await world.until(friend.dial(server.enode))
  await world.settle()
  expect(server.bans()).toEqual([])
  expect(server.peerInfos().map(({ score }) => score)).toEqual([100, 100])
  const warnings = lines.filter(({ message }) => message === 'Exempt peer not banned')
  expect(warnings.map(({ level }) => level)).toEqual(['warn', 'warn'])
  expect(warnings[0]?.fields).toMatchObject({ code: 'ERR_QUIZ', score: 100 })
})

test('a ban is lifted by the node’s name, and its score with it', async () => {
  await using world = new World()
  const { server, liar } = await quiz(world)
  await lie(world, liar, server, 100)
  expect([server.unban(liar.enode), server.unban(liar.enode), server.bans()]).toEqual([true, false, []])
  await world.until(liar.dial(server.enode))
  await world.settle()
  expect(server.peerInfos()[0]).not.toHaveProperty('score')
})

test('an address whose node was banned waits for as long as after any call, and may then come with another id', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { protocols: [judge] })
  const first = await world.call('8.8.8.8', server, { capabilities: CAPABILITIES })
  await world.clock.advance(INBOUND_THROTTLE - 10_000)
  first.transport.write(16, rlp.number.encode(100))
  first.transport.resume()
  await world.clock.advance(3_000) // a stranger that does not hang up is waited for
  expect(server.bans()).toHaveLength(1)
  await world.clock.advance(8_000) // the first call is forgotten
  await expect(world.call('8.8.8.8', server, { capabilities: CAPABILITIES })).rejects.toThrow()
  await world.clock.advance(INBOUND_THROTTLE)
  await world.call('8.8.8.8', server, { capabilities: CAPABILITIES })
  await world.settle()
  expect(server.peers.size).toBe(1)
})

test('other nodes behind the address of a banned one stay, and new ones come in', async () => {
  await using world = new World()
  const { server, liar } = await quiz(world)
  const neighbour = await world.server('10.0.0.2', { protocols: [candidate], listen: ':30304' })
  await world.until(neighbour.dial(server.enode))
  await lie(world, liar, server, 100)
  expect(server.peers.size).toBe(1)
  const other = await world.server('10.0.0.2', { protocols: [candidate], listen: ':30305' })
  await world.until(other.dial(server.enode))
  await world.settle()
  expect(server.peers.size).toBe(2)
})

test('a rule that most peers break is logged once as this side’s, its bans are lifted, and it bans nobody', async () => {
  await using world = new World()
  const { log, lines } = recorder()
  const server = await world.server('10.0.0.1', { protocols: [judge], maxPeers: 100, log })
  const others = await Promise.all(
    Array.from({ length: 5 }, (_, i) => world.server(`10.0.1.${i}`, { protocols: [candidate] })),
  )
  for (const other of others) await world.until(other.dial(server.enode))
  const [a, b, c, d, e] = others as [Server, Server, Server, Server, Server]
  const speak = async (from: Server): Promise<void> => {
    await only(from).peer.channel(candidate)?.send('answer', 100)
    await world.settle()
  }
  await speak(a)
  await speak(b)
  expect(server.bans()).toHaveLength(2)
  await speak(c)
  expect(server.bans()).toEqual([])
  await speak(d)
  await speak(e)
  expect(server.bans()).toEqual([])
  const errors = lines.filter(({ level }) => level === 'error')
  expect(errors).toEqual([
    { level: 'error', message: 'Most peers fail one rule', fields: { code: 'ERR_QUIZ', peers: 3, of: 5, lifted: 2 } },
  ])
  for (const other of others) await world.until(other.dial(server.enode))
  await world.settle()
  expect(server.peers.size).toBe(5)
})

test('a restart keeps scores and bans, and a damaged file of them does not stop it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'peerloom-bans-'))
  const path = join(folder, 'bans.json')
  await using world = new World()
  const { clock } = world
  const open = async (): Promise<{ reputation: Reputation; file: JsonFile<ReturnType<typeof parseReputation>> }> => {
    const file = await JsonFile.open(path, { parse: parseReputation, clock })
    const options: ReputationOptions = {
      clock,
      kept: file.initial,
      onChange: () => file.save(() => reputation.toJSON()),
    }
    const reputation: Reputation = new Reputation(options)
    return { reputation, file }
  }
  const key = NodeKey.generate()
  const before = await open()
  const { server, liar } = await quiz(world, { key, reputation: before.reputation })
  await lie(world, liar, server, 100)
  await world.until(server.close())
  await before.file.close()
  await clock.advance(60_000)
  const { reputation, file } = await open()
  const again = await world.server('10.0.0.1', { key, protocols: [judge], reputation })
  expect(await refusalOf(world, liar, again)).toMatchObject(banned)
  await world.until(again.close())
  await file.close()
  await writeFile(path, '{"version":1,"ids":[{')
  const damaged = await open()
  const last = await world.server('10.0.0.1', { key, protocols: [judge], reputation: damaged.reputation })
  await world.until(liar.dial(last.enode))
  await rm(folder, { recursive: true })
})

test('addresses banned by the operator are refused; their peers are disconnected', async () => {
  await using world = new World()
  const { log, lines } = recorder()
  const { server, liar, id } = await quiz(world, { log })
  const key = NodeKey.generate()
  await world.call('10.0.0.2', server, { key, capabilities: CAPABILITIES })
  await world.until(liar.dial(server.enode))
  await world.settle()
  expect(server.ban(liar.enode, 60_000)).toEqual(['10.0.0.2'])
  expect(lines.map(({ message }) => message)).toContain('Addresses banned')
  await world.clock.advance(5_000) // a stranger that does not hang up is waited for
  expect(server.peers.size).toBe(0)
  expect(server.bans()).toEqual([
    { ip: '10.0.0.2', until: expect.any(Number), reason: 'banned by the operator', score: 0 },
  ])
  await expect(world.call('10.0.0.2', server)).rejects.toThrow()
  await world.clock.advance(60_000)
  await world.until(liar.dial(server.enode))
  await world.settle()
  expect([...server.peers.keys()]).toEqual([id])
})

test('another node at an address banned by the operator is not dialed before the ban ends', async () => {
  await using world = new World()
  const { server, liar } = await quiz(world)
  const neighbour = await world.server('10.0.0.2', { protocols: [candidate], listen: ':30304' })
  server.addStatic(neighbour.enode)
  await world.settle()
  expect(server.peers.size).toBe(1)
  server.ban(liar.enode, 60_000)
  await world.clock.advance(50_000)
  expect(server.peers.size).toBe(0)
  await expect(world.until(server.dial(neighbour.enode))).rejects.toMatchObject({ message: 'banned' })
  await world.clock.advance(70_000)
  expect(server.peers.size).toBe(1)
})

test('an address banned by the operator is not dialed, and its text may have any form of the address', async () => {
  await using world = new World()
  const { server } = await quiz(world)
  const far = await world.server('2001:db8::1', { protocols: [candidate] })
  const longForm = far.enode.replace('[2001:db8::1]', '[2001:DB8:0:0:0:0:0:1]')
  expect(server.ban(longForm, 60_000)).toEqual(['2001:db8::1'])
  for (const url of [far.enode, longForm]) {
    await expect(world.until(server.dial(url))).rejects.toMatchObject({ code: 'ERR_REFUSED', message: 'banned' })
  }
  await expect(world.until(far.dial(server.enode))).rejects.toThrow()
  expect(server.unban(longForm)).toBe(true)
  await world.until(server.dial(longForm))
  expect(() => server.ban(far.enode, Number.NaN)).toThrow('not a number of milliseconds')
})

test('a message that belongs to no protocol has a penalty of 20', async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const { server } = await quiz(world)
  const { transport } = await world.call('10.0.0.9', server, { key, capabilities: CAPABILITIES })
  transport.write(200, new Uint8Array(1))
  await world.clock.advance(5_000)
  await world.call('10.0.0.9', server, { key, capabilities: CAPABILITIES })
  await world.settle()
  expect(server.peerInfos()).toMatchObject([{ score: 20 }])
})

test('bytes that are not authenticated have no penalty: any node on the way may have changed them', async () => {
  await using world = new World()
  const { server } = await quiz(world)
  const dropped = collect(server.events())
  const { key, clock } = { key: NodeKey.generate(), clock: world.clock }
  const { publicKey: remotePublicKey } = parseEnode(server.enode)
  const stream = await world.connect('10.0.0.9', server)
  const transport = await world.until(RlpxTransport.initiate(stream, { key, clock, remotePublicKey }))
  const hello = encodeHello('stranger', CAPABILITIES, key.publicKey)
  await world.until(exchangeHello(transport, hello, { remotePublicKey, clock }))
  await world.settle()
  stream.write(new Uint8Array(64))
  await world.clock.advance(5_000)
  const [drop] = dropped.flatMap((event) => (event.type === 'drop' ? [event] : []))
  expect(drop?.reason).toMatchObject({ penalty: 0, cause: { code: 'ERR_RLPX_MAC' } })
})
