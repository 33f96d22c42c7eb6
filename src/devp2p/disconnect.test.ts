import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexToBytes } from '../base/bytes.ts'
import {
  CodecError,
  HandshakeError,
  InternalError,
  PeerClosedError,
  PeerloomError,
  ProtocolError,
  TimeoutError,
} from '../base/errors.ts'
import {
  DisconnectReason,
  decodeDisconnect,
  disconnected,
  disconnectReasonOf,
  disconnectText,
  encodeDisconnect,
} from './disconnect.ts'

test.each([
  ['the list of the spec', 'c104', DisconnectReason.TooManyPeers],
  ['a bare number', '04', DisconnectReason.TooManyPeers],
  ['the list with a zero', 'c180', DisconnectReason.Requested],
  ['a bare zero', '80', DisconnectReason.Requested],
  ['an empty list', 'c0', DisconnectReason.Requested],
  ['nothing at all', '', DisconnectReason.Requested],
  ['further elements, which are passed over', 'c20401', DisconnectReason.TooManyPeers],
  ['a code nobody knows', 'c22a01', 0x2a],
  ['bytes that are no RLP', 'c1', DisconnectReason.Requested],
  ['a list in the list', 'c2c104', DisconnectReason.Requested],
])('decodeDisconnect of %s (0x%s) is %i', (_what, hex, reason) => {
  expect(decodeDisconnect(hexToBytes(hex))).toBe(reason)
})

test('encodeDisconnect writes a list that decodeDisconnect reads back', () => {
  for (const reason of Object.values(DisconnectReason)) {
    const bytes = encodeDisconnect(reason)
    expect(bytes[0]).toBeGreaterThanOrEqual(0xc0)
    expect(decodeDisconnect(bytes)).toBe(reason)
  }
})

test('decodeDisconnect never throws, and always returns a whole number', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(Number.isSafeInteger(decodeDisconnect(bytes))).toBe(true)
    }),
  )
})

const refusal = new ProtocolError('ERR_REFUSED', 'x', { disconnectReason: DisconnectReason.Self })
test.each<[string, unknown, number]>([
  ['a protocol that returned', new PeerClosedError('local', 'eth returned'), DisconnectReason.Quitting],
  ['a reason of the wire', disconnected('local', DisconnectReason.UselessPeer), DisconnectReason.UselessPeer],
  ['an error that names its reason', refusal, DisconnectReason.Self],
  ['bytes that do not follow their format', new CodecError('ERR_RLP_TRUNCATED', 'x'), DisconnectReason.ProtocolError],
  ['an unknown message', new ProtocolError('ERR_UNKNOWN_MESSAGE', 'x'), DisconnectReason.ProtocolError],
  ['a message that is too big', new ProtocolError('ERR_MESSAGE_TOO_BIG', 'x'), DisconnectReason.ProtocolError],
  ['a message at the wrong time', new ProtocolError('ERR_UNEXPECTED_MESSAGE', 'x'), DisconnectReason.ProtocolError],
  ['silence', new TimeoutError('x', 1), DisconnectReason.ReadTimeout],
  ['a breach of a protocol of its own', new ProtocolError('ERR_ETH_GENESIS', 'x'), DisconnectReason.SubprotocolError],
  ['any other error of a protocol', new RangeError('x'), DisconnectReason.SubprotocolError],
  ['a fault of ours', new InternalError('x'), DisconnectReason.SubprotocolError],
  ['no error', undefined, DisconnectReason.Requested],
])('disconnectReasonOf maps %s', (_what, error, reason) => {
  expect(disconnectReasonOf(error)).toBe(reason)
})

test('disconnectReasonOf uses the cause of a PeerClosedError', () => {
  const cause = new CodecError('ERR_RLP_TRUNCATED', 'x')
  expect(disconnectReasonOf(new PeerClosedError('local', 'x', { cause }))).toBe(DisconnectReason.ProtocolError)
  const deep = new PeerClosedError('local', 'x', { cause: new PeerClosedError('local', 'y', { cause }) })
  expect(disconnectReasonOf(deep)).toBe(DisconnectReason.ProtocolError)
})

test('disconnectReasonOf returns a wire code for every error of the family', () => {
  const known: readonly number[] = Object.values(DisconnectReason)
  for (const error of [new HandshakeError('ERR_X', 'hello', 'x'), new PeerloomError('ERR_X', 'x'), 'text', null]) {
    expect(known).toContain(disconnectReasonOf(error))
  }
})

test('disconnected makes an error with the side, the reason and the cause', () => {
  const cause = new Error('why')
  const error = disconnected('remote', DisconnectReason.TooManyPeers, { cause })
  expect(error).toMatchObject({ side: 'remote', disconnectReason: 4, code: 'ERR_PEER_CLOSED', cause })
  expect(error.message).toBe('remote disconnected: too many peers')
  expect(disconnected('local', DisconnectReason.Quitting).message).toBe('client quitting')
})

test('disconnectText has a text for every code, and shows the number of unknown ones', () => {
  for (const reason of Object.values(DisconnectReason)) expect(disconnectText(reason)).not.toMatch(/unknown/)
  expect(disconnectText(0x2a)).toBe('unknown disconnect reason 42')
})
