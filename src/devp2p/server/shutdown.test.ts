import { expect, test } from 'vitest'
import { echo, World } from '../../../test/support/servers.ts'
import { NodeKey } from '../../identity/index.ts'
import { type Network, tcpNetwork } from '../../net/index.ts'
import { DisconnectReason } from '../disconnect.ts'
import { Server } from './server.ts'

const silent = { data() {}, drain() {}, end() {} }

test('closing a server sends "client quitting" to every peer and leaves no timer', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const callers = await Promise.all([2, 3, 4].map((n) => world.server(`10.0.0.${n}`)))
  const peers = await Promise.all(callers.map((caller) => caller.dial(server.enode)))
  await server.close()
  for (const { peer } of peers) {
    expect(await peer.closed).toMatchObject({ side: 'remote', disconnectReason: DisconnectReason.Quitting })
  }
  await Promise.all(callers.map((caller) => caller.close()))
  expect(world.clock.pending).toBe(0)
})

test('closing a server ends handshakes that hang at any stage, and leaves nothing pending', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1', { staticNodes: [], maxPendingPeers: 20 })
  for (let i = 0; i < 5; i++) (await world.connect(`10.0.1.${i}`, server)).open(silent)
  const mute = await world.network.host('10.0.0.9').listen({ port: 1, onConnection: (stream) => stream.open(silent) })
  const nobody = Buffer.from(NodeKey.generate().publicKey).toString('hex')
  const dial = server.dial(`enode://${nobody}@10.0.0.9:1`).catch((error: unknown) => error)
  world.network.isolate('10.0.0.8')
  const lost = server.dial(`enode://${nobody}@10.0.0.8:1`).catch((error: unknown) => error)
  await world.settle()
  await world.until(server.close())
  expect(await dial).toMatchObject({ disconnectReason: DisconnectReason.Quitting })
  expect(await lost).toMatchObject({ disconnectReason: DisconnectReason.Quitting })
  expect(server.peers.size).toBe(0)
  await mute.close()
  await world.clock.advance(5_000)
  expect(world.clock.pending).toBe(0)
})

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 30, 45, 60])(
  'closing a server %i microtasks into a handshake leaves no peer',
  async (ticks) => {
    await using world = new World()
    const [a, b] = [await world.server('10.0.0.1'), await world.server('10.0.0.2')]
    const dial = b.dial(a.enode).catch(() => {})
    for (let i = 0; i < ticks; i++) await undefined
    await world.until(a.close())
    await dial
    await world.settle()
    expect([a.peers.size, b.peers.size]).toEqual([0, 0])
  },
)

test('closing a server twice resolves both times, and it dials nothing afterwards', async () => {
  await using world = new World()
  const [a, b] = [await world.server('10.0.0.1'), await world.server('10.0.0.2')]
  await Promise.all([a.close(), a.close(), a.closed])
  await a[Symbol.asyncDispose]()
  await expect(a.dial(b.enode)).rejects.toBeDefined()
  await expect(b.dial(a.enode)).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  a.addStatic(b.enode)
  await world.settle()
  expect(b.peers.size).toBe(0)
})

test('closing a server ends subscriptions behind the events they hold', async () => {
  await using world = new World()
  const [a, b] = [await world.server('10.0.0.1'), await world.server('10.0.0.2')]
  const events = a.events()
  await b.dial(a.enode)
  await a.close()
  const seen: string[] = []
  for await (const { type } of events) seen.push(type)
  expect(seen).toEqual(['add', 'serve', 'drop'])
})

test('a connection that arrives while a server closes is refused', async () => {
  await using world = new World()
  const server = await world.server('10.0.0.1')
  const late = world.connect('10.0.0.2', server)
  const closing = server.close()
  const stream = await late.catch(() => undefined)
  await closing
  stream?.destroy()
  await world.settle()
  expect(world.clock.pending).toBe(0)
})

test('an AbortSignal closes the server', async () => {
  await using world = new World()
  const abort = new AbortController()
  const [a, b] = [await world.server('10.0.0.1', { signal: abort.signal }), await world.server('10.0.0.2')]
  const peer = await b.dial(a.enode)
  abort.abort()
  await a.closed
  expect((await peer.peer.closed).disconnectReason).toBe(DisconnectReason.Quitting)
})

test('a signal that has aborted keeps the server from listening', async () => {
  await using world = new World()
  const reason = new Error('not any more')
  await expect(world.server('10.0.0.1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await world.server('10.0.0.1') // the port is free
})

test('a signal that aborts while the port is being opened frees the port', async () => {
  await using world = new World()
  const abort = new AbortController()
  const reason = new Error('changed my mind')
  const host = world.network.host('10.0.0.1')
  const network: Network = {
    connect: (target, options) => host.connect(target, options),
    async listen(options) {
      const listener = await host.listen(options)
      abort.abort(reason)
      return listener
    },
  }
  await expect(world.server('10.0.0.1', { network, signal: abort.signal })).rejects.toBe(reason)
  await world.server('10.0.0.1')
})

test('two servers connect over TCP, and a port in use is a ConfigError that names its option', async () => {
  const options = { key: NodeKey.generate(), protocols: [echo], listen: '127.0.0.1:0', network: tcpNetwork }
  await using a = await Server.listen(options)
  await using b = await Server.listen({ ...options, key: NodeKey.generate() })
  const peer = await b.dial(a.enode)
  const channel = peer.peer.channel(echo)
  expect(await channel?.request('ask', { id: 1n, text: 'tcp' }, { reply: 'answer' })).toEqual({ id: 1n, text: 'tcp' })
  const port = a.nodeInfo().ports.listener
  await expect(Server.listen({ ...options, listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
    code: 'ERR_CONFIG',
    field: 'listen.port',
  })
})
