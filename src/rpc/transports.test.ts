import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { unanswered } from '../../test/support/rpc-api.ts'
import { deferred } from '../base/deferred.ts'
import { TimeoutError } from '../base/errors.ts'
import { type CallContext, method, param, RawJson, RpcClient, RpcError, RpcServer } from './index.ts'

const folder = await mkdtemp(join(tmpdir(), 'peerloom-rpc-'))
afterAll(() => rm(folder, { recursive: true }))
let sockets = 0

const KEPT = JSON.stringify(Array.from({ length: 1_000 }, (_, n) => `${n} äöü`))

const calc = {
  add: (a: number, b: number) => a + b,
  async later(value: string) {
    await new Promise((resolve) => setImmediate(resolve))
    return value
  },
  never: () => new Promise<never>(() => {}),
  double: method(
    { summary: 'twice as much', params: [param('value', z.number()), param('times', z.number().optional())] },
    (value, times = 1) => value * 2 ** times,
  ),
  kept: (how: 'text' | 'bytes') => new RawJson(how === 'text' ? KEPT : new TextEncoder().encode(KEPT)),
  broken: () => (undefined as unknown as { x: number }).x,
  refuse() {
    throw new RpcError(-39_001, 'not today', { data: { retry: true } })
  },
  askBack: method({ summary: 'calls the caller', params: [] }, (context: CallContext) =>
    context.remote.call?.('me_name', []),
  ),
  async *count(to: number, signal?: AbortSignal) {
    for (let n = 0; n < to && !signal?.aborted; n++) yield n
  },
  // biome-ignore lint/suspicious/noThenProperty: the test needs it
  promiseLike: () => ({ then: (resolve: (value: number) => void) => resolve(7) }),
  /** Returns an iterator without being a generator, like compiled code for older engines. */
  iterate: () => calc.count(3),
  async *forever(signal?: AbortSignal) {
    for (let n = 0; !signal?.aborted; n++) {
      yield n
      await new Promise((resolve) => setImmediate(resolve))
    }
  },
}

const TRANSPORTS = ['http', 'ws', 'ipc', 'inproc'] as const

async function open(transport: (typeof TRANSPORTS)[number]) {
  const server = new RpcServer().register('calc', calc)
  if (transport === 'inproc') return { server, client: await RpcClient.inProcess(server), url: '' }
  const at = transport === 'ipc' ? join(folder, `${sockets++}.ipc`) : `${transport}://127.0.0.1:0`
  const { url } = await server.listen(at)
  return { server, client: await RpcClient.dial(url), url }
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a call returns what the method returns', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    expect(await client.call('calc_add', [1, 2])).toBe(3)
    expect(await client.call('calc_later', ['äöü'])).toBe('äöü')
    expect(await client.call('calc_promiseLike')).toBe(7)
    expect(await client.namespace<typeof calc>('calc').add(3, 4)).toBe(7)
    expect(await client.modules()).toEqual({ calc: '1.0', rpc: '1.0' })
  })

  test('a hundred concurrent calls each get their own result', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    const calls = numbers.map((n) => (n % 2 ? client.call('calc_later', [n]) : client.call('calc_add', [n, 0])))
    expect(await Promise.all(calls)).toEqual(numbers)
  })

  test('RawJson of a text or of bytes arrives unchanged, alone and in a batch', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const forms = ['text', 'bytes']
    for (const form of forms) expect(await client.call('calc_kept', [form])).toEqual(JSON.parse(KEPT))
    const batch = await client.batch(forms.map((form) => ({ method: 'calc_kept', params: [form] })))
    expect(batch).toEqual(forms.map(() => ({ status: 'fulfilled', value: JSON.parse(KEPT) })))
  })

  test('errors arrive with their code and data, and never with a stack', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    await expect(client.call('calc_refuse')).rejects.toMatchObject({ errorCode: -39_001, data: { retry: true } })
    await expect(client.call('calc_broken')).rejects.toMatchObject({
      errorCode: -32_603,
      message: 'method handler crashed',
    })
    await expect(client.call('calc_iterate')).rejects.toMatchObject({
      errorCode: -32_603,
      message: 'method handler crashed',
    })
    await expect(client.call('calc_nothing')).rejects.toMatchObject({
      errorCode: -32_601,
      message: 'the method calc_nothing does not exist/is not available',
    })
    await expect(client.call('calc_double', [])).rejects.toMatchObject({
      errorCode: -32_602,
      message: 'missing value for required argument 0',
    })
    await expect(client.call('calc_double', [1, 2, 3])).rejects.toMatchObject({
      message: 'too many arguments, want at most 2',
    })
    expect(await client.call('calc_double', [1, null])).toBe(2)
  })

  test('each call of a batch is settled on its own, in order', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const [sum, failure, late] = await client.batch<[number, never, string]>([
      { method: 'calc_add', params: [1, 2] },
      { method: 'calc_refuse' },
      { method: 'calc_later', params: ['x'] },
    ])
    expect(sum).toEqual({ status: 'fulfilled', value: 3 })
    expect(failure).toMatchObject({ status: 'rejected', reason: { errorCode: -39_001 } })
    expect(late).toEqual({ status: 'fulfilled', value: 'x' })
    expect(await client.batch([])).toEqual([])
  })

  test('a call is abandoned by its signal, and by its timeout', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const { never, gone } = unanswered()
    server.register('wait', { never })
    const controller = new AbortController()
    const call = client.call('wait_never', [], { signal: controller.signal })
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await expect(client.call('wait_never', [], { timeout: 20 })).rejects.toThrow(TimeoutError)
    expect(await client.call('calc_add', [1, 1])).toBe(2)
    await client.close()
    await gone
  })

  test('pending calls of a closed client fail, and later ones are not sent', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    const begun = deferred()
    const { never, gone } = unanswered()
    server.register('wait', { never, begin: () => begun.resolve() })
    const waiting = client.call('wait_never')
    const lost = expect(waiting).rejects.toMatchObject({ name: 'RpcConnectionError' })
    void client.call('wait_begin').catch(() => {})
    await begun.promise
    await client.close()
    await lost
    await gone
    await expect(client.call('calc_add', [1, 2])).rejects.toMatchObject({ code: 'ERR_RPC_CLOSED', mayHaveRun: false })
  })
})

describe.each(['ws', 'ipc', 'inproc'] as const)('a subscription over %s', (transport) => {
  test('a subscription delivers the values of the generator, and ends with it', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const got: number[] = []
    for await (const n of client.namespace<typeof calc>('calc').count(5)) got.push(n)
    expect(got).toEqual([0, 1, 2, 3, 4])
  })

  test('leaving the loop of a subscription unsubscribes', async () => {
    const ended = deferred()
    const feed = {
      async *live(signal?: AbortSignal) {
        try {
          for (let n = 0; !signal?.aborted; n++) {
            yield n
            await new Promise((resolve) => setImmediate(resolve))
          }
        } finally {
          ended.resolve()
        }
      },
    }
    const { server, client } = await open(transport)
    await using _ = server.register('feed', feed)
    await using __ = client
    for await (const n of client.subscribe<number>('feed', ['live'])) if (n === 3) break
    await ended.promise
  })

  test('a reader that is too far behind gets an overflow error after the queued values', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    const slow = client.subscribe<number>('calc', ['count', 50], { buffer: 10 })
    await slow.ready()
    await client.call('calc_later', [0])
    await client.call('calc_later', [0])
    const got: number[] = []
    const read = async () => {
      for await (const n of slow) got.push(n)
    }
    await expect(read()).rejects.toMatchObject({ code: 'ERR_RPC_OVERFLOW', held: 10 })
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('subscribing to what does not exist is an error', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client
    await expect(client.subscribe('calc', ['nothing']).next()).rejects.toMatchObject({
      errorCode: -32_601,
      message: 'no "nothing" subscription in calc namespace',
    })
  })

  test('the server can call the client', async () => {
    const { server, client } = await open(transport)
    await using _ = server
    await using __ = client.register('me', { name: () => 'loom' })
    expect(await client.call('calc_askBack')).toBe('loom')
  })
})

test('a subscription over HTTP is a ConfigError of the client and -32601 of the server', async () => {
  const { server, client } = await open('http')
  await using _ = server
  await using __ = client
  expect(() => client.subscribe('calc', ['count', 1])).toThrow('HTTP has no subscriptions')
  await expect(client.call('calc_subscribe', ['count', 1])).rejects.toMatchObject({
    errorCode: -32_601,
    message: 'notifications not supported',
  })
})

describe('lost connections', () => {
  test('a lost connection comes back with its subscriptions, and the events report the gap', async () => {
    const path = join(folder, `${sockets++}.ipc`)
    let server = new RpcServer().register('calc', calc)
    await server.listen(path)
    await using client = await RpcClient.dial(path, { random: () => 0 })
    const events = client.events()
    const subscription = client.subscribe<number>('calc', ['forever'], { resubscribe: true })
    expect((await subscription.next()).value).toBe(0)
    const waiting = client.call('calc_never')
    const lost = expect(waiting).rejects.toMatchObject({ name: 'RpcConnectionError', mayHaveRun: true })
    await server.close()
    await lost
    server = new RpcServer().register('calc', calc)
    await using _ = server
    await server.listen(path)
    expect(await client.call('calc_add', [1, 2])).toBe(3) // waits for the connection
    let previous = 0
    for await (const n of subscription) {
      if (n < previous) break
      previous = n
    }
    expect((await events.next()).value).toMatchObject({ type: 'disconnected' })
    expect((await events.next()).value).toMatchObject({ type: 'connected' })
    expect((await events.next()).value).toMatchObject({
      type: 'resubscribed',
      namespace: 'calc',
      gap: expect.any(Number),
    })
  })

  test('a lost connection ends the loop of a subscription without resubscribe', async () => {
    const { server, client } = await open('ws')
    await using _ = client
    const subscription = client.subscribe<number>('calc', ['forever'])
    await subscription.next()
    const read = async () => {
      for await (const _ of subscription);
    }
    const lost = expect(read()).rejects.toMatchObject({ name: 'RpcConnectionError' })
    await server.close()
    await lost
  })
})
