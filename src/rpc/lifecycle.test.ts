import { describe, expect, test, vi } from 'vitest'
import { deferred } from '../base/deferred.ts'
import { Queue } from '../base/queue.ts'
import { method, RpcClient, RpcServer } from './index.ts'

async function open(api: object) {
  const server = new RpcServer().register('test', api)
  const { url } = await server.listen('ws://127.0.0.1:0')
  return { server, url, client: await RpcClient.dial(url, { reconnect: false }) }
}

describe('mayHaveRun', () => {
  test('is true for what was sent when the client is closed, and false for what comes after', async () => {
    const { server, client } = await open({ never: () => new Promise(() => {}) })
    const sent = expect(client.call('test_never')).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED', mayHaveRun: true })
    await client.close()
    await sent
    await expect(client.call('test_never')).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED', mayHaveRun: false })
    await server.close()
  })

  test('is false for what is asked after the connection was lost for good, whose events have ended', async () => {
    const { server, client } = await open({ one: () => 1 })
    const events = client.events()
    await client.call('test_one')
    await server.close()
    const seen: string[] = []
    for await (const { type } of events) seen.push(type)
    expect(seen).toEqual(['disconnected'])
    await expect(client.call('test_one')).rejects.toMatchObject({ name: 'RpcConnectionError', mayHaveRun: false })
    await client.close()
  })
})

describe('a server that closes', () => {
  test.each(['ws', 'inproc'] as const)('lets calls be answered that it has begun, over %s', async (transport) => {
    const [begun, goOn] = [deferred(), deferred()]
    const api = {
      async slow() {
        begun.resolve()
        await goOn.promise
        return 'done'
      },
    }
    const { server, url } = await open(api)
    await using client = await (transport === 'ws'
      ? RpcClient.dial(url, { reconnect: false })
      : RpcClient.inProcess(server))
    const answer = client.call('test_slow')
    await begun.promise
    const closed = server.close()
    goOn.resolve()
    expect(await answer).toBe('done')
    await closed
  })
})

describe('what is given up', () => {
  test('a batch whose signal has aborted is not sent, and one that takes too long fails as a whole', async () => {
    let runs = 0
    const { server, client } = await open({ count: () => ++runs, never: () => new Promise(() => {}) })
    await using _ = server
    await using __ = client
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(client.batch([{ method: 'test_count' }], { signal: aborted })).rejects.toThrow('enough')
    expect(await client.call('test_count')).toBe(1)
    await expect(client.batch([{ method: 'test_never' }], { timeout: 20 })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('a subscription whose signal aborts before there is a connection ends', async () => {
    const server = new RpcServer().register('test', { one: () => 1 })
    const { url } = await server.listen('ws://127.0.0.1:0')
    await using client = await RpcClient.dial(url, { timeout: Number.POSITIVE_INFINITY })
    const events = client.events()
    await server.close()
    expect((await events.next()).value).toMatchObject({ type: 'disconnected' })
    const controller = new AbortController()
    const next = client.subscribe('test', ['any'], { signal: controller.signal }).next()
    controller.abort()
    expect(await next).toEqual({ value: undefined, done: true })
  })
})

describe('an API', () => {
  test('may be an instance, and its methods keep their this', async () => {
    class Counter {
      #value = 0
      base = 7
      add(n: number): number {
        this.#value += n
        return this.base + this.#value
      }
    }
    const { server, client } = await open(new Counter())
    await using _ = server
    await using __ = client
    expect(await client.call('test_add', [3])).toBe(10)
    expect(() => server.register('empty', {})).toThrow('has no functions')
  })

  test('a plain generator takes no more parameters than it has', async () => {
    const api = {
      async *count(to: number, signal?: AbortSignal) {
        for (let n = 0; n < to && !signal?.aborted; n++) yield n
      },
    }
    const { server, client } = await open(api)
    await using _ = server
    await using __ = client
    await expect(client.subscribe('test', ['count', 1, 'junk']).next()).rejects.toMatchObject({ errorCode: -32_602 })
  })

  test('is typed for the client, with options of its calls', async () => {
    const api = { never: () => new Promise<number>(() => {}) }
    const { server, client } = await open(api)
    await using _ = server
    await using __ = client
    await expect(client.namespace<typeof api>('test', { timeout: 20 }).never()).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await expect(client.call('test_never', [1n])).rejects.toThrow('BigInt')
  })
})

test('the EIP-1193 provider gives the id before the first value, and numbers for codes', async () => {
  const api = {
    async *now() {
      yield 'value'
    },
  }
  const server = new RpcServer().register('eth', api)
  await using client = await RpcClient.inProcess(server)
  const seen: string[] = []
  const came = deferred()
  client.provider.on('message', () => {
    seen.push('value')
    came.resolve()
  })
  await client.provider.request({ method: 'eth_subscribe', params: ['now'] })
  seen.push('id')
  await came.promise
  expect(seen).toEqual(['id', 'value'])
  await expect(client.provider.request({ method: 'eth_nothing' })).rejects.toMatchObject({ code: -32_601 })
  await server.close()
  await expect(client.provider.request({ method: 'eth_nothing' })).rejects.toMatchObject({ code: 4_900 })
})

test('the EIP-1193 provider tells of a connection that is lost and comes back, and goes on with what was subscribed', async () => {
  const api = {
    chainId: () => '0x539',
    async *now(signal?: AbortSignal) {
      yield 'value'
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    },
  }
  const serve = (url: string) => {
    const server = new RpcServer().register('eth', api)
    return server.listen(url).then(({ url }) => ({ server, url }))
  }
  const first = await serve('ws://127.0.0.1:0')
  await using client = await RpcClient.dial(first.url)
  const { provider } = client
  const seen = new Queue<string | number | object>({ highWaterBytes: Number.POSITIVE_INFINITY })
  provider.on('message', ({ data }) => seen.push(data.result as string))
  provider.on('disconnect', ({ code }) => seen.push(code))
  provider.on('connect', (info) => seen.push(info))
  const removed = vi.fn()
  provider.on('connect', removed).removeListener('connect', removed)
  await provider.request({ method: 'eth_subscribe', params: ['now'] })
  expect(await seen.take()).toBe('value')
  await first.server.close()
  expect(await seen.take()).toBe(4_900)
  const second = await serve(first.url)
  await using _ = second.server
  const after = [await seen.take(), await seen.take()]
  expect(after).toContainEqual({ chainId: '0x539' })
  expect(after).toContain('value')
  expect(removed).not.toHaveBeenCalled()
})

test('a subscription holds no more than 64 MiB of JSON for a reader that is behind', async () => {
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

test('a listener of the provider that throws is heard of, and ends nothing', async () => {
  const api = {
    async *now(signal?: AbortSignal) {
      for (let n = 0; !signal?.aborted; n++) yield n
    },
  }
  await using server = new RpcServer().register('eth', api)
  await using client = await RpcClient.inProcess(server)
  const thrown: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error.message))
  const came = deferred()
  let count = 0
  const listener = () => {
    if (++count < 3) throw new Error(`no ${count}`)
    client.provider.removeListener('message', listener)
    came.resolve()
  }
  client.provider.on('message', listener)
  await client.provider.request({ method: 'eth_subscribe', params: ['now'] })
  await came.promise
  process.removeAllListeners('uncaughtException')
  for (const other of others) process.on('uncaughtException', other)
  expect(thrown).toEqual(['no 1', 'no 2'])
})

test('a subscription that was given up before it began asks the server for nothing', async () => {
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

test('what cannot be is said at once', async () => {
  await expect(RpcClient.dial('http://user:100%@127.0.0.1:1')).rejects.toMatchObject({ field: 'url' })
  const handler = () => 1
  method({ summary: 'one', params: [] }, handler)
  expect(() => method({ summary: 'another', params: [] }, handler)).toThrow('has been given to method() before')
})
