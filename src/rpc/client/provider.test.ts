import { expect, test, vi } from 'vitest'
import { deferred } from '../../base/deferred.ts'
import { Queue } from '../../base/queue.ts'
import { ProviderRpcError, RpcClient, RpcServer } from '../index.ts'

test('the EIP-1193 provider returns the id of a subscription before its first value, and rejects with numeric codes', async () => {
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

test('the EIP-1193 provider emits disconnect and connect, and continues its subscriptions after a reconnection', async () => {
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

test('a listener of the EIP-1193 provider that throws is an uncaught exception, and the values go on', async () => {
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

test('the EIP-1193 provider delivers subscriptions of every namespace, also one that ends at once', async () => {
  const api = {
    async *one() {
      yield 1
    },
  }
  await using server = new RpcServer().register('clock', api)
  await using client = await RpcClient.inProcess(server)
  const { provider } = client
  const told = deferred<unknown>()
  provider.on('message', told.resolve)
  const id = await provider.request({ method: 'clock_subscribe', params: ['one'] })
  expect(id).toMatch(/^0x/)
  expect(await told.promise).toEqual({ type: 'clock_subscription', data: { subscription: id, result: 1 } })
})

test('a subscription of the EIP-1193 provider over HTTP rejects with 4200', async () => {
  await using server = new RpcServer().register('test', { echo: (value: unknown) => value })
  const { url } = await server.listen('http://127.0.0.1:0')
  await using client = await RpcClient.dial(url)
  const subscribed = client.provider.request({ method: 'test_subscribe', params: ['x'] })
  await expect(subscribed).rejects.toBeInstanceOf(ProviderRpcError)
  await expect(subscribed).rejects.toMatchObject({ code: 4_200 })
})
