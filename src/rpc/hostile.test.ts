import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { type IncomingHttpHeaders, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { deferred } from '../base/deferred.ts'
import { silentLogger } from '../base/log.ts'
import { FakeClock } from '../testing/index.ts'
import { RawJson, RpcClient, RpcServer } from './index.ts'
import { createJwt } from './jwt.ts'
import { MAX_SUBSCRIPTIONS } from './served.ts'
import { MAX_BUFFERED_BYTES, WRITE_TIMEOUT } from './session.ts'

const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpc-'))
afterAll(() => rm(folder, { recursive: true }))
let sockets = 0

const api = {
  echo: (value: unknown) => value ?? null,
  large: (length: number) => 'x'.repeat(length),
  async *forever(signal?: AbortSignal) {
    while (!signal?.aborted) {
      yield 'x'.repeat(100_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
}

let server: RpcServer
beforeEach(() => {
  server = new RpcServer().register('test', api)
})
afterEach(() => server.close())

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** One HTTP request as somebody sends it who follows no rules. */
function send(
  url: string,
  body: string | undefined,
  headers: Record<string, string> = {},
  method = 'POST',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const req = request(
      url,
      { method, headers: { 'content-type': 'application/json', ...headers }, agent: false },
      (res) => {
        let text = ''
        res.on('data', (chunk) => {
          text += chunk
        })
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }))
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}

async function ask(url: string, body: string): Promise<unknown> {
  return JSON.parse((await send(url, body)).text)
}

const error = (id: unknown, code: number, message: string) => ({ jsonrpc: '2.0', id, error: { code, message } })

describe('a message that is none', () => {
  const brackets = '['.repeat(100_000)
  const nested = `{"jsonrpc":"2.0","id":1,"method":"test_echo","params":${brackets}${']'.repeat(100_000)}}`

  test.each([
    ['no JSON', '{"jsonrpc":', error(null, -32_700, 'parse error')],
    ['nothing', '', error(null, -32_700, 'parse error')],
    ['open brackets', brackets, error(null, -32_700, 'parse error')],
    ['a wrong version', '{"jsonrpc":"1.0","id":7,"method":"test_echo"}', error(7, -32_600, 'invalid request')],
    ['no version', '{"id":7,"method":"test_echo"}', error(7, -32_600, 'invalid request')],
    [
      'an id that is an object',
      '{"jsonrpc":"2.0","id":{},"method":"test_echo"}',
      error(null, -32_600, 'invalid request'),
    ],
    ['an id that is a boolean', '{"jsonrpc":"2.0","id":true,"method":"x"}', error(null, -32_600, 'invalid request')],
    [
      'an id no number can hold',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"x"}',
      error(null, -32_600, 'invalid request'),
    ],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":5}', error(1, -32_600, 'invalid request')],
    ['a number', '5', error(null, -32_600, 'invalid request')],
    ['an empty batch', '[]', error(null, -32_600, 'empty batch')],
    [
      'named parameters',
      '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":{"a":1}}',
      error(1, -32_602, 'non-array args'),
    ],
  ])('%s gets an error', async (_, body, wanted) => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await ask(url, body)).toEqual(wanted)
    expect(await ask(url, '{"jsonrpc":"2.0","id":"a","method":"test_echo","params":[1]}')).toMatchObject({
      id: 'a',
      result: 1,
    })
  })

  test('a hundred thousand brackets are answered, and the server goes on', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const { status } = await send(url, nested)
    expect(status).toBe(200)
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":[2]}')).toMatchObject({ result: 2 })
  })

  test('a large text that is nested without end is refused before it is read', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await ask(url, `${'[0,'.repeat(200_000)}0${']'.repeat(200_000)}`)).toEqual(
      error(null, -32_700, 'parse error'),
    )
    const long = JSON.stringify(['[['.repeat(200_000), '\\"[['])
    expect(await ask(url, `{"jsonrpc":"2.0","id":1,"method":"test_echo","params":${long}}`)).toMatchObject({ id: 1 })
  })

  test('calls of a batch with the same id are each answered, and what is none gets an error of its own', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const call = '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":[1]}'
    expect(await ask(url, `[${call},5,${call}]`)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 1 },
      error(null, -32_600, 'invalid request'),
      { jsonrpc: '2.0', id: 1, result: 1 },
    ])
  })

  test('a notification gets no answer', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await send(url, '{"jsonrpc":"2.0","method":"test_echo"}')).toMatchObject({ status: 200, text: '' })
  })
})

describe('too much', () => {
  test('a batch of more calls than allowed is refused with the id of its first', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const calls = Array.from({ length: 1_001 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"test_echo"}`)
    expect(await ask(url, `[${calls.join(',')}]`)).toEqual([error(0, -32_600, 'batch too large')])
  })

  test('a batch of long calls lets others have their turn, and is answered in order', async () => {
    const busy = (n: number): number => {
      const end = performance.now() + 5
      while (performance.now() < end);
      return n
    }
    const { url } = await server.register('busy', { wait: busy }).listen('http://127.0.0.1:0')
    const calls = Array.from({ length: 60 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'busy_wait', params: [id] }))
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const answers = (await ask(url, JSON.stringify(calls))) as { result: number }[]
    clearInterval(timer)
    expect(answers.map(({ result }) => result)).toEqual(calls.map(({ id }) => id))
    expect(turns).toBeGreaterThan(10) // of 300 ms
  })

  test('a batch whose answers are too large is cut where they are', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const calls = [1, 2, 3, 4].map((id) => ({ jsonrpc: '2.0', id, method: 'test_large', params: [10_000_000] }))
    const answers = (await ask(url, JSON.stringify(calls))) as { result?: string; error?: { code: number } }[]
    expect(answers.map(({ result, error }) => result?.length ?? error?.code)).toEqual([1e7, 1e7, -32_003, -32_003])
  })

  test.each([{}, { 'transfer-encoding': 'chunked' }])('a body over 5 MiB is refused, with %o', async (headers) => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const body = `"${'x'.repeat(5 * 1024 * 1024)}"`
    const reply = await send(url, body, headers as Record<string, string>).catch(
      (cause: NodeJS.ErrnoException) => cause.code,
    )
    expect(['EPIPE', 'ECONNRESET', 413]).toContain(typeof reply === 'object' ? reply.status : reply)
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"test_echo"}')).toMatchObject({ id: 1 })
  })

  test('a WebSocket frame over 32 MiB ends the connection with 1009', async () => {
    const { url } = await server.listen('ws://127.0.0.1:0')
    const ws = new WebSocket(url)
    const closed = deferred<number>()
    ws.on('error', () => {})
    ws.on('close', closed.resolve)
    ws.on('open', () => ws.send(Buffer.alloc(33 * 1024 * 1024, 0x20)))
    expect([1009, 1006]).toContain(await closed.promise)
  })

  test('an IPC message over 32 MiB ends the connection', async () => {
    const path = join(folder, `${sockets++}.ipc`)
    await server.listen(path)
    const socket = connect(path)
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write(`["${'x'.repeat(33 * 1024 * 1024)}`)
    socket.resume()
    await closed
  })

  test('a client gets a thousand subscriptions, and no more', async () => {
    const { url } = await server.listen('ws://127.0.0.1:0')
    await using client = await RpcClient.dial(url)
    const idle = {
      async *idle(signal?: AbortSignal) {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
        yield 0
      },
    }
    server.register('idle', idle)
    const open = Array.from({ length: 10_000 }, () => client.call('idle_subscribe', ['idle']))
    const settled = await Promise.allSettled(open)
    const refused = settled.filter((each) => each.status === 'rejected')
    expect(settled.length - refused.length).toBe(MAX_SUBSCRIPTIONS)
    expect(refused[0]?.reason).toMatchObject({ errorCode: -32_005 })
  })
})

/** A connection that asks for more than anybody could send, and takes nothing of it. */
interface Deaf {
  readonly closed: Promise<void>
  /** Reads what there is: only so does a socket learn that it was closed. */
  listen(): void
}

const FLOOD = '{"jsonrpc":"2.0","id":1,"method":"test_subscribe","params":["forever"]}\n'

function deafIpc(path: string): Promise<Deaf> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const closed = deferred()
    socket.on('error', () => {})
    socket.on('close', () => closed.resolve())
    socket.on('connect', () => {
      socket.write(FLOOD)
      resolve({ closed: closed.promise, listen: () => socket.resume() })
    })
  })
}

function deafWebSocket(url: string): Promise<Deaf> {
  return new Promise((resolve) => {
    const ws = new WebSocket(url)
    const closed = deferred()
    ws.on('error', () => {})
    ws.on('close', () => closed.resolve())
    ws.on('open', () => {
      ws.pause()
      ws.send(FLOOD)
      resolve({ closed: closed.promise, listen: () => ws.resume() })
    })
  })
}

describe('a client that never reads', () => {
  test.each([
    ['ws', deafWebSocket],
    ['ipc', deafIpc],
  ] as const)(
    'over %s is closed after a while, and less is held for it than a few messages',
    async (transport, connectTo) => {
      const clock = new FakeClock()
      const warned = deferred<{ readonly waiting?: unknown }>()
      const log = { ...silentLogger, warn: (_: string, fields = {}) => warned.resolve(fields), child: () => log }
      await using slow = new RpcServer({ clock, log }).register('test', api)
      const at = transport === 'ipc' ? join(folder, `${sockets++}.ipc`) : 'ws://127.0.0.1:0'
      const deaf = await connectTo((await slow.listen(at)).url)
      let over = false
      void warned.promise.then(() => {
        over = true
      })
      while (!over) await clock.advance(WRITE_TIMEOUT / 50)
      expect((await warned.promise).waiting).toBeLessThan(2 * MAX_BUFFERED_BYTES)
      deaf.listen()
      await deaf.closed
    },
  )
})

describe('a flood of pings', () => {
  test('from who does not read is not answered without end', async () => {
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
    const again = setInterval(() => ws.ping(Buffer.alloc(1)), 10) // the first ones may still find no room
    await last.promise
    clearInterval(again)
    expect(pongs).toBeLessThan(pings)
    ws.terminate()
  })
})

describe('a client that reads slowly', () => {
  test('is not taken for one that does not read', async () => {
    const clock = new FakeClock()
    const warned: string[] = []
    const log = { ...silentLogger, warn: (message: string) => warned.push(message), child: () => log }
    await using slow = new RpcServer({ clock, log }).register('test', api)
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

describe('a WebSocket that is turned away', () => {
  test('is closed, though the other side never ends its half', async () => {
    await using strict = new RpcServer().register('test', api)
    const { url } = await strict.listen('ws://127.0.0.1:0')
    const { port, hostname } = new URL(url)
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
    const answered = new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())))
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
    ]
    socket.write(['GET / HTTP/1.1', 'Host: localhost', 'Origin: https://evil.example', ...upgrade, '', ''].join('\r\n'))
    expect(await answered).toMatch(/^HTTP\/1.1 403/)
    await strict.close() // waits for every socket
    socket.destroy()
  })
})

describe('a client of a server that answers nonsense', () => {
  /** An IPC server that answers each piece with what it is told to. */
  async function nonsense(answer: string): Promise<{ path: string; close: () => void }> {
    const path = join(folder, `${sockets++}.ipc`)
    const listener = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => socket.write(answer))
    })
    await new Promise<void>((resolve) => listener.listen(path, resolve))
    return { path, close: () => listener.close() }
  }

  test.each([
    ['no JSON', 'hello\n', {}],
    [
      'more than it may',
      `"${'x'.repeat(2_000)}"\n`.replace('"', '["').replace(/"\n$/, '"]\n'),
      { maxResponseBytes: 1_000 },
    ],
  ])('over IPC, %s, has its calls fail and connects anew', async (_, answer, options) => {
    const { path, close } = await nonsense(answer)
    await using client = await RpcClient.dial(path, { ...options, random: () => 0 })
    const events = client.events()
    await expect(client.call('any')).rejects.toMatchObject({ name: 'RpcConnectionError', code: 'ERR_RPC_ANSWER' })
    expect((await events.next()).value).toMatchObject({ type: 'disconnected' })
    expect((await events.next()).value).toMatchObject({ type: 'connected' })
    close()
  })

  test('a subscription whose id is no text fails', async () => {
    const { path, close } = await nonsense('{"jsonrpc":"2.0","id":1,"result":7}\n')
    await using client = await RpcClient.dial(path)
    await expect(client.subscribe('eth', ['newHeads']).next()).rejects.toMatchObject({ code: 'ERR_RPC_ANSWER' })
    close()
  })
})

describe('a slow body', () => {
  test('is given up after its time, and others are answered meanwhile', async () => {
    await using strict = new RpcServer({ readTimeout: 100 }).register('test', api)
    const { url } = await strict.listen('http://127.0.0.1:0')
    const { port, hostname } = new URL(url)
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    const closed = new Promise((resolve) => socket.on('close', resolve))
    socket.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"test_echo"}')).toMatchObject({ id: 1 })
    await closed
    expect(answer).toMatch(/^HTTP\/1.1 408/)
  })
})

describe('HTTP', () => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"test_echo"}'

  test('only POST with JSON is a call', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect((await send(url, call, {}, 'PUT')).status).toBe(405)
    expect((await send(url, call, { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await send(url, call, { 'content-type': 'application/json; charset=utf-8' })).status).toBe(200)
    expect((await send(url, undefined, {}, 'GET')).status).toBe(200)
    expect(await send(`${url}/health`, undefined, {}, 'GET')).toMatchObject({ status: 200, text: '{"ok":true}' })
    expect((await send(`${url}/elsewhere`, call)).status).toBe(404)
    const below = await server.listen('http://127.0.0.1:0/rpc')
    expect((await send(below.url, call)).status).toBe(200)
    expect((await send(below.url.replace('/rpc', '/'), call)).status).toBe(404)
  })

  test('a foreign Host is refused, an IP address and localhost are not', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await send(url, call, { host: 'evil.example' })).toMatchObject({
      status: 403,
      text: 'invalid host specified\n',
    })
    expect((await send(url, call, { host: 'LOCALHOST:1234' })).status).toBe(200)
    expect((await send(url, call, { host: '[::1]:8545' })).status).toBe(200)
    const open = await server.listen('http://127.0.0.1:0', { vhosts: ['node.example'] })
    expect((await send(open.url, call, { host: 'node.example:80' })).status).toBe(200)
    expect((await send(open.url, call, { host: 'localhost' })).status).toBe(403)
  })

  test('pages of other origins are let in when they are named', async () => {
    const { url } = await server.listen('http://127.0.0.1:0', { cors: ['https://app.example'] })
    const allowed = await send(url, call, { origin: 'https://app.example' })
    expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example')
    const other = await send(url, call, { origin: 'https://evil.example' })
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
    const preflight = await send(url, undefined, { origin: 'https://app.example' }, 'OPTIONS')
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-max-age': '600' } })
  })

  test('long answers are packed for who takes gzip', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const body = '{"jsonrpc":"2.0","id":1,"method":"test_large","params":[100000]}'
    const packed = await send(url, body, { 'accept-encoding': 'gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect((await send(url, body)).text.length).toBeGreaterThan(100_000)
    server.register('kept', { bytes: () => new RawJson(Buffer.from(`"${'x'.repeat(5_000)}"`)) })
    const kept = await send(url, body.replace('test_large', 'kept_bytes'), { 'accept-encoding': 'gzip' })
    expect(kept.headers['content-encoding']).toBe('gzip')
  })

  test('an endpoint offers the namespaces it is given', async () => {
    server.register('secret', { key: () => 42 })
    const { url } = await server.listen('http://127.0.0.1:0', { modules: ['test'] })
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"secret_key"}')).toMatchObject({ error: { code: -32_601 } })
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}')).toMatchObject({
      result: { test: '1.0', rpc: '1.0' },
    })
    const { result } = (await ask(url, '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}')) as {
      result: { openrpc: string; methods: { name: string }[] }
    }
    expect(result.openrpc).toBe('1.3.2')
    expect(result.methods.map(({ name }) => name)).toEqual([
      'rpc.discover',
      'rpc_modules',
      'test_echo',
      'test_forever',
      'test_large',
    ])
  })
})

describe('origins of WebSockets', () => {
  const tryOrigin = (url: string, origin: string): Promise<string> =>
    RpcClient.dial(url, { origin, reconnect: false }).then(
      async (client) => {
        await client.close()
        return 'in'
      },
      (failure: { status?: number }) => `${failure.status}`,
    )

  test('pages of this machine are let in, others only when they are named', async () => {
    const { url } = await server.listen('ws://127.0.0.1:0')
    expect(await tryOrigin(url, 'http://localhost:3000')).toBe('in')
    expect(await tryOrigin(url, 'https://evil.example')).toBe('403')
    const open = await server.listen('ws://127.0.0.1:0', { origins: ['https://app.example'] })
    expect(await tryOrigin(open.url, 'https://app.example')).toBe('in')
    expect(await tryOrigin(open.url, 'http://app.example')).toBe('403')
    const any = await server.listen('ws://127.0.0.1:0', { origins: ['*'] })
    expect(await tryOrigin(any.url, 'https://evil.example')).toBe('in')
  })
})

describe('an authenticated endpoint', () => {
  const secret = new Uint8Array(32).fill(7)
  const call = '{"jsonrpc":"2.0","id":1,"method":"test_echo"}'
  const token = (claims: object, head: object = { alg: 'HS256', typ: 'JWT' }, signature?: string): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    return `Bearer ${part(head)}.${part(claims)}.${signature ?? 'AAAA'}`
  }
  const clock = new FakeClock()

  test('lets in who has the secret, and says why it does not', async () => {
    await using guarded = new RpcServer({ clock }).register('test', api)
    const { url } = await guarded.listen('http://127.0.0.1:0', { jwtSecret: secret })
    const iat = Math.floor(clock.unixTime() / 1000)
    const why = async (authorization?: string) => {
      const { status, text } = await send(url, call, authorization === undefined ? {} : { authorization })
      return status === 200 ? 'in' : `${status} ${text.trim()}`
    }
    expect(await why()).toBe('401 missing token')
    expect(await why('Bearer x')).toBe('401 malformed token')
    expect(await why(token({ iat }, { alg: 'none' }, 'AA'))).toBe('401 the token is not signed with HS256')
    expect(await why(token({ iat }))).toBe('401 the token has a wrong signature')
    expect(await why(`Bearer ${createJwt(new Uint8Array(32), clock)}`)).toBe('401 the token has a wrong signature')
    const good = `Bearer ${createJwt(secret, clock)}`
    expect(await why(good)).toBe('in')
    await clock.advance(61_000)
    expect(await why(good)).toBe('401 stale token')
    const early = new FakeClock(clock.unixTime() + 62_000)
    expect(await why(`Bearer ${createJwt(secret, early)}`)).toBe('401 future token')
  })

  test('the client signs each request anew, over HTTP and WebSocket', async () => {
    const { url } = await server.listen('http://127.0.0.1:0', { jwtSecret: secret })
    const ws = await server.listen(url.replace('http', 'ws'), { jwtSecret: secret })
    expect(new URL(ws.url).port).toBe(new URL(url).port)
    for (const at of [url, ws.url]) {
      await using client = await RpcClient.dial(at, { jwtSecret: secret })
      expect(await client.call('test_echo', ['hello'])).toBe('hello')
    }
    await using stranger = await RpcClient.dial(url)
    await expect(stranger.call('test_echo')).rejects.toMatchObject({ name: 'RpcHttpError', status: 401 })
    await expect(RpcClient.dial(ws.url)).rejects.toMatchObject({ status: 401 })
  })
})

describe('an endpoint that cannot be', () => {
  test('a port in use names itself', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const { host } = new URL(url)
    await using other = new RpcServer()
    await expect(other.listen(url)).rejects.toMatchObject({
      field: 'port',
      message: expect.stringContaining(`${host} is in use`),
    })
  })

  test.skipIf(process.platform === 'win32')('an IPC path is checked, and only its owner may use it', async () => {
    const path = join(folder, `${sockets++}.ipc`)
    await expect(server.listen(join(folder, 'missing', 'x.ipc'))).rejects.toMatchObject({
      field: 'ipcPath',
      message: expect.stringContaining('is missing'),
    })
    await expect(server.listen(join(folder, `${'x'.repeat(120)}.ipc`))).rejects.toMatchObject({
      field: 'ipcPath',
      message: expect.stringContaining('too long'),
    })
    await writeFile(path, '')
    await expect(server.listen(path)).rejects.toMatchObject({ message: expect.stringContaining('is no socket') })
    await rm(path)
    await server.listen(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await using other = new RpcServer()
    await expect(other.listen(path)).rejects.toMatchObject({ message: expect.stringContaining('in use') })
  })

  test('a text that is no endpoint is refused', async () => {
    await expect(server.listen('ftp://127.0.0.1')).rejects.toMatchObject({ field: 'url' })
    await expect(RpcClient.dial('http://')).rejects.toMatchObject({ field: 'url' })
  })
})
