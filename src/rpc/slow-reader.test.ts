import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { testApi } from '../../test/support/rpc-api.ts'
import { deferred } from '../base/deferred.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import { FakeClock } from '../testing/index.ts'
import { RpcClient, RpcServer } from './index.ts'
import { Methods, Registry } from './session/registry.ts'
import { RequestHandler } from './session/request-handler.ts'
import { MIN_WATCHED_BYTES, ServerLimits } from './session/server-limits.ts'
import { Session } from './session/session.ts'
import { MAX_BUFFERED_BYTES, WRITE_TIMEOUT } from './session/writer.ts'
import { MemoryWire } from './wire/memory-wire.ts'

const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpc-'))
afterAll(() => rm(folder, { recursive: true }))
let sockets = 0

/** A clock that stands still, and a log that collects warnings. */
function watched() {
  const warned: string[] = []
  const log: Logger = { ...silentLogger, warn: (message) => void warned.push(message), child: () => log }
  return { clock: new FakeClock(), warned, log }
}

/** A connection that requests endless values, and reads nothing. */
interface NonReader {
  readonly closed: Promise<void>
  /** Starts to read: a socket learns only then that it was closed. */
  read(): void
}

const FLOOD = '{"jsonrpc":"2.0","id":1,"method":"test_subscribe","params":["forever"]}\n'

function nonReadingIpc(path: string): Promise<NonReader> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const closed = deferred()
    socket.on('error', () => {})
    socket.on('close', () => closed.resolve())
    socket.on('connect', () => {
      socket.write(FLOOD)
      resolve({ closed: closed.promise, read: () => socket.resume() })
    })
  })
}

function nonReadingWebSocket(url: string): Promise<NonReader> {
  return new Promise((resolve) => {
    const ws = new WebSocket(url)
    const closed = deferred()
    ws.on('error', () => {})
    ws.on('close', () => closed.resolve())
    ws.on('open', () => {
      ws.pause()
      ws.send(FLOOD)
      resolve({ closed: closed.promise, read: () => ws.resume() })
    })
  })
}

describe('clients that never read', () => {
  test.each([
    ['ws', nonReadingWebSocket],
    ['ipc', nonReadingIpc],
  ] as const)(
    'a client that never reads over %s is closed after the write timeout, with less than 2 MiB buffered',
    async (transport, connectTo) => {
      const clock = new FakeClock()
      const warned = deferred<{ readonly waiting?: unknown }>()
      const log = { ...silentLogger, warn: (_: string, fields = {}) => warned.resolve(fields), child: () => log }
      await using slow = new RpcServer({ clock, log }).register('test', testApi)
      const at = transport === 'ipc' ? join(folder, `${sockets++}.ipc`) : 'ws://127.0.0.1:0'
      const silent = await connectTo((await slow.listen(at)).url)
      let over = false
      void warned.promise.then(() => {
        over = true
      })
      while (!over) await clock.advance(WRITE_TIMEOUT / 50)
      expect((await warned.promise).waiting).toBeLessThan(2 * MAX_BUFFERED_BYTES)
      silent.read()
      await silent.closed
    },
  )
})

describe('pings', () => {
  test('a flood of pings from a client that does not read is not answered completely', async () => {
    await using server = new RpcServer().register('test', testApi)
    const { url } = await server.listen('ws://127.0.0.1:0')
    const ws = new WebSocket(url)
    await new Promise((resolve) => ws.on('open', resolve))
    ws.pause()
    let pongs = 0
    const last = deferred()
    ws.on('pong', (data) => {
      pongs++
      if (data.length === 1) last.resolve()
    })
    const pings = 150_000
    const payload = Buffer.alloc(125)
    for (let n = 0; n < pings; n++) {
      ws.ping(payload)
      if (n % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    while (ws.bufferedAmount > 0) await new Promise((resolve) => setImmediate(resolve))
    ws.resume()
    const again = setInterval(() => ws.ping(Buffer.alloc(1)), 10) // the first ones may still be dropped
    await last.promise
    clearInterval(again)
    expect(pongs).toBeLessThan(pings)
    ws.terminate()
  })
})

describe('clients that read', () => {
  test('a client that reads slowly is not closed', async () => {
    const { clock, warned, log } = watched()
    await using slow = new RpcServer({ clock, log }).register('test', testApi)
    const path = join(folder, `${sockets++}.ipc`)
    await slow.listen(path)
    const socket = connect(path)
    let received = 0
    const some = async (): Promise<void> => {
      const before = received
      socket.resume()
      while (received < before + 2_000_000 && received < 20_000_000)
        await new Promise((resolve) => setImmediate(resolve))
      socket.pause()
    }
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    for (let id = 0; id < 40; id++) {
      socket.write(`{"jsonrpc":"2.0","id":${id},"method":"test_large","params":[500000]}\n`)
    }
    while (received < 20_000_000) {
      await some()
      await clock.advance(WRITE_TIMEOUT / 2)
    }
    expect(warned).toEqual([])
    socket.destroy()
  })
})

describe('timers of a session', () => {
  test('a client that fills and drains its connection repeatedly leaves no timers behind', async () => {
    const clock = new FakeClock()
    await using quick = new RpcServer({ clock }).register('test', testApi)
    const path = join(folder, `${sockets++}.ipc`)
    await quick.listen(path)
    await using client = await RpcClient.dial(path)
    await client.call('test_echo')
    const before = clock.pending
    for (let n = 0; n < 20; n++) await client.call('test_large', [2 * MAX_BUFFERED_BYTES])
    expect(clock.pending).toBeLessThanOrEqual(before + 1)
  })
})

describe('a connection closed by the server', () => {
  test('a client that never ends its half of a closed connection is cut off after the write timeout, and not before', async () => {
    const clock = new FakeClock()
    await using strict = new RpcServer({ clock }).register('test', testApi)
    const path = join(folder, `${sockets++}.ipc`)
    await strict.listen(path)
    const socket = connect({ path, allowHalfOpen: true })
    const ended = new Promise((resolve) => socket.on('end', resolve))
    socket.on('error', () => {})
    socket.resume()
    socket.write('garbage\n')
    await ended
    const write = () =>
      new Promise((resolve) => socket.write('x', (error) => resolve((error as { code?: string })?.code)))
    await clock.advance(WRITE_TIMEOUT - 1)
    for (let n = 0; n < 10; n++) expect(await write()).toBeUndefined()
    await clock.advance(1)
    let failure: unknown
    while (failure === undefined) failure = await write()
    expect(failure).toMatch(/^(EPIPE|ECONNRESET)$/)
    socket.destroy()
  })
})

describe('HTTP clients', () => {
  test('an HTTP client that never reads its response is disconnected, and one that reads slowly is not', async () => {
    const { clock, warned, log } = watched()
    await using slow = new RpcServer({ clock, log }).register('test', testApi)
    const { url } = await slow.listen('http://127.0.0.1:0')
    const ask = async () => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1')
      socket.on('error', () => {})
      const body = '{"jsonrpc":"2.0","id":1,"method":"test_large","params":[20000000]}'
      const head = ['POST / HTTP/1.1', 'Host: localhost', 'Content-Type: application/json']
      socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'))
      await once(socket, 'readable')
      return socket
    }
    const reader = await ask()
    let received = 0
    reader.on('data', (chunk) => {
      received += chunk.length
    })
    // In each timeout it reads more than the system's buffers hold, or the server would see no progress.
    while (received < 20_000_000 && !reader.destroyed) {
      const enough = Math.min(received + 2_000_000, 20_000_000)
      await clock.advance(WRITE_TIMEOUT / 5)
      while (received < enough && !reader.destroyed) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(warned).toEqual([])
    const silent = await ask()
    while (warned.length === 0) await clock.advance(WRITE_TIMEOUT / 50)
    expect(warned).toEqual(['Closed connection'])
    silent.resume()
    await once(silent, 'close')
    reader.destroy()
  })
})

describe('unread bytes of all connections', () => {
  function connected(limits: ServerLimits, clock = new FakeClock()) {
    const registry = new Registry()
    registry.register('test', testApi)
    const handler = new RequestHandler(
      new Methods(registry),
      { batchItems: 10, batchResponseBytes: 1_000_000 },
      silentLogger,
    )
    const [ours, theirs] = MemoryWire.pair()
    const remote = { transport: 'inproc', address: '' } as const
    const session = new Session({ wire: ours, handler, remote, limits, clock, timeout: 1_000 })
    ours.open(session)
    const said: unknown[] = []
    const over = deferred()
    theirs.open({
      message: (value) => said.push(value),
      parseError: () => {},
      drain: () => {},
      end: () => over.resolve(),
    })
    const ask = (length: number) => theirs.send(`{"jsonrpc":"2.0","id":1,"method":"test_large","params":[${length}]}`)
    return { ask, theirs, said, over: over.promise }
  }

  test.each([
    ['larger', 1.25 * MAX_BUFFERED_BYTES],
    ['smaller', MAX_BUFFERED_BYTES / 4],
  ])(
    'unread answers of all connections, %s than a full wire, are bounded: the connection that exceeds it is closed alone',
    async (_what, length) => {
      const limits = new ServerLimits({ maxUnreadBytes: 8.5 * length })
      const silent = Array.from({ length: 9 }, () => connected(limits))
      const closed: number[] = []
      for (const [index, { ask, theirs, over }] of silent.entries()) {
        void over.then(() => closed.push(index))
        theirs.pause()
        ask(length)
      }
      await silent[8]?.over
      expect(closed).toEqual([8])
      const other = connected(limits)
      other.ask(10)
      await expect.poll(() => other.said).toMatchObject([{ result: 'x'.repeat(10) }])
      for (const { theirs } of silent) theirs.destroy()
      await Promise.all(silent.map(({ over }) => over))
      other.ask(length) // their bytes count no more
      await expect.poll(() => other.said.length).toBe(2)
    },
  )

  test('a connection with 64 KiB unread, less than a full wire, is closed after the write timeout', async () => {
    const clock = new FakeClock()
    const { ask, theirs, over } = connected(new ServerLimits(), clock)
    theirs.pause()
    ask(MIN_WATCHED_BYTES)
    await clock.advance(WRITE_TIMEOUT - 1)
    let closed = false
    void over.then(() => {
      closed = true
    })
    await clock.advance(0)
    expect(closed).toBe(false)
    await clock.advance(1)
    await over
  })
})
