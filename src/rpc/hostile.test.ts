import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { ask, send } from '../../test/support/raw-http.ts'
import { testApi } from '../../test/support/rpc-api.ts'
import { deferred } from '../base/deferred.ts'
import { RpcClient, RpcServer } from './index.ts'
import { MAX_SUBSCRIPTIONS } from './session/server-subscriptions.ts'
import { MAX_VALUES } from './wire/parse-json.ts'

const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpc-'))
afterAll(() => rm(folder, { recursive: true }))
let sockets = 0

let server: RpcServer
beforeEach(() => {
  server = new RpcServer().register('test', testApi)
})
afterEach(() => server.close())

const error = (id: unknown, code: number, message: string) => ({ jsonrpc: '2.0', id, error: { code, message } })

describe('invalid messages', () => {
  const brackets = '['.repeat(100_000)
  const nested = `{"jsonrpc":"2.0","id":1,"method":"test_echo","params":${brackets}${']'.repeat(100_000)}}`

  test.each([
    ['truncated JSON', '{"jsonrpc":', error(null, -32_700, 'parse error')],
    ['empty text', '', error(null, -32_700, 'parse error')],
    ['unclosed brackets', brackets, error(null, -32_700, 'parse error')],
    ['wrong version', '{"jsonrpc":"1.0","id":7,"method":"test_echo"}', error(7, -32_600, 'invalid request')],
    ['missing version', '{"id":7,"method":"test_echo"}', error(7, -32_600, 'invalid request')],
    ['object as id', '{"jsonrpc":"2.0","id":{},"method":"test_echo"}', error(null, -32_600, 'invalid request')],
    ['boolean as id', '{"jsonrpc":"2.0","id":true,"method":"x"}', error(null, -32_600, 'invalid request')],
    [
      'id beyond the safe integers',
      '{"jsonrpc":"2.0","id":9007199254740993,"method":"x"}',
      error(null, -32_600, 'invalid request'),
    ],
    ['number as method', '{"jsonrpc":"2.0","id":1,"method":5}', error(1, -32_600, 'invalid request')],
    ['number as message', '5', error(null, -32_600, 'invalid request')],
    ['empty batch', '[]', error(null, -32_600, 'empty batch')],
    [
      'named parameters',
      '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":{"a":1}}',
      error(1, -32_602, 'non-array args'),
    ],
  ])('an invalid message (%s) is answered with an error', async (_, body, wanted) => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await ask(url, body)).toEqual(wanted)
    expect(await ask(url, '{"jsonrpc":"2.0","id":"a","method":"test_echo","params":[1]}')).toMatchObject({
      id: 'a',
      result: 1,
    })
  })

  test('a request nested a hundred thousand levels deep is answered, and the server goes on', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const { status } = await send(url, nested)
    expect(status).toBe(200)
    expect(await ask(url, '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":[2]}')).toMatchObject({ result: 2 })
  })

  test('a large text nested too deeply is refused before it is parsed', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await ask(url, `${'[0,'.repeat(200_000)}0${']'.repeat(200_000)}`)).toEqual(
      error(null, -32_700, 'parse error'),
    )
    const long = JSON.stringify(['[['.repeat(200_000), '\\"[['])
    expect(await ask(url, `{"jsonrpc":"2.0","id":1,"method":"test_echo","params":${long}}`)).toMatchObject({ id: 1 })
  })

  test('calls of a batch with the same id are each answered, and an invalid one gets an error of its own', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const call = '{"jsonrpc":"2.0","id":1,"method":"test_echo","params":[1]}'
    expect(await ask(url, `[${call},5,${call}]`)).toEqual([
      { jsonrpc: '2.0', id: 1, result: 1 },
      error(null, -32_600, 'invalid request'),
      { jsonrpc: '2.0', id: 1, result: 1 },
    ])
  })

  test('a notification over HTTP gets an empty response', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    expect(await send(url, '{"jsonrpc":"2.0","method":"test_echo"}')).toMatchObject({ status: 200, text: '' })
  })
})

describe('requests over the limits', () => {
  test('a batch of too many calls is refused with the id of its first call', async () => {
    const { url } = await server.listen('http://127.0.0.1:0')
    const calls = Array.from({ length: 1_001 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"test_echo"}`)
    expect(await ask(url, `[${calls.join(',')}]`)).toEqual([error(0, -32_600, 'batch too large')])
  })

  test('a batch of long calls yields to other work, and is answered in order', async () => {
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

  test('a message of too many values is refused before it is parsed', async () => {
    const pieces = `{"jsonrpc":"2.0","id":1,"method":"test_echo","params":[[${'[],'.repeat(MAX_VALUES)}[]]]}`
    const refusal = { jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'parse error' } }
    const http = await server.listen('http://127.0.0.1:0')
    expect(await ask(http.url, pieces)).toEqual(refusal)
    const { url } = await server.listen('ws://127.0.0.1:0')
    const ws = new WebSocket(url)
    await once(ws, 'open')
    ws.send(pieces)
    const [answer] = (await once(ws, 'message')) as [Buffer]
    expect(JSON.parse(answer.toString())).toEqual(refusal)
    ws.terminate()
  })

  test('a batch without a limit may have any number of calls', async () => {
    await using open = new RpcServer({ batchLimit: Number.POSITIVE_INFINITY, batchResponseBytes: 1_000 })
    const { url } = await open.register('test', testApi).listen('http://127.0.0.1:0')
    const answers = (await ask(url, `[${'1,'.repeat(150_000)}1]`)) as unknown[]
    expect(answers).toHaveLength(150_001)
  })

  test('the responses of a batch that exceed batchResponseBytes are errors', async () => {
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

  test('a connection may have a thousand subscriptions, and no more', async () => {
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

  test('all connections together may have ten thousand subscriptions, which are free again after they have closed', async () => {
    const subscribe = { method: 'test_subscribe', params: ['quiet'] }
    const grab = async () => {
      const client = await RpcClient.inProcess(server)
      const settled = await client.batch(Array.from({ length: 1_000 }, () => subscribe))
      return { client, got: settled.filter(({ status }) => status === 'fulfilled').length }
    }
    const clients = []
    for (let n = 0; n < 10; n++) clients.push(await grab())
    expect(clients.map(({ got }) => got)).toEqual(Array(10).fill(1_000))
    const late = await grab()
    expect(late.got).toBe(0)
    for (const { client } of [...clients, late]) await client.close()
    const after = await grab()
    expect(after.got).toBe(1_000)
    await after.client.close()
  })
})

describe('a WebSocket upgrade that is refused', () => {
  test('a refused WebSocket upgrade closes the connection even if the client never ends its half', async () => {
    await using strict = new RpcServer().register('test', testApi)
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

describe('a client of a server that sends invalid responses', () => {
  /** An IPC server that sends `response` for each chunk it receives. */
  async function respondWith(response: string): Promise<{ path: string; close: () => void }> {
    const path = join(folder, `${sockets++}.ipc`)
    const listener = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', () => socket.write(response))
    })
    await new Promise<void>((resolve) => listener.listen(path, resolve))
    return { path, close: () => listener.close() }
  }

  test.each([
    ['not JSON', 'hello\n', {}],
    [
      'a response over the limit',
      `"${'x'.repeat(2_000)}"\n`.replace('"', '["').replace(/"\n$/, '"]\n'),
      { maxResponseBytes: 1_000 },
    ],
  ])(
    'an invalid response over IPC (%s) fails the pending calls, and the client reconnects',
    async (_, response, options) => {
      const { path, close } = await respondWith(response)
      await using client = await RpcClient.dial(path, { ...options, random: () => 0 })
      const events = client.events()
      await expect(client.call('any')).rejects.toMatchObject({ name: 'RpcConnectionError', code: 'ERR_RPC_ANSWER' })
      expect((await events.next()).value).toMatchObject({ type: 'disconnected' })
      expect((await events.next()).value).toMatchObject({ type: 'connected' })
      close()
    },
  )

  test('a subscription whose id is not a string fails', async () => {
    const { path, close } = await respondWith('{"jsonrpc":"2.0","id":1,"result":7}\n')
    await using client = await RpcClient.dial(path)
    await expect(client.subscribe('eth', ['newHeads']).next()).rejects.toMatchObject({ code: 'ERR_RPC_ANSWER' })
    close()
  })
})

describe('slow requests', () => {
  test('a request whose body does not arrive in time gets 408, and others are answered meanwhile', async () => {
    await using strict = new RpcServer({ readTimeout: 100 }).register('test', testApi)
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
