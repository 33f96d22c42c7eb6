import { describe, expect, test } from 'vitest'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { FakeClock } from '../../testing/index.ts'
import { RpcError } from '../wire/errors.ts'
import { MemoryWire } from '../wire/memory-wire.ts'
import { type CallContext, method } from './api.ts'
import { MAX_IN_FLIGHT } from './incoming-calls.ts'
import { Methods, Registry } from './registry.ts'
import { RequestHandler } from './request-handler.ts'
import { ServerLimits } from './server-limits.ts'
import { Session, type SessionOptions } from './session.ts'
import { RpcSubscription } from './subscription.ts'

const TIMEOUT = 1_000

function sessionOn(wire: MemoryWire, api: object, options: Partial<SessionOptions> = {}) {
  const registry = new Registry()
  registry.register('test', api)
  const clock = new FakeClock()
  const handler = new RequestHandler(
    new Methods(registry),
    { batchItems: 100, batchResponseBytes: 1e6 },
    silentLogger,
    clock,
  )
  const remote = { transport: 'inproc', address: '' } as const
  const session = new Session({ wire, handler, remote, timeout: TIMEOUT, clock, ...options })
  wire.open(session)
  return { session, clock }
}

/** A session, and the remote as a test drives it by hand: texts go in, values come out. */
function open(api: object = { one: () => 1 }, options: Partial<SessionOptions> = {}) {
  const [ours, theirs] = MemoryWire.pair()
  const received: unknown[] = []
  const ended = deferred()
  theirs.open({
    message: (value) => received.push(value),
    parseError: () => {},
    drain: () => {},
    end: () => ended.resolve(),
  })
  const send = (value: unknown): void => theirs.send(JSON.stringify(value))
  return { ...sessionOn(ours, api, options), wire: theirs, send, received, ended: ended.promise }
}

/** Two sessions that are each other's remote. */
function connected(here: object, there: object) {
  const [a, b] = MemoryWire.pair()
  return [sessionOn(a, here).session, sessionOn(b, there).session] as const
}

/** Lets the wires deliver, and promises that are settled go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const request = (method: string, params: readonly unknown[] = [], id?: number) => ({
  jsonrpc: '2.0',
  id,
  method,
  params,
})
const result = (id: number, value: unknown) => ({ jsonrpc: '2.0', id, result: value })

/** Methods that are answered when the test says so. */
function controlled() {
  const running: Deferred<void>[] = []
  const wait = async (): Promise<string> => {
    const each = deferred()
    running.push(each)
    await each.promise
    return 'done'
  }
  return { wait, running }
}

describe('calls both ways', () => {
  test('both sides of a connection call each other, also from within a call', async () => {
    const back = method({ summary: 'calls the caller', params: [] }, (context: CallContext) =>
      context.remote.call?.('test_name'),
    )
    const [here, there] = connected({ name: () => 'here', back }, { name: () => 'there', back })
    expect(await Promise.all([here.call('test_name'), there.call('test_name')])).toEqual(['there', 'here'])
    expect(await Promise.all([here.call('test_back'), there.call('test_back')])).toEqual(['here', 'there'])
  })

  test('a notification runs and is not answered', async () => {
    let runs = 0
    const { send, received } = open({ run: () => ++runs })
    send(request('test_run'))
    send(request('test_run', [], 1))
    await settled()
    expect(received).toEqual([result(1, 2)])
  })

  test('a call over maxSendBytes rejects, and nothing is sent', async () => {
    const { session, received } = open({ one: () => 1 }, { maxSendBytes: 100 })
    await expect(session.call('x', ['y'.repeat(100)])).rejects.toMatchObject({ errorCode: -32_600 })
    const batch = session.batch([{ method: 'x', params: ['y'.repeat(100)] }])
    await expect(batch).rejects.toMatchObject({ errorCode: -32_600 })
    await settled()
    expect(received).toEqual([])
  })

  test('a call whose signal has aborted already is not sent', async () => {
    const { session, received } = open()
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(session.call('x', [], { signal })).rejects.toThrow('enough')
    await settled()
    expect(received).toEqual([])
  })

  test('a call without a response rejects with a TimeoutError, and a response that comes later changes nothing', async () => {
    const { session, clock, send } = open()
    const call = expect(session.call('x')).rejects.toMatchObject({ name: 'TimeoutError' })
    await clock.advance(TIMEOUT)
    await call
    send(result(1, 'late'))
    const next = session.call('y')
    send(result(2, 'in time'))
    expect(await next).toBe('in time')
  })

  test('a response that leaves out a call of its batch fails that call with ERR_RPC_ANSWER', async () => {
    const { session, send } = open()
    const batch = session.batch([{ method: 'a' }, { method: 'b' }, { method: 'c' }])
    send([result(1, 'a'), result(3, 'c')])
    expect(await batch).toMatchObject([
      { status: 'fulfilled', value: 'a' },
      { status: 'rejected', reason: { code: 'ERR_RPC_ANSWER', mayHaveRun: true } },
      { status: 'fulfilled', value: 'c' },
    ])
  })

  test('an error for one call of a batch alone fails the others with ERR_RPC_ANSWER', async () => {
    const { session, send, clock } = open()
    const batch = session.batch([{ method: 'a' }, { method: 'b' }])
    send([{ jsonrpc: '2.0', id: 1, error: { code: -32_600, message: 'batch too large' } }])
    expect(await batch).toMatchObject([
      { status: 'rejected', reason: { errorCode: -32_600 } },
      { status: 'rejected', reason: { code: 'ERR_RPC_ANSWER' } },
    ])
    expect(clock.pending).toBeLessThanOrEqual(1)
  })
})

describe('hostile messages', () => {
  test('responses that nobody waits for are logged and settle nothing', async () => {
    const logged: unknown[] = []
    const log: Logger = { ...silentLogger, debug: (message, fields) => void logged.push([message, fields?.id]) }
    const { session, send } = open({ one: () => 1 }, { log })
    const call = session.call('x')
    for (const id of [99, 2 ** 32 + 1, -1, 1.5]) send(result(id, 'wrong'))
    send({ jsonrpc: '2.0', id: '1', result: 'wrong' })
    send({ jsonrpc: '2.0', id: null, error: { code: 1, message: 'wrong' } })
    send(result(1, 'right'))
    send(result(1, 'again'))
    expect(await call).toBe('right')
    await settled()
    expect(logged).toEqual([99, 2 ** 32 + 1, -1, 1.5, '1', null, 1].map((id) => ['Response with unknown id', id]))
  })

  test('notifications of subscriptions that do not exist are ignored and not answered', async () => {
    const { session, send, received } = open()
    for (const params of [{ subscription: '0x9', result: 1 }, { subscription: '0x9' }]) {
      send({ jsonrpc: '2.0', method: 'test_subscription', params })
      send({ jsonrpc: '2.0', method: 'test_subscriptionEnded', params })
    }
    for (const params of [null, 5, 'x', [], {}, { subscription: 7 }]) {
      send({ jsonrpc: '2.0', method: 'test_subscription', params })
    }
    send(request('test_one', [], 1))
    await settled()
    expect(received).toEqual([result(1, 1)])
    expect(session.signal.aborted).toBe(false)
  })

  test('a subscription gets the values under its own id only, and its end once', async () => {
    const { session, send } = open()
    const subscription = new RpcSubscription<number>(session, 'test', ['ticks'], {})
    const ready = subscription.ready()
    send(result(1, '0x1'))
    expect(await ready).toBe('0x1')
    const notify = (kind: string, params: object) =>
      send({ jsonrpc: '2.0', method: `test_subscription${kind}`, params })
    notify('', { subscription: '0x2', result: 'of another' })
    notify('', { subscription: '0x1', result: 1 })
    notify('Ended', { subscription: '0x1', error: { code: -1, message: 'over' } })
    notify('Ended', { subscription: '0x1' })
    notify('', { subscription: '0x1', result: 2 })
    expect((await subscription.next()).value).toBe(1)
    await expect(subscription.next()).rejects.toMatchObject({ errorCode: -1, message: 'over' })
  })

  test('bytes that are not JSON are answered, and end the session only where messages cannot be told apart', async () => {
    const tolerant = open()
    tolerant.session.parseError()
    tolerant.send(request('test_one', [], 1))
    await settled()
    expect(tolerant.received).toEqual([
      { jsonrpc: '2.0', id: null, error: { code: -32_700, message: 'parse error' } },
      result(1, 1),
    ])
    const strict = open({ one: () => 1 }, { endsOnParseError: true })
    const pending = expect(strict.session.call('x')).rejects.toMatchObject({ code: 'ERR_RPC_ANSWER' })
    strict.session.parseError(new RpcError(-32_600, 'message too large'))
    await pending
    await strict.ended
    expect(strict.received.at(-1)).toMatchObject({ id: null, error: { code: -32_600, message: 'message too large' } })
    expect(strict.session.signal.aborted).toBe(true)
  })
})

describe('back-pressure', () => {
  test('no more than a hundred calls of one connection run at a time, and the others run when those have ended', async () => {
    const { wait, running } = controlled()
    const { send, received } = open({ wait })
    for (let id = 0; id < MAX_IN_FLIGHT + 50; id++) send(request('test_wait', [], id))
    await settled()
    expect(running).toHaveLength(MAX_IN_FLIGHT)
    running[0]?.resolve()
    await settled()
    expect(running).toHaveLength(MAX_IN_FLIGHT + 1)
    for (let n = 0; n < running.length; n++) {
      running[n]?.resolve()
      await settled()
    }
    expect(received).toHaveLength(MAX_IN_FLIGHT + 50)
  })

  test('a batch counts as ten calls in flight', async () => {
    const { wait, running } = controlled()
    const { send } = open({ wait })
    for (let n = 0; n < 20; n++) send([request('test_wait', [], n)])
    await settled()
    expect(running).toHaveLength(MAX_IN_FLIGHT / 10)
  })

  test('calls that came in one chunk with others wait in order, and are dropped when the connection ends', async () => {
    const { wait, running } = controlled()
    const order: number[] = []
    const { session, received } = open({ wait, note: (n: number) => order.push(n) })
    for (let id = 0; id < MAX_IN_FLIGHT; id++) session.message(request('test_wait', [], id), 1)
    for (let n = 0; n < 3; n++) session.message(request('test_note', [n], 1_000 + n), 1)
    expect(order).toEqual([])
    running[0]?.resolve()
    await settled()
    expect(order).toEqual([0, 1, 2])
    session.message(request('test_wait', [], 2_000), 1)
    session.message(request('test_note', [3], 2_001), 1)
    session.end()
    for (const each of running) each.resolve()
    await settled()
    expect(order).toEqual([0, 1, 2])
    expect(received).toHaveLength(4) // the call that ended, and three notes
  })

  test('a session that waits for a response of the remote reads on past a hundred calls in flight', async () => {
    const ask = method({ summary: 'asks back', params: [] }, (context: CallContext) => context.remote.call?.('me_name'))
    const { send, received } = open({ ask })
    const count = MAX_IN_FLIGHT + 50
    for (let id = 0; id < count; id++) send(request('test_ask', [], id))
    await settled()
    expect(received).toHaveLength(count) // each asks back; the responses would lie behind calls that are not read
    for (const { id } of received as { id: number }[]) send(result(id, 'loom'))
    await settled()
    const answers = (received as { result?: string }[]).filter((each) => each.result === 'loom')
    expect(answers).toHaveLength(count)
  })

  test('subscriptions of all connections are bounded, and free again when a connection ends', async () => {
    const api = {
      async *quiet(signal?: AbortSignal): AsyncGenerator<never> {
        await new Promise((resolve) => signal?.addEventListener('abort', resolve))
      },
    }
    const limits = new ServerLimits({ maxSubscriptions: 3 })
    const [first, second] = [open(api, { limits }), open(api, { limits })]
    for (const id of [1, 2]) first.send(request('test_subscribe', ['quiet'], id))
    for (const id of [1, 2]) second.send(request('test_subscribe', ['quiet'], id))
    await settled()
    expect(first.received).toMatchObject([{ result: expect.any(String) }, { result: expect.any(String) }])
    expect(second.received).toMatchObject([
      { id: 1, result: expect.any(String) },
      { id: 2, error: { code: -32_005, message: 'too many subscriptions on this server' } },
    ])
    first.session.close()
    second.send(request('test_subscribe', ['quiet'], 3))
    await settled()
    expect(second.received.at(-1)).toMatchObject({ id: 3, result: expect.any(String) })
  })
})

describe('the end of a session', () => {
  test('finish() lets calls in flight be answered, begins no others, and then closes', async () => {
    const { wait, running } = controlled()
    const { session, send, received, ended } = open({ wait })
    send(request('test_wait', [], 1))
    await settled()
    const finished = Promise.all([session.finish(5_000), session.finish(5_000)])
    send(request('test_wait', [], 2))
    await settled()
    expect(running).toHaveLength(1)
    expect(session.signal.aborted).toBe(false)
    running[0]?.resolve()
    await finished
    await ended
    expect(received).toEqual([result(1, 'done')])
    expect(session.signal.aborted).toBe(true)
  })

  test('finish() closes after its grace when a call is not answered', async () => {
    const { wait } = controlled()
    const { session, send, clock, ended } = open({ wait })
    send(request('test_wait', [], 1))
    await settled()
    const finished = session.finish(5_000)
    await clock.advance(4_999)
    expect(session.signal.aborted).toBe(false)
    await clock.advance(1)
    await finished
    await ended
    expect(session.signal.aborted).toBe(true)
  })

  test('finish() waits no longer when the remote leaves, and settles a call back of a method in flight', async () => {
    const begun: string[] = []
    const back = method({ summary: 'calls the caller', params: [] }, async ({ remote }: CallContext) => {
      begun.push(await (remote.call?.('name') as Promise<string>))
      await new Promise(() => {})
    })
    const { session, send, received, wire, clock } = open({ back })
    send(request('test_back', [], 1))
    await settled()
    const finished = session.finish(5_000)
    send(result((received[0] as { id: number }).id, 'remote'))
    await settled()
    expect(begun).toEqual(['remote'])
    wire.close()
    await finished
    expect(clock.pending).toBe(0)
  })

  test('pending calls may have run, later ones have not, and the end is reported once', async () => {
    const ends: unknown[] = []
    const { session, wire } = open({ one: () => 1 }, { onEnd: (error) => ends.push(error) })
    const pending = expect(session.call('x')).rejects.toMatchObject({ name: 'RpcConnectionError', mayHaveRun: true })
    wire.destroy()
    await pending
    await expect(session.call('x')).rejects.toMatchObject({ name: 'RpcConnectionError', mayHaveRun: false })
    await expect(session.batch([{ method: 'x' }])).rejects.toMatchObject({ mayHaveRun: false })
    expect(() => session.notify('x')).toThrow(expect.objectContaining({ mayHaveRun: false }))
    session.close()
    session.end(new Error('again'))
    await session.finish(1_000)
    expect(ends).toHaveLength(1)
  })

  test('the signal of running calls and subscriptions aborts when the connection ends', async () => {
    const aborted: string[] = []
    const call = method({ summary: 'waits', params: [] }, ({ signal }: CallContext) => {
      signal.addEventListener('abort', () => aborted.push('call'))
      return new Promise(() => {})
    })
    const api = {
      call,
      async *ticks(signal?: AbortSignal): AsyncGenerator<never> {
        await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()))
        aborted.push('subscription')
      },
    }
    const { send, wire } = open(api)
    send(request('test_call', [], 1))
    send(request('test_subscribe', ['ticks'], 2))
    await settled()
    wire.destroy()
    await settled()
    expect(aborted.sort()).toEqual(['call', 'subscription'])
  })
})
