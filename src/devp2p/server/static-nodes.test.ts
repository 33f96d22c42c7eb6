import { expect, test } from 'vitest'
import { collect, FAR, only, World } from '../../../test/support/servers.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { NodeKey } from '../../identity/index.ts'
import type { ServerEvent } from './events.ts'

const dials = (events: readonly ServerEvent[]): number => events.filter((e) => e.type === 'dial').length

test('failed dials of static nodes are logged at warn, those of others at debug', async () => {
  await using world = new World()
  const lines: string[] = []
  const log: Logger = { ...silentLogger, warn: (message) => void lines.push(message), child: () => log }
  const [named, found] = [await world.server(FAR[1]), await world.server(FAR[2])]
  await named.close()
  await found.close()
  const a = await world.server(FAR[0], { staticNodes: [named.enode], log })
  await a.dial(found.enode).catch(() => {})
  await world.settle()
  expect(lines.filter((line) => line === 'Dial failed')).toHaveLength(1)
})

test('a static node that comes back is connected again', async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const b = await world.server(FAR[1], { key })
  const a = await world.server(FAR[0], { staticNodes: [b.enode] })
  await world.settle()
  expect(only(a).info().network.static).toBe(true)
  await b.close()
  await world.settle()
  expect(a.peers.size).toBe(0)
  await world.clock.advance(60_000)
  const again = await world.server(FAR[1], { key })
  await world.clock.advance(90_000)
  expect(a.peers.size).toBe(1)
  expect(only(again).inbound).toBe(true)
})

test('a static node that is unreachable is dialed after 1, 2, 4, … seconds, at most once a minute', async () => {
  await using world = new World()
  const absent = `enode://${Buffer.from(NodeKey.generate().publicKey).toString('hex')}@${FAR[1]}:30303`
  const a = await world.server(FAR[0], { staticNodes: [absent] })
  const events = collect(a.events())
  await world.settle()
  const times: number[] = []
  for (let second = 0; second < 300; second++) {
    if (events.splice(0).some((e) => e.type === 'dial')) times.push(second)
    await world.clock.advance(1_000)
  }
  expect(times).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243])
})

test.each([
  [0, 750],
  [0.999_999, 1_250],
])('the delay of a static node varies by a quarter: with random %f it is %i ms', async (random, wait) => {
  await using world = new World()
  const absent = `enode://${Buffer.from(NodeKey.generate().publicKey).toString('hex')}@${FAR[1]}:30303`
  const a = await world.server(FAR[0], { staticNodes: [absent], random: () => random })
  const events = collect(a.events())
  await world.settle()
  expect(dials(events)).toBe(1)
  await world.clock.advance(wait - 1)
  expect(dials(events)).toBe(1)
  await world.clock.advance(1)
  expect(dials(events)).toBe(2)
})

test('a static node that disconnects at once is dialed less and less often', async () => {
  await using world = new World()
  const b = await world.server(FAR[1], { maxPeers: 0 })
  const a = await world.server('10.0.0.1', { staticNodes: [b.enode] })
  const events = collect(a.events())
  await world.clock.advance(10_000)
  expect(dials(events)).toBe(4)
  expect(a.peers.size).toBe(0)
})

test('addStatic dials at once, removeStatic disconnects and stops dialing', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0])
  a.addStatic(b.enode)
  await world.settle()
  const peer = only(a)
  expect(a.removeStatic(b.enode)).toBe(true)
  expect((await peer.peer.closed).disconnectReason).toBe(0)
  await world.clock.advance(120_000)
  expect(a.peers.size).toBe(0)
  expect(a.removeStatic(b.enode)).toBe(false)
})

test('a static node outside netRestrict, and the server itself, are never dialed', async () => {
  await using world = new World()
  const b = await world.server(FAR[1])
  const a = await world.server(FAR[0], { staticNodes: [b.enode], netRestrict: '10.0.0.0/8' })
  const events = collect(a.events())
  a.addStatic(a.enode)
  await world.clock.advance(120_000)
  expect(dials(events)).toBe(0)
})
