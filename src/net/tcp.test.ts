import type { AddressInfo } from 'node:net'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { type ByteStream, CLOSE_TIMEOUT, TcpNetwork, tcpNetwork } from './index.ts'

function accept(network: TcpNetwork): Promise<{ stream: ByteStream; socket: Socket; close: () => Promise<void> }> {
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = []
    const onConnection = (stream: ByteStream) => {
      const socket = sockets[0]
      if (socket) resolve({ stream, socket, close: () => listening.then((listener) => listener.close()) })
    }
    const listening = network.listen({ host: '127.0.0.1', port: 0, onConnection })
    listening.then(({ endpoint }) => sockets.push(connect(endpoint.port, endpoint.ip).on('error', () => {})), reject)
  })
}

const ended = (stream: ByteStream) =>
  new Promise<unknown>((end) => stream.open({ data: () => {}, drain: () => {}, end }))

test('a reset ends a stream with an error that names it', async () => {
  const { stream, socket, close } = await accept(new TcpNetwork())
  const end = ended(stream)
  socket.resetAndDestroy()
  await expect(end).resolves.toMatchObject({ code: 'ERR_PEER_CLOSED', side: 'remote', cause: { code: 'ECONNRESET' } })
  await close()
})

test('a reset before open is reported at open', async () => {
  const { stream, socket, close } = await accept(new TcpNetwork())
  socket.resetAndDestroy()
  await new Promise((resolve) => socket.once('close', resolve))
  await expect(ended(stream)).resolves.toMatchObject({ code: 'ERR_PEER_CLOSED' })
  await stream.end()
  await close()
})

test('end() over TCP resolves within the close timeout although the remote does not read', async () => {
  const clock = new FakeClock()
  const { stream, socket, close } = await accept(new TcpNetwork({ clock }))
  socket.pause()
  const end = ended(stream)
  for (let i = 0; i < 256; i++) stream.write(new Uint8Array(65_536))
  const closed = stream.end()
  await clock.advance(CLOSE_TIMEOUT)
  await closed
  expect(await end).toBeUndefined()
  socket.destroy()
  await close()
})

test('connecting takes no longer than its timeout', async () => {
  const clock = new FakeClock()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const connecting = new TcpNetwork({ clock }).connect({ host: 'localhost', port }, { timeout: 0 })
  const failed = expect(connecting).rejects.toMatchObject({
    code: 'ERR_CONNECT',
    cause: { code: 'ERR_TIMEOUT', timeout: 0 },
  })
  await clock.advance(0)
  await failed
  server.close()
})

test('connecting to a name that does not exist is an error that names it', async () => {
  const connecting = tcpNetwork.connect({ host: 'nowhere.invalid', port: 1 })
  await expect(connecting).rejects.toMatchObject({
    code: 'ERR_CONNECT',
    message: expect.stringContaining('nowhere.invalid'),
  })
})
