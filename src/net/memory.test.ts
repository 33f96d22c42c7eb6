import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { PeerClosedError } from '../base/errors.ts'
import { type ByteStream, CLOSE_TIMEOUT, MemoryNetwork, type Network } from './index.ts'

interface Seen {
  readonly log: string[]
}

function watch(stream: ByteStream, clock: FakeClock): Seen {
  const log: string[] = []
  stream.open({
    data: (chunk) => log.push(`${clock.now()}: ${chunk.join()}`),
    drain: () => log.push(`${clock.now()}: drain`),
    end: (error) => log.push(`${clock.now()}: end${error instanceof PeerClosedError ? ' broken' : ''}`),
  })
  return { log }
}

async function join(clock: FakeClock, from: Network, to: Network, host: string): Promise<[ByteStream, ByteStream]> {
  const accepted: ByteStream[] = []
  await to.listen({ port: 30303, onConnection: (stream) => accepted.push(stream) })
  const connecting = from.connect({ host, port: 30303 })
  await clock.advance(1000)
  const acceptor = accepted[0]
  if (!acceptor) throw new Error('nobody came')
  return [await connecting, acceptor]
}

test('machines of a memory network have addresses of their own', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  expect([client.local.ip, client.remote]).toEqual(['10.0.0.2', { ip: '10.0.0.1', port: 30303 }])
  expect(server.remote).toEqual(client.local)
  await expect(network.host('10.0.0.2').connect({ host: '127.0.0.1', port: 30303 })).rejects.toMatchObject({
    code: 'ERR_CONNECT',
  })
  expect((await network.host('10.0.0.1').connect({ host: '127.0.0.1', port: 30303 })).remote.ip).toBe('10.0.0.1')
  await expect(network.connect({ host: 'example.org', port: 1 })).rejects.toMatchObject({ code: 'ERR_CONNECT' })
})

test('latency runs on the clock, one way per delivery, and keeps the order when it changes', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock, latency: 50 })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  const seen = watch(server, clock)
  client.write(Uint8Array.of(1))
  network.latency = (from) => (from.ip === '10.0.0.2' ? 10 : 0)
  client.write(Uint8Array.of(2))
  await clock.advance(49)
  expect(seen.log).toEqual([])
  await clock.advance(1)
  client.write(Uint8Array.of(3))
  await clock.advance(10)
  expect(seen.log).toEqual(['1050: 1', '1050: 2', '1060: 3'])
})

test('a cut breaks the connections of an endpoint on both sides, and no others', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  const [other] = await join(clock, network.host('10.0.0.4'), network.host('10.0.0.3'), '10.0.0.3')
  const seen = [client, server, other].map((stream) => watch(stream, clock))
  client.write(Uint8Array.of(1))
  expect(network.cut({ ip: '10.0.0.1', port: 1 })).toBe(0)
  expect(network.cut({ ip: '10.0.0.1', port: 30303 })).toBe(1)
  await clock.advance(0)
  expect(seen.map(({ log }) => log)).toEqual([['2000: end broken'], ['2000: end broken'], []])
})

test('an isolated machine is silent: bytes wait, connects time out, and healing lets bytes arrive', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  const seen = watch(server, clock)
  network.isolate('10.0.0.1')
  client.write(Uint8Array.of(1))
  const connecting = network.connect({ host: '10.0.0.1', port: 30303 }, { timeout: 300 })
  const failed = expect(connecting).rejects.toMatchObject({ code: 'ERR_CONNECT', cause: { code: 'ERR_TIMEOUT' } })
  await clock.advance(500)
  await failed
  expect(seen.log).toEqual([])
  network.heal('10.0.0.1')
  await clock.advance(0)
  expect(seen.log).toEqual(['1500: 1'])
})

test('end() over memory resolves within the close timeout although the remote does not read', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  let closed = false
  client.write(Uint8Array.of(1))
  void client.end().then(() => {
    closed = true
  })
  await clock.advance(CLOSE_TIMEOUT - 1)
  expect(closed).toBe(false)
  await clock.advance(1)
  expect(closed).toBe(true)
  const seen = watch(server, clock)
  await clock.advance(0)
  expect(seen.log).toEqual(['3000: 1', '3000: end'])
  expect(clock.pending).toBe(0)
})

test('bytes in flight in memory keep the process alive, a listener and an idle connection do not', async () => {
  const clock = new FakeClock()
  const network = new MemoryNetwork({ clock, latency: 100 })
  const [client, server] = await join(clock, network.host('10.0.0.2'), network.host('10.0.0.1'), '10.0.0.1')
  const seen = watch(server, clock)
  expect(clock.holds).toBe(0)
  client.write(Uint8Array.of(1))
  expect(clock.holds).toBe(1)
  await clock.advance(100)
  expect([clock.holds, seen.log.length]).toEqual([0, 1])
})

test('endless traffic in memory does not stop timers', async () => {
  const network = new MemoryNetwork()
  const accepted: ByteStream[] = []
  const listener = await network.listen({ port: 0, onConnection: (stream) => accepted.push(stream) })
  const client = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
  const echo = (stream: ByteStream) =>
    stream.open({ data: (chunk) => void stream.write(chunk), drain: () => {}, end: () => {} })
  echo(client)
  for (const stream of accepted) echo(stream)
  client.write(Uint8Array.of(1))
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  client.destroy()
  expect(accepted).toHaveLength(1)
})
