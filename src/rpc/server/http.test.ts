import { on, once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ask, send } from '../../../test/support/raw-http.ts'
import { testApi } from '../../../test/support/rpc-api.ts'
import { deferred } from '../../base/deferred.ts'
import { FakeClock } from '../../testing/index.ts'
import { type CallContext, method, RawJson, RpcClient, RpcServer } from '../index.ts'
import { createJwt } from '../wire/jwt.ts'

const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpc-'))
afterAll(() => rm(folder, { recursive: true }))
let sockets = 0

let server: RpcServer
beforeEach(() => {
  server = new RpcServer().register('test', testApi)
})
afterEach(() => server.close())

describe('HTTP', () => {
  const call = '{"jsonrpc":"2.0","id":1,"method":"test_echo"}'

  test('only a POST of JSON to the path of the endpoint is a call', async () => {
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

  test('an upgrade to anything but a WebSocket is ignored, as often as it is offered', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const warned = vi.fn() // of listeners that add up
    process.on('warning', warned)
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', noDelay: true })
    const answers = on(socket, 'data')
    for (let i = 0; i < 20; i++) {
      const body = `{"jsonrpc":"2.0","id":${i},"method":"test_echo","params":["h2c"]}`
      const head = ['POST / HTTP/1.1', 'Host: localhost', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c']
      const about = ['HTTP2-Settings: AAEAAEAA', 'Content-Type: application/json', `Content-Length: ${body.length}`]
      socket.write(`${[...head, ...about].join('\r\n')}\r\n\r\n${body.slice(0, 10)}`)
      socket.write(body.slice(10))
      const { value } = (await answers.next()) as { value: [Buffer] }
      expect(value.toString()).toMatch(new RegExp(`^HTTP/1.1 200 OK[^]*"id":${i},"result":"h2c"`))
    }
    socket.destroy()
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })

  test('the version and Connection: close of a request with an ignored upgrade are respected', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const body = '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":["x"]}'
    const about = ['Content-Type: application/json', `Content-Length: ${body.length}`, 'Upgrade: h2c']
    for (const [version, more] of [
      ['1.1', ['Host: localhost', 'Connection: close, Upgrade']],
      ['1.0', ['Connection: Upgrade']],
    ] as const) {
      const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
      socket.write([`POST / HTTP/${version}`, ...about, ...more, '', body].join('\r\n'))
      let text = ''
      for await (const chunk of socket) text += chunk // until the server closes
      expect(text).toMatch(/^HTTP\/1.1 200 OK.*Connection: close.*"result":"x"/s)
    }
  })

  test('pipelined requests with and without an ignored upgrade are answered in order', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const request = (id: number, upgrade: boolean) => {
      const body = `{"jsonrpc":"2.0","id":${id},"method":"test_large","params":[10000]}`
      const about = ['Content-Type: application/json', `Content-Length: ${body.length}`]
      if (upgrade) about.push('Connection: Upgrade', 'Upgrade: h2c')
      return `${['POST / HTTP/1.1', 'Host: localhost', ...about].join('\r\n')}\r\n\r\n${body}`
    }
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    const ids = Array.from({ length: 100 }, (_, id) => id)
    socket.write(ids.map((id) => request(id, id % 3 !== 0)).join(''))
    let text = ''
    for await (const [chunk] of on(socket, 'data')) {
      text += chunk
      if (text.includes(`"id":${ids.length - 1},`)) break
    }
    expect([...text.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id))).toEqual(ids)
    socket.destroy()
  })

  test('a caller that disconnects while an ignored upgrade is pending does no harm', async () => {
    const begun = deferred()
    const wait = ({ signal }: CallContext) =>
      new Promise<never>((_, reject) => {
        begun.resolve()
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    server.register('test', { wait: method({ summary: 'waits', params: [] }, wait) })
    const { url } = await server.listen('http://127.0.0.1:0')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const body = '{"jsonrpc":"2.0","id":1,"method":"test_wait"}'
    const head = [
      'POST / HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ]
    socket.write([...head, '', body].join('\r\n'))
    socket.write([...head, 'Connection: Upgrade', 'Upgrade: h2c', '', body].join('\r\n'))
    await begun.promise
    socket.resetAndDestroy()
    await once(socket, 'close')
    expect(await ask(url, '{"jsonrpc":"2.0","id":2,"method":"test_echo","params":["still here"]}')).toMatchObject({
      result: 'still here',
    })
  })

  test('all calls of an HTTP caller that disconnects are aborted', async () => {
    let waiting = 0
    const all = deferred()
    const none = deferred()
    const wait = ({ signal }: CallContext) =>
      new Promise<never>((_, reject) => {
        if (++waiting === 20) all.resolve()
        signal.addEventListener('abort', () => {
          if (--waiting === 0) none.resolve()
          reject(signal.reason)
        })
      })
    server.register('test', { wait: method({ summary: 'waits', params: [] }, wait) })
    const { url } = await server.listen('http://127.0.0.1:0')
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const body = '{"jsonrpc":"2.0","id":1,"method":"test_wait"}'
    const head = ['POST / HTTP/1.1', 'Host: localhost', 'Content-Type: application/json']
    socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n').repeat(20))
    await all.promise
    socket.destroy()
    await none.promise
    expect(waiting).toBe(0)
  })

  test('a foreign Host header is refused, an IP address and localhost are accepted', async () => {
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

  test('pages of the configured origins get CORS headers, others do not', async () => {
    const { url } = await server.listen('http://127.0.0.1:0', { cors: ['https://app.example'] })
    const allowed = await send(url, call, { origin: 'https://app.example' })
    expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example')
    const other = await send(url, call, { origin: 'https://evil.example' })
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
    const preflight = await send(url, undefined, { origin: 'https://app.example' }, 'OPTIONS')
    expect(preflight).toMatchObject({ status: 204, headers: { 'access-control-max-age': '600' } })
  })

  test('long responses are compressed for callers that accept gzip', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const body = '{"jsonrpc":"2.0","id":1,"method":"test_large","params":[100000]}'
    const packed = await send(url, body, { 'accept-encoding': 'gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect((await send(url, body)).text.length).toBeGreaterThan(100_000)
    server.register('kept', { bytes: () => new RawJson(Buffer.from(`"${'x'.repeat(5_000)}"`)) })
    const kept = await send(url, body.replace('test_large', 'kept_bytes'), { 'accept-encoding': 'gzip' })
    expect(kept.headers['content-encoding']).toBe('gzip')
  })

  test('an HTTP endpoint offers the configured namespaces and describes them', async () => {
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
      'test_quiet',
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

  test('a WebSocket of a page of this machine is accepted, others only from configured origins', async () => {
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

  test('an authenticated endpoint accepts valid tokens, and names the reason of a refusal', async () => {
    await using guarded = new RpcServer({ clock }).register('test', testApi)
    const { url } = await guarded.listen('http://127.0.0.1:0', { jwtSecret: secret })
    const iat = Math.floor(clock.unixTime() / 1000)
    const why = async (authorization?: string) => {
      const { status, text } = await send(url, call, authorization === undefined ? {} : { authorization })
      return status === 200 ? 'in' : `${status} ${text.trim()}`
    }
    expect(await why()).toBe('401 missing token')
    expect(await why('Bearer x')).toBe('401 malformed token')
    expect(await why(token({ iat }, { alg: 'none' }, 'AA'))).toBe('401 token not signed with HS256')
    expect(await why(token({ iat }))).toBe('401 invalid token signature')
    expect(await why(`Bearer ${createJwt(new Uint8Array(32), clock)}`)).toBe('401 invalid token signature')
    const good = `Bearer ${createJwt(secret, clock)}`
    expect(await why(good)).toBe('in')
    await clock.advance(61_000)
    expect(await why(good)).toBe('401 stale token')
    const early = new FakeClock(clock.unixTime() + 62_000)
    expect(await why(`Bearer ${createJwt(secret, early)}`)).toBe('401 future token')
  })

  test('the client signs each HTTP request and WebSocket handshake with the JWT secret', async () => {
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

describe('addresses that cannot be used', () => {
  test('a port in use is a ConfigError that names the address', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const { host } = new URL(url)
    await using other = new RpcServer()
    await expect(other.listen(url)).rejects.toMatchObject({
      field: 'port',
      message: expect.stringContaining(`${host} is in use`),
    })
  })

  test.skipIf(process.platform === 'win32')('an IPC path is checked, and only its owner may connect', async () => {
    const path = join(folder, `${sockets++}.ipc`)
    await expect(server.listen(join(folder, 'missing', 'x.ipc'))).rejects.toMatchObject({
      field: 'ipcPath',
      message: expect.stringContaining('is missing'),
    })
    await expect(server.listen(join(folder, `${'x'.repeat(120)}.ipc`))).rejects.toMatchObject({
      field: 'ipcPath',
      message: expect.stringContaining('too long'),
    })
    await expect(server.listen(`${path}\0more`)).rejects.toMatchObject({
      field: 'ipcPath',
      message: expect.stringContaining('NUL'),
    })
    await writeFile(path, '')
    await expect(server.listen(path)).rejects.toMatchObject({
      message: expect.stringContaining('exists and is not a socket'),
    })
    await rm(path)
    await server.listen(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await using other = new RpcServer()
    await expect(other.listen(path)).rejects.toMatchObject({ message: expect.stringContaining('in use') })
  })

  test('a text that is not an endpoint address is a ConfigError', async () => {
    await expect(server.listen('ftp://127.0.0.1')).rejects.toMatchObject({ field: 'url' })
    await expect(RpcClient.dial('http://')).rejects.toMatchObject({ field: 'url' })
  })
})
