import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { testApi } from '../../../test/support/rpc-api.ts'
import { deferred } from '../../base/deferred.ts'
import { RpcClient, RpcServer } from '../index.ts'

test('a subscription queues no more than 64 MiB of JSON for a slow reader', async () => {
  const large = 'x'.repeat(20 * 1024 * 1024)
  const api = {
    async *large() {
      for (let n = 0; n < 5; n++) yield large
    },
    done: () => true,
  }
  await using server = new RpcServer().register('test', api)
  await using client = await RpcClient.inProcess(server)
  const subscription = client.subscribe<string>('test', ['large'])
  await subscription.ready()
  while (!subscription.ended) await client.call('test_done')
  for (let n = 0; n < 3; n++) expect((await subscription.next()).value).toHaveLength(large.length)
  await expect(subscription.next()).rejects.toMatchObject({ code: 'ERR_RPC_OVERFLOW', held: 3 })
})

test('a subscription that is abandoned before it began sends nothing to the server', async () => {
  let asked = 0
  const api = {
    async *now() {
      yield asked++
    },
  }
  await using server = new RpcServer().register('test', api)
  await using client = await RpcClient.inProcess(server)
  const subscription = client.subscribe('test', ['now'])
  await subscription.return()
  expect(await subscription.next()).toEqual({ value: undefined, done: true })
  expect(asked).toBe(0)
})

test('the end of a subscription has a method name of its own, so that clients which know values only ignore it', async () => {
  const api = {
    async *two() {
      yield 1
      yield 2
    },
    // biome-ignore lint/correctness/useYield: it fails before
    async *broken(): AsyncGenerator<never> {
      throw new Error('no more')
    },
  }
  await using server = new RpcServer().register('test', api)
  const { url } = await server.listen('ws://127.0.0.1:0')
  const ws = new WebSocket(url)
  await once(ws, 'open')
  const said: { method?: string; result?: string; params?: object }[] = []
  const over = deferred()
  ws.on('message', (data) => {
    said.push(JSON.parse(data.toString()))
    if (said.filter(({ method }) => method === 'test_subscriptionEnded').length === 2) over.resolve()
  })
  ws.send('{"jsonrpc":"2.0","id":1,"method":"test_subscribe","params":["two"]}')
  ws.send('{"jsonrpc":"2.0","id":2,"method":"test_subscribe","params":["broken"]}')
  await over.promise
  const [two, broken] = said.flatMap(({ result }) => result ?? [])
  const values = said.filter(({ method }) => method === 'test_subscription').map(({ params }) => params)
  expect(values).toEqual([1, 2].map((result) => ({ subscription: two, result })))
  const ends = said.filter(({ method }) => method === 'test_subscriptionEnded').map(({ params }) => params)
  expect(ends).toHaveLength(2)
  expect(ends).toContainEqual({ subscription: two })
  expect(ends).toContainEqual({ subscription: broken, error: { code: -32_000, message: 'no more' } })
  ws.terminate()
})

test('a subscription that is abandoned before the response came is unsubscribed', async () => {
  const asked: string[] = []
  const taken = deferred()
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      const { id, method, params } = JSON.parse(data.toString())
      asked.push(method)
      if (method === 'test_subscribe') abort.abort()
      if (method === 'test_unsubscribe') taken.resolve()
      ws.send(JSON.stringify({ jsonrpc: '2.0', id, result: params[0] === '0x1' ? true : '0x1' }))
    })
  })
  const abort = new AbortController()
  const { port } = server.address() as { port: number }
  await using client = await RpcClient.dial(`ws://127.0.0.1:${port}`)
  const subscription = client.subscribe('test', ['x'], { signal: abort.signal })
  await subscription.ready()
  await taken.promise
  expect(asked).toEqual(['test_subscribe', 'test_unsubscribe'])
  await client.close()
  server.close()
})

test('a subscription that is abandoned while disconnected is not requested after the reconnection', async () => {
  const first = new RpcServer().register('test', testApi)
  const { url } = await first.listen('ws://127.0.0.1:0')
  await using client = await RpcClient.dial(url)
  const events = client.events()
  await first.close()
  await events.next()
  const subscription = client.subscribe('test', ['quiet'], { resubscribe: true })
  const ready = subscription.ready()
  await subscription.return()
  let asked = 0
  const quiet = async function* (signal?: AbortSignal) {
    asked++
    yield* testApi.quiet(signal)
  }
  await using second = new RpcServer().register('test', { ...testApi, quiet })
  await second.listen(url)
  await expect(ready).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED' })
  expect(await client.call('test_echo', [1])).toBe(1)
  expect(asked).toBe(0)
})

test('the error of a connection closed by the server has the code and reason of the WebSocket', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (ws) => ws.on('message', () => ws.close(1013, 'daily request count exceeded')))
  const { port } = server.address() as { port: number }
  await using client = await RpcClient.dial(`ws://127.0.0.1:${port}`, { reconnect: false })
  await expect(client.call('test_echo')).rejects.toThrow('closed with code 1013: daily request count exceeded')
  server.close()
})

test('a subscription notification without a value is ignored', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (ws) => {
    ws.on('message', (data) => {
      const { id } = JSON.parse(data.toString())
      const word = (what: string) =>
        ws.send(`{"jsonrpc":"2.0","method":"test_subscription","params":{"subscription":"0x1"${what}}}`)
      ws.send(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
      word('')
      word(',"error":{"code":1,"message":"x"}')
      word(',"result":null')
    })
  })
  const { port } = server.address() as { port: number }
  await using client = await RpcClient.dial(`ws://127.0.0.1:${port}`, { reconnect: false })
  expect(await client.subscribe('test', ['x']).next()).toEqual({ value: null, done: false })
  server.close()
})
