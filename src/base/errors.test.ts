import { describe, expect, test } from 'vitest'
import {
  CodecError,
  ConfigError,
  describeError,
  HandshakeError,
  InternalError,
  PeerClosedError,
  PeerloomError,
  ProtocolError,
  StorageError,
  TimeoutError,
} from './errors.ts'

describe('the properties of errors', () => {
  test('an error has a name and a stable code', () => {
    const errors = [
      new PeerloomError('ERR_X', 'x'),
      new CodecError('ERR_X', 'x'),
      new ProtocolError('ERR_X', 'x'),
      new HandshakeError('ERR_X', 'auth', 'x'),
      new PeerClosedError('local', 'x'),
      new TimeoutError('x', 1),
      new ConfigError('port', 'x'),
      new StorageError('ERR_X', '/x', 'x'),
      new InternalError('x'),
    ]
    for (const error of errors) {
      expect(error).toBeInstanceOf(PeerloomError)
      expect(error.name).toBe(error.constructor.name)
      expect(error.code).toMatch(/^ERR_[A-Z_]+$/)
    }
  })

  test('an error has a stack, except PeerClosedError, whose cause has one', () => {
    const limit = Error.stackTraceLimit
    const closed = new PeerClosedError('remote', 'x', { cause: new CodecError('ERR_X', 'y') })
    expect(closed.stack).not.toContain('errors.test')
    expect((closed.cause as Error).stack).toContain('errors.test')
    expect(Error.stackTraceLimit).toBe(limit)
  })

  test('penalty is above 0 for invalid bytes and breaches, and 0 for timeouts and our own faults', () => {
    expect(new CodecError('ERR_X', 'x').penalty).toBe(20)
    expect(new CodecError('ERR_X', 'x', 0, { penalty: 0 }).penalty).toBe(0)
    expect(new ProtocolError('ERR_X', 'x').penalty).toBe(20)
    expect(new ProtocolError('ERR_X', 'x', { penalty: 100 }).penalty).toBe(100)
    expect(new TimeoutError('x', 1).penalty).toBe(0)
    expect(new InternalError('x').penalty).toBe(0)
  })

  test('the penalty of a PeerClosedError is that of its cause, whichever side closed', () => {
    const cause = new CodecError('ERR_RLPX_MAC', 'a frame that is not authentic')
    expect(new PeerClosedError('local', 'x', { cause }).penalty).toBe(20)
    expect(new PeerClosedError('remote', 'x', { cause }).penalty).toBe(20)
    expect(new PeerClosedError('remote', 'x').penalty).toBe(0)
    expect(new PeerClosedError('local', 'x', { cause: new Error('ours') }).penalty).toBe(0)
  })

  test('retryAfter is the time after which a retry makes sense', () => {
    expect(new HandshakeError('ERR_X', 'auth', 'x', { retryAfter: 5 }).retryAfter).toBe(5)
    expect(new HandshakeError('ERR_X', 'auth', 'x').retryAfter).toBeUndefined()
    expect(new CodecError('ERR_X', 'x').retryAfter).toBeUndefined()
  })

  test('a ConfigError names the field at fault and the remedy', () => {
    const error = new ConfigError('--port', '99999 is not a port', { hint: 'ports are 0 to 65535' })
    expect(error).toMatchObject({ field: '--port', hint: 'ports are 0 to 65535' })
    expect(error.message).toBe('--port: 99999 is not a port (ports are 0 to 65535)')
  })
})

describe('describeError', () => {
  test('describeError puts the message and its causes on one line', () => {
    const error = new PeerloomError('ERR_X', 'cannot connect', { cause: new Error('refused') })
    expect(describeError(error)).toBe('cannot connect: refused')
  })

  test('describeError repeats nothing, and ends at a circle of causes', () => {
    const inner = new Error('refused')
    expect(describeError(new Error('connect: refused', { cause: inner }))).toBe('connect: refused')
    inner.cause = inner
    expect(describeError(inner)).toBe('refused')
  })

  test('describeError takes any thrown value', () => {
    expect(describeError('text')).toBe('text')
    expect(describeError(7)).toBe('7')
    expect(describeError(undefined)).toBe('')
    expect(describeError(new TypeError())).toBe('TypeError')
  })
})

test('describeError never throws, whatever the value', () => {
  const evil = new Proxy(() => {}, {
    get() {
      throw new Error('trap')
    },
  })
  for (const thrown of [Object.create(null), evil, { toString: () => ({}) }]) {
    expect(describeError(thrown)).toBe('something that cannot be shown')
  }
})

test('describeError never throws for a revoked proxy, or for an error whose message or cause is no text', () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  expect(describeError(proxy)).toBe('something that cannot be shown')
  const cause = new Error('inner')
  expect(describeError(Object.assign(new Error('x', { cause }), { message: 42 }))).toBe('42: inner')
  expect(describeError(Object.assign(new Error('x'), { message: Symbol('s') }))).toBe('Symbol(s)')
  expect(describeError(Object.assign(new Error('x'), { message: undefined, name: undefined }))).toBe('')
  const get = () => {
    throw new Error('trap')
  }
  expect(describeError(Object.defineProperty(new Error('outer'), 'cause', { get }))).toBe('outer')
})
