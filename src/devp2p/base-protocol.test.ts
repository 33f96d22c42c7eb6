import { expect, test } from 'vitest'
import { channelOf, idle, speaking, type Wire, wire } from '../../test/support/peer-wire.ts'
import { ProtocolError } from '../base/errors.ts'
import type { AnyProtocol } from '../peer/index.ts'
import { BaseProtocol, PING_INTERVAL } from './base-protocol.ts'
import { DisconnectReason, decodeDisconnect, disconnected, encodeDisconnect } from './disconnect.ts'
import { BaseCode } from './hello.ts'

const EMPTY_LIST = Uint8Array.of(0xc0)

function connect(protocols: readonly AnyProtocol[] = [idle()]): Wire & { readonly base: BaseProtocol } {
  const base = new BaseProtocol()
  const joined = wire(protocols, { control: base })
  base.attach(joined.peer)
  return Object.assign(joined, { base })
}

/** The reason of the Disconnect that was last on the wire, which must be the last frame of all. */
function farewell({ frames }: Wire): number | undefined {
  const last = frames.at(-1)
  return last?.key === BaseCode.Disconnect ? decodeDisconnect(last.payload) : undefined
}

test.each([
  ['an empty list', EMPTY_LIST],
  ['an empty string', Uint8Array.of(0x80)],
  ['nothing', new Uint8Array(0)],
  ['anything else', Uint8Array.of(1, 2, 3)],
])('a Ping with %s for a body is answered at once', async (_what, body) => {
  const { end, settle, frames, peer } = connect()
  end.write(BaseCode.Ping, body)
  await settle()
  expect(frames).toEqual([{ key: BaseCode.Pong, payload: EMPTY_LIST }])
  expect(peer.signal.aborted).toBe(false)
})

test('a Ping is sent every 15 seconds, and its Pong measures the round trip', async () => {
  const { base, clock, end, frames, settle } = connect()
  await clock.advance(PING_INTERVAL - 1)
  expect(base.roundTrip).toBeUndefined()
  await clock.advance(1)
  await clock.advance(42)
  end.write(BaseCode.Pong, EMPTY_LIST)
  await settle()
  expect(base.roundTrip).toBe(42)
  await clock.advance(PING_INTERVAL - 42)
  expect(frames.map(({ key }) => key)).toEqual([BaseCode.Ping, BaseCode.Ping])
})

test('a missing Pong does not close the peer: the read deadline of the transport does', async () => {
  const joined = connect()
  await joined.clock.advance(10 * PING_INTERVAL)
  expect(joined.frames.map(({ key }) => key)).toEqual(Array(10).fill(BaseCode.Ping))
  expect(joined.peer.signal.aborted).toBe(false)
})

test('an unsolicited Pong is ignored', async () => {
  const { base, end, settle, peer } = connect()
  end.write(BaseCode.Pong, EMPTY_LIST)
  await settle()
  expect(base.roundTrip).toBeUndefined()
  expect(peer.signal.aborted).toBe(false)
})

test('a closed peer sends no Ping and leaves no timer', async () => {
  const joined = connect()
  joined.peer.close()
  await joined.peer.closed
  expect(joined.clock.pending).toBe(0)
})

test.each([
  ['the list', encodeDisconnect(DisconnectReason.TooManyPeers)],
  ['the bare number', Uint8Array.of(DisconnectReason.TooManyPeers)],
])('a Disconnect of the remote, as %s, ends the peer with its reason and is not answered', async (_form, payload) => {
  const { end, peer, frames } = connect()
  end.write(BaseCode.Disconnect, payload)
  expect(await peer.closed).toMatchObject({ side: 'remote', disconnectReason: DisconnectReason.TooManyPeers })
  expect(frames).toEqual([])
})

test('messages received before a Disconnect are still read', async () => {
  const read: number[] = []
  const { end, say, peer } = connect([
    speaking(async (channel) => {
      for await (const msg of channel) if (msg.name === 'ask') read.push(msg.body.id)
    }),
  ])
  say('ask', { id: 1 })
  say('ask', { id: 2 })
  end.write(BaseCode.Disconnect, encodeDisconnect(DisconnectReason.Quitting))
  await peer.closed
  expect(read).toEqual([1, 2])
})

test.each<[string, unknown, number]>([
  ['no reason', undefined, DisconnectReason.Quitting],
  ['a reason of the wire', disconnected('local', DisconnectReason.UselessPeer), DisconnectReason.UselessPeer],
  ['a breach', new ProtocolError('ERR_UNKNOWN_MESSAGE', 'x'), DisconnectReason.ProtocolError],
  ['any other error', new RangeError('x'), DisconnectReason.SubprotocolError],
])('a Disconnect is the last frame when this side closes with %s', async (_what, reason, code) => {
  const joined = connect()
  joined.peer.close(reason)
  await joined.peer.closed
  await joined.settle()
  expect(farewell(joined)).toBe(code)
  expect(joined.ended).toBe(true)
})

test('the Disconnect after a protocol returned says client quitting, as in go-ethereum', async () => {
  const joined = connect([speaking(async () => {})])
  expect(await joined.peer.closed).toMatchObject({ side: 'local' })
  await joined.settle()
  expect(farewell(joined)).toBe(DisconnectReason.Quitting)
})

test('the Disconnect after a message that does not decode says breach of protocol', async () => {
  const joined = connect([
    speaking(async (channel) => {
      for await (const _ of channel);
    }),
  ])
  joined.end.write(16, Uint8Array.of(0xc1))
  expect(await joined.peer.closed).toMatchObject({ side: 'local', cause: { name: 'CodecError' } })
  await joined.settle()
  expect(farewell(joined)).toBe(DisconnectReason.ProtocolError)
})

test('a Disconnect is sent behind the messages of protocols', async () => {
  const protocol = idle()
  const joined = connect([protocol])
  void channelOf(joined.peer, protocol).send('ask', { id: 1 })
  joined.peer.close(disconnected('local', DisconnectReason.Quitting))
  await joined.peer.closed
  await joined.settle()
  expect(joined.frames.map(({ key }) => key)).toEqual([17, BaseCode.Disconnect])
})

test('a second Hello is a breach of protocol', async () => {
  const joined = connect()
  joined.end.write(BaseCode.Hello, EMPTY_LIST)
  expect(await joined.peer.closed).toMatchObject({ side: 'local', cause: { code: 'ERR_UNKNOWN_MESSAGE' } })
  await joined.settle()
  expect(farewell(joined)).toBe(DisconnectReason.ProtocolError)
})

test('the reserved codes from 4 to 15 are ignored', async () => {
  const { end, settle, peer, frames } = connect()
  for (let code = 0x04; code <= 0x0f; code++) end.write(code, EMPTY_LIST)
  await settle()
  expect(peer.signal.aborted).toBe(false)
  expect(frames).toEqual([])
})

test('a code past the last protocol is a breach of protocol', async () => {
  const joined = connect()
  joined.end.write(16 + 4, EMPTY_LIST)
  expect(await joined.peer.closed).toMatchObject({ cause: { code: 'ERR_UNKNOWN_MESSAGE' } })
  await joined.settle()
  expect(farewell(joined)).toBe(DisconnectReason.ProtocolError)
})
