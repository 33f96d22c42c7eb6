import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { testApi } from '../../../test/support/rpc-api.ts'
import { FakeClock } from '../../base/clock.ts'
import { RpcClient, RpcServer } from '../index.ts'

async function serve() {
  const server = new RpcServer().register('test', testApi)
  const { url } = await server.listen('ws://127.0.0.1:0')
  return { server, url }
}

test('a client keeps the process alive while it is connected and while it reconnects, until it is closed', async () => {
  const clock = new FakeClock()
  const { server, url } = await serve()
  const client = await RpcClient.dial(url, { clock })
  const events = client.events()
  expect(clock.holds).toBe(1)
  await server.close()
  expect(await events.next()).toMatchObject({ value: { type: 'disconnected' } })
  expect(clock.holds).toBeGreaterThanOrEqual(1)
  const waiting = expect(client.call('test_echo', [1], { timeout: 60_000 })).rejects.toMatchObject({
    code: 'ERR_RPC_CLOSED',
  })
  await client.close()
  await waiting
  await clock.advance(0)
  expect(clock.holds).toBe(0)
})

test('a client that does not reconnect keeps the process alive until its connection is lost', async () => {
  const clock = new FakeClock()
  const { server, url } = await serve()
  const client = await RpcClient.dial(url, { clock, reconnect: false })
  const events = client.events()
  expect(clock.holds).toBe(1)
  await server.close()
  expect(await events.next()).toMatchObject({ value: { type: 'disconnected' } })
  expect(clock.holds).toBe(0)
  await client.close()
})

test('a client in the process keeps the process alive until it or its server is closed', async () => {
  const clock = new FakeClock()
  await using server = new RpcServer().register('test', testApi)
  const [first, second] = [await RpcClient.inProcess(server, { clock }), await RpcClient.inProcess(server, { clock })]
  expect(clock.holds).toBe(2)
  await first.close()
  expect(clock.holds).toBe(1)
  await server.close()
  await expect(second.call('test_echo')).rejects.toMatchObject({ name: 'RpcConnectionError' })
  expect(clock.holds).toBe(0)
})

test('a client over HTTP, and a dial that failed, do not keep the process alive', async () => {
  const clock = new FakeClock()
  const { server, url } = await serve()
  await server.close()
  await using client = await RpcClient.dial(url.replace('ws:', 'http:'), { clock })
  await expect(client.call('test_echo')).rejects.toMatchObject({ name: 'RpcConnectionError' })
  await expect(RpcClient.dial(url, { clock })).rejects.toMatchObject({ name: 'RpcConnectionError' })
  expect(clock.holds).toBe(0)
})

test('a client that was closed cuts a server off that does not end the connection within a second', async () => {
  const clock = new FakeClock()
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-silent-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'ipc')
  const silent = createServer({ allowHalfOpen: true }).listen(path)
  await once(silent, 'listening')
  const accepted = once(silent, 'connection')
  const client = await RpcClient.dial(path, { clock })
  const [socket] = await accepted
  await client.close()
  await clock.advance(999)
  socket.on('error', () => {})
  const write = (): Promise<boolean> => new Promise((resolve) => socket.write('x', (error?: Error) => resolve(!error)))
  expect(await write()).toBe(true)
  await clock.advance(1)
  while (await write()) await new Promise((resolve) => setImmediate(resolve)) // the system tells of the reset soon after
  silent.close()
})
