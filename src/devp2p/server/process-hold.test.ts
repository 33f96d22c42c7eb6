import { expect, test } from 'vitest'
import { echo, FAR, World } from '../../../test/support/servers.ts'
import { NodeKey } from '../../identity/index.ts'
import { Server } from './server.ts'

test('a server without a listener keeps the process alive until it is closed, whether its static node answers or not', async () => {
  await using world = new World()
  const absent = await world.server(FAR[1])
  await absent.close()
  expect(world.clock.holds).toBe(0)
  const server = await Server.listen({
    key: NodeKey.generate(),
    protocols: [echo],
    network: world.network.host(FAR[0]),
    clock: world.clock,
    staticNodes: [absent.enode],
  })
  await world.clock.advance(200_000)
  expect(world.clock.holds).toBe(1)
  await server.close()
  expect([world.clock.holds, world.clock.pending]).toEqual([0, 0])
})

test('a server keeps the process alive by one timer, however many idle peers it has', async () => {
  await using world = new World()
  const server = await world.server(FAR[0])
  const peers = await Promise.all(FAR.slice(1).map((ip) => world.server(ip, { staticNodes: [server.enode] })))
  await world.settle()
  expect(server.peers.size).toBe(4)
  expect(world.clock.holds).toBe(5)
  for (const each of [...peers, server]) await each.close()
  expect(world.clock.holds).toBe(0)
})

test('a server that cannot listen, or is aborted by its signal, does not keep the process alive', async () => {
  await using world = new World()
  const key = NodeKey.generate()
  const options = { key, listen: 'nowhere:1', network: world.network, clock: world.clock, protocols: [] }
  await expect(Server.listen(options)).rejects.toMatchObject({ name: 'ConfigError' })
  expect(world.clock.holds).toBe(0)
  const abort = new AbortController()
  const server = await world.server(FAR[0], { signal: abort.signal })
  abort.abort()
  await server.closed
  expect(world.clock.holds).toBe(0)
})
