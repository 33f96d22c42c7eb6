import { describe, expect, test } from 'vitest'
import { unanswered } from '../../test/support/rpc-api.ts'
import { deferred } from '../base/deferred.ts'
import { FakeClock } from '../testing/index.ts'
import { method, RpcClient, RpcServer } from './index.ts'

async function open(api: object) {
  const server = new RpcServer().register('test', api)
  const { url } = await server.listen('ws://127.0.0.1:0')
  return { server, url, client: await RpcClient.dial(url, { reconnect: false }) }
}

describe('mayHaveRun', () => {
  test('mayHaveRun is true for calls that were sent when the client is closed, and false for later ones', async () => {
    const { never, gone } = unanswered()
    const { server, client } = await open({ never, one: () => 1 })
    const sent = expect(client.call('test_never')).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED', mayHaveRun: true })
    await client.call('test_one') // the server has begun with the call before
    await client.close()
    await sent
    await gone
    await expect(client.call('test_never')).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED', mayHaveRun: false })
    await server.close()
  })

  test('mayHaveRun is false for calls after the connection was lost for good, and the events end', async () => {
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
  test.each(['ws', 'inproc'] as const)('a closing server answers the calls in flight over %s', async (transport) => {
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

test('a WebSocket leaves no timer behind, whichever side closes it', async () => {
  const clock = new FakeClock()
  await using server = new RpcServer({ clock }).register('test', { one: () => 1 })
  const endpoint = await server.listen('ws://127.0.0.1:0')
  const dial = () => RpcClient.dial(endpoint.url, { reconnect: false })
  const [first, second] = [await dial(), await dial()]
  expect([await first.call('test_one'), await second.call('test_one'), clock.pending > 0]).toEqual([1, 1, true])
  await first.close()
  await endpoint.close()
  await second.close()
  await expect.poll(() => clock.pending).toBe(0)
})

describe('abandoned calls', () => {
  test('a batch whose signal has aborted is not sent, and one that times out rejects as a whole', async () => {
    let runs = 0
    const { never, gone } = unanswered()
    const { server, client } = await open({ count: () => ++runs, never })
    await using _ = server
    await using __ = client
    const aborted = AbortSignal.abort(new Error('enough'))
    await expect(client.batch([{ method: 'test_count' }], { signal: aborted })).rejects.toThrow('enough')
    expect(await client.call('test_count')).toBe(1)
    await expect(client.batch([{ method: 'test_never' }], { timeout: 20 })).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await client.close()
    await gone
  })

  test('a subscription whose signal aborts while the client is disconnected ends', async () => {
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

describe('APIs', () => {
  test('an API may be an instance of a class, and its methods keep their this', async () => {
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

  test('a plain generator with too many parameters is refused', async () => {
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

  test('a namespace of the client applies its options to each call', async () => {
    const { never, gone } = unanswered()
    const api = { never }
    const { server, client } = await open(api)
    await using _ = server
    await using __ = client
    await expect(client.namespace<typeof api>('test', { timeout: 20 }).never()).rejects.toMatchObject({
      name: 'TimeoutError',
    })
    await expect(client.call('test_never', [1n])).rejects.toThrow('BigInt')
    await client.close()
    await gone
  })
})

test('an invalid URL and a handler used twice are ConfigErrors at once', async () => {
  await expect(RpcClient.dial('http://user:100%@127.0.0.1:1')).rejects.toMatchObject({ field: 'url' })
  const handler = () => 1
  method({ summary: 'one', params: [] }, handler)
  expect(() => method({ summary: 'another', params: [] }, handler)).toThrow('already passed to method()')
})
