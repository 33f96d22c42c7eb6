import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deferred } from '../../base/deferred.ts'
import { TimeoutError } from '../../base/errors.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { FakeClock } from '../../testing/index.ts'
import { RpcError } from '../wire/errors.ts'
import { joinResponse, MAX_METHOD_LENGTH } from '../wire/message.ts'
import { Methods, Registry } from './registry.ts'
import { type Caller, RequestHandler } from './request-handler.ts'

const LIMITS = { batchItems: 5, batchResponseBytes: 1_000 }

const api = {
  echo: (value: unknown) => value ?? null,
  later: async (value: unknown) => value,
  large: (length: number) => 'x'.repeat(length),
  crash: () => (undefined as unknown as { x: number }).x,
  crashLater: async () => (undefined as unknown as { x: number }).x,
  refuse() {
    throw new RpcError(-39_001, 'not today', { data: { retry: true } })
  },
  fail() {
    throw new Error('first line\nsecond line')
  },
  cyclic() {
    const value: Record<string, unknown> = {}
    value.self = value
    return value
  },
  bigint: () => 1n,
  nothing: () => undefined,
  async *ticks() {
    yield 1
  },
}

function open({ clock = new FakeClock(), modules }: { clock?: FakeClock; modules?: readonly string[] } = {}) {
  const crashes: string[] = []
  const log: Logger = { ...silentLogger, error: (_, fields) => void crashes.push(String(fields?.method)) }
  const registry = new Registry()
  registry.register('test', api)
  return { handler: new RequestHandler(new Methods(registry, modules), LIMITS, log, clock), crashes, registry }
}

function callerOf(more: Partial<Caller> = {}): Caller {
  return { signal: new AbortController().signal, remote: { transport: 'inproc', address: '' }, ...more }
}

const request = (method: unknown, params?: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', id, method, params })

/** The answer as its receiver parses it; undefined when nothing is sent. */
async function answered(handler: RequestHandler, value: unknown, caller = callerOf()): Promise<unknown> {
  const answer = await handler.handle(value, caller)
  return answer === undefined ? undefined : JSON.parse(joinResponse(answer))
}

function trap(): never {
  throw new Error('trap')
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const result = (value: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', id, result: value })
const error = (code: number, message: unknown, id: unknown = 1) => ({ jsonrpc: '2.0', id, error: { code, message } })

describe('answers to one call', () => {
  test('a call that finishes at once is answered without a promise, any other with one', async () => {
    const { handler } = open()
    expect(handler.handle(request('test_echo', [5]), callerOf())).toBe('{"jsonrpc":"2.0","id":1,"result":5}')
    const later = handler.handle(request('test_later', [5]), callerOf())
    expect(later).toBeInstanceOf(Promise)
    expect(await later).toBe('{"jsonrpc":"2.0","id":1,"result":5}')
  })

  test('a method without a result is answered with null', async () => {
    expect(await answered(open().handler, request('test_nothing'))).toEqual(result(null))
  })

  test.each(['test_echo', 'test_fail', 'test_crash', 'test_crashLater', 'no_such', 'test_subscribe'])(
    'a notification of %s is not answered, whatever becomes of it',
    async (method) => {
      const { handler } = open()
      expect(await answered(handler, { jsonrpc: '2.0', method })).toBeUndefined()
    },
  )

  test('the first line of an error, and an RpcError with its code and data, reach the caller', async () => {
    const { handler, crashes } = open()
    expect(await answered(handler, request('test_fail'))).toEqual(error(-32_000, 'first line'))
    expect(await answered(handler, request('test_refuse'))).toEqual({
      ...error(0, ''),
      error: { code: -39_001, message: 'not today', data: { retry: true } },
    })
    expect(crashes).toEqual([])
  })

  test.each(['crash', 'crashLater', 'cyclic', 'bigint'])(
    'test_%s, which crashes or has no JSON for its result, is answered without details and logged',
    async (name) => {
      const { handler, crashes } = open()
      const answer = await answered(handler, request(`test_${name}`))
      expect(answer).toEqual(error(-32_603, 'method handler crashed'))
      expect(crashes).toEqual([`test_${name}`])
    },
  )

  test.each([
    ['an error without a message', () => Object.assign(new Error('x'), { message: undefined }), -32_000],
    [
      'an error with a symbol for a message',
      () => Object.assign(new TypeError('x'), { message: Symbol('s') }),
      -32_603,
    ],
    ['an error whose stack throws', () => Object.defineProperty(new TypeError('x'), 'stack', { get: trap }), -32_603],
    ['an error whose cause throws', () => Object.defineProperty(new TypeError('x'), 'cause', { get: trap }), -32_603],
    ['a revoked proxy', revokedProxy, -32_603],
    ['an RpcError with a bigint in its data', () => new RpcError(-39_000, 'x', { data: { n: 1n } }), -39_000],
  ])('%s that a method throws is answered with an error, now or later', async (_what, make, code) => {
    const { handler, registry } = open()
    registry.register('odd', {
      now: () => {
        throw make()
      },
      later: async () => {
        throw make()
      },
    })
    for (const name of ['odd_now', 'odd_later']) {
      expect(await answered(handler, request(name))).toEqual(error(code, expect.any(String)))
    }
  })

  test('the name of an unknown method is cut in the answer, and one over 2048 characters is never a subscription', async () => {
    const { handler } = open()
    expect(await answered(handler, request(`${'x'.repeat(5_000)}_subscribe`, ['ticks']))).toEqual(
      error(-32_601, `the method ${'x'.repeat(100)}… does not exist/is not available`),
    )
    const longest = `${'x'.repeat(MAX_METHOD_LENGTH - 10)}_subscribe`
    expect(await answered(handler, request(longest, ['ticks']))).toEqual(error(-32_601, 'notifications not supported'))
  })

  test('a call whose time is over is answered with -32002', async () => {
    const { handler, registry } = open()
    registry.register('slow', { never: () => new Promise(() => {}) })
    const deadline = Promise.reject(new TimeoutError('request', 10))
    expect(await answered(handler, request('slow_never'), callerOf({ deadline }))).toEqual(
      error(-32_002, 'request timed out'),
    )
  })

  test('whatever JSON comes, the answer is none or valid JSON-RPC', async () => {
    const { handler } = open()
    const methods = fc.oneof(
      fc.constantFrom('test_echo', 'test_subscribe', 'test_unsubscribe', 'test_later'),
      fc.string(),
    )
    const near = fc.record(
      {
        jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
        id: fc.jsonValue(),
        method: fc.oneof(methods, fc.jsonValue()),
        params: fc.oneof(fc.array(fc.jsonValue()), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    const values = fc.oneof(near, fc.array(near, { maxLength: 6 }), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const answer = await answered(handler, value)
        if (answer === undefined) return
        for (const each of [answer].flat()) {
          expect(each).toMatchObject({ jsonrpc: '2.0' })
          expect(
            Object.keys(each as object)
              .sort()
              .join(),
          ).toMatch(/^(error,id|id),jsonrpc(,result)?$/)
        }
      }),
    )
  })
})

describe('answers to a batch', () => {
  test('the calls of a batch are answered in order, and nothing is sent for notifications alone', async () => {
    const { handler } = open()
    const calls = [
      request('test_later', ['a'], 'x'),
      { jsonrpc: '2.0', method: 'test_echo' },
      5,
      request('test_echo', [2], 2),
    ]
    expect(await answered(handler, calls)).toEqual([
      result('a', 'x'),
      error(-32_600, 'invalid request', null),
      result(2, 2),
    ])
    expect(await answered(handler, [{ jsonrpc: '2.0', method: 'test_echo' }])).toBeUndefined()
  })

  test('an empty batch, and one of too many calls, are refused as a whole', async () => {
    const { handler } = open()
    expect(await answered(handler, [])).toEqual(error(-32_600, 'empty batch', null))
    const calls = [
      { jsonrpc: '2.0', method: 'x' },
      ...Array.from({ length: 5 }, (_, n) => request('test_echo', [], n + 7)),
    ]
    expect(await answered(handler, calls)).toEqual([error(-32_600, 'batch too large', 7)])
  })

  test('the answers from the one that exceeds batchResponseBytes on are errors, and their calls do not run', async () => {
    const { handler, registry } = open()
    let runs = 0
    registry.register('count', { run: () => ++runs })
    const calls = [request('test_large', [600], 1), request('test_large', [600], 2), request('count_run', [], 3)]
    expect(await answered(handler, calls)).toEqual([
      result('x'.repeat(600), 1),
      error(-32_003, 'response too large', 2),
      error(-32_003, 'response too large', 3),
    ])
    expect(runs).toBe(0)
  })

  test('the calls of a batch run one after another', async () => {
    const { handler, registry } = open()
    const first = deferred()
    const begun: number[] = []
    registry.register('slow', {
      async wait(n: number) {
        begun.push(n)
        if (n === 1) await first.promise
      },
    })
    const answer = answered(handler, [request('slow_wait', [1]), request('slow_wait', [2])])
    await Promise.resolve()
    expect(begun).toEqual([1])
    first.resolve()
    await answer
    expect(begun).toEqual([1, 2])
  })

  test('a batch whose caller has gone is not continued: its other calls are answered with -32002', async () => {
    const { handler, registry } = open()
    const controller = new AbortController()
    let runs = 0
    registry.register('leave', {
      leave: async () => controller.abort(),
      run: () => ++runs,
    })
    const calls = [request('leave_leave', [], 1), request('leave_run', [], 2), { jsonrpc: '2.0', method: 'leave_run' }]
    expect(await answered(handler, calls, callerOf({ signal: controller.signal }))).toEqual([
      result(null, 1),
      error(-32_002, 'request timed out', 2),
    ])
    expect(runs).toBe(0)
  })
})

describe('subscriptions', () => {
  /** A connection that can carry notifications. */
  function notifier() {
    const opened: unknown[] = []
    return {
      opened,
      open(callable: { readonly name: string }, params: readonly unknown[]) {
        opened.push([callable.name, params])
        return '0x1'
      },
      cancel: (id: string) => id === '0x1',
    }
  }

  test('a subscription is opened with the parameters after its name, and cancelled by its id', async () => {
    const { handler } = open()
    const carrier = notifier()
    const caller = callerOf({ notifier: carrier })
    expect(await answered(handler, request('test_subscribe', ['ticks', 1, 2]), caller)).toEqual(result('0x1'))
    expect(carrier.opened).toEqual([['ticks', [1, 2]]])
    expect(await answered(handler, request('test_unsubscribe', ['0x1']), caller)).toEqual(result(true))
    expect(await answered(handler, request('test_unsubscribe', ['0x2']), caller)).toEqual(
      error(-32_000, 'subscription not found'),
    )
  })

  test.each([
    ['test_subscribe', [], -32_602, 'expected subscription name as first argument'],
    ['test_subscribe', [5], -32_602, 'expected subscription name as first argument'],
    ['test_subscribe', { 0: 'ticks' }, -32_602, 'expected subscription name as first argument'],
    ['test_subscribe', ['echo'], -32_601, 'no "echo" subscription in test namespace'],
    ['nope_subscribe', ['ticks'], -32_601, 'no "ticks" subscription in nope namespace'],
    ['test_unsubscribe', [], -32_602, 'missing value for required argument 0'],
    ['test_unsubscribe', [1], -32_602, 'missing value for required argument 0'],
  ])('%s with %j is an error and opens nothing', async (method, params, code, message) => {
    const carrier = notifier()
    const caller = callerOf({ notifier: carrier })
    expect(await answered(open().handler, request(method, params), caller)).toEqual(error(code, message))
    expect(carrier.opened).toEqual([])
  })

  test('subscriptions of a namespace that is not offered do not exist', async () => {
    const carrier = notifier()
    const caller = callerOf({ notifier: carrier })
    const { handler } = open({ modules: ['other'] })
    expect(await answered(handler, request('test_subscribe', ['ticks']), caller)).toMatchObject({
      error: { code: -32_601 },
    })
    expect(await answered(handler, request('test_unsubscribe', ['0x1']), caller)).toMatchObject({
      error: { code: -32_601 },
    })
    expect(carrier.opened).toEqual([])
  })

  test('a caller that can get nothing but answers cannot subscribe', async () => {
    const { handler } = open()
    for (const method of ['test_subscribe', 'test_unsubscribe']) {
      expect(await answered(handler, request(method, ['ticks']))).toEqual(error(-32_601, 'notifications not supported'))
    }
  })
})
