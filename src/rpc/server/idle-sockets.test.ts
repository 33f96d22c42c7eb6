import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FakeClock } from '../../testing/index.ts'
import { IdleSockets } from './idle-sockets.ts'

const IDLE = 1_000

async function pair() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  server.close()
  socket.resume()
  return { client, socket }
}

test('an idle connection is closed after the timeout, a busy or removed one is not', async () => {
  const clock = new FakeClock()
  const idle = new IdleSockets(clock, IDLE)
  const [silent, busy, given] = [await pair(), await pair(), await pair()]
  for (const { socket } of [silent, busy, given]) idle.add(socket)
  idle.add(busy.socket) // once more
  idle.remove(given.socket)
  const ended = once(silent.client, 'close')
  for (let n = 0; n < 8; n++) {
    busy.client.write('x')
    await once(busy.socket, 'data')
    await clock.advance(IDLE / 4)
  }
  await ended
  expect([silent, busy, given].map(({ socket }) => socket.destroyed)).toEqual([true, false, false])
  busy.client.destroy()
  await once(busy.socket, 'close')
  expect(clock.pending).toBe(0)
  given.client.destroy()
})
