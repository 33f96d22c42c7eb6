import { expect, test } from 'vitest'
import { FAR, only, World } from '../../../test/support/servers.ts'

test.each([1, 2, 3, 4, 5, 6])(
  'two servers that dial each other at once keep exactly one connection (round %i)',
  async () => {
    await using world = new World(20)
    const a = await world.server(FAR[0])
    const b = await world.server(FAR[1])
    const results = Promise.allSettled([a.dial(b.enode), b.dial(a.enode)])
    await world.clock.advance(2_000)
    await results
    expect([a.peers.size, b.peers.size]).toEqual([1, 1])
    expect(only(a).inbound).toBe(!only(b).inbound)
    const [fromA, fromB] = [only(a), only(b)]
    await world.clock.advance(25_000)
    expect([fromA.peer.signal.aborted, fromB.peer.signal.aborted]).toEqual([false, false])
  },
)

test('two servers that dial each other at once without any delay keep exactly one connection', async () => {
  await using world = new World()
  for (let i = 0; i < 10; i++) {
    const a = await world.server(`10.2.0.${i}`)
    const b = await world.server(`10.3.0.${i}`)
    await Promise.allSettled([a.dial(b.enode), b.dial(a.enode)])
    await world.settle()
    expect([a.peers.size, b.peers.size]).toEqual([1, 1])
  }
})

test('two servers that are static nodes of each other keep exactly one connection', async () => {
  await using world = new World(5)
  const [a, b] = [await world.server('10.0.0.1'), await world.server('10.0.0.2')]
  a.addStatic(b.enode)
  b.addStatic(a.enode)
  await world.clock.advance(120_000)
  expect([a.peers.size, b.peers.size]).toEqual([1, 1])
})
