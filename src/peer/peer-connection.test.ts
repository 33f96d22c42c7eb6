import { expect, test } from 'vitest'
import { aborted, channelOf, idle, noting, speaking, wire, words } from '../../test/support/peer-wire.ts'
import { rlp } from '../codec/index.ts'
import { message, unknownMessages } from './channel.ts'
import type { MessageKey, PeerObserver } from './index.ts'
import { defineProtocol } from './protocol.ts'

test('iterating a channel yields the messages in order, decoded and with their names', async () => {
  const seen: unknown[] = []
  const { say, settle } = wire([
    speaking(async (channel) => {
      for await (const { name, body } of channel) seen.push([name, body])
    }),
  ])
  say('hello', { id: 1 })
  say('bulk', Uint8Array.of(7, 8))
  say('hello', { id: 2 })
  await settle()
  expect(seen).toEqual([
    ['hello', { id: 1 }],
    ['bulk', Uint8Array.of(7, 8)],
    ['hello', { id: 2 }],
  ])
})

test('a protocol that leaves its loop can go on reading from there', async () => {
  const seen: unknown[] = []
  const { peer, say } = wire([
    speaking(async (channel) => {
      for await (const { name } of channel) if (name === 'hello') break
      seen.push(await channel.expect('bulk'))
    }),
  ])
  say('hello', { id: 1 })
  say('bulk', Uint8Array.of(9))
  await peer.closed
  expect(seen).toEqual([Uint8Array.of(9)])
})

test('sent messages go out at the offset of their protocol, in call order', async () => {
  const first = idle('first')
  const second = idle('second')
  const { peer, frames, settle } = wire([first, second])
  void channelOf(peer, second).send('bulk', Uint8Array.of(1))
  void channelOf(peer, first).send('hello', { id: 1 })
  await channelOf(peer, second).send('hello', { id: 2 })
  await settle()
  expect(frames.map(({ key }) => key)).toEqual([23, 16, 20])
  expect(words.hello.codec.decode(frames[2]?.payload as Uint8Array)).toEqual({ id: 2 })
})

test('messages reach the protocol whose range holds their key, numbered from 0 there', async () => {
  const first = idle('first')
  const second = idle('second')
  const { peer, say } = wire([first, second])
  say('hello', { id: 5 }, 20)
  expect((await channelOf(peer, second).read())?.key).toBe(0)
  say('hello', { id: 6 }, 16)
  expect(await channelOf(peer, first).expect('hello')).toEqual({ id: 6 })
})

test('messages with textual keys reach the protocol whose table names them', async () => {
  const textual = defineProtocol({
    name: 'text',
    version: 1,
    messages: { ping: message('ping', rlp.number) },
    run: (peer) => aborted(peer.signal),
  })
  const control: MessageKey[] = []
  const { peer, end, settle } = wire([textual], { control: noting(control) })
  end.write('ping', rlp.number.encode(3))
  expect(await channelOf(peer, textual).expect('ping')).toBe(3)
  await channelOf(peer, textual).send('ping', 4)
  await settle()
  expect(peer.meters[0]).toMatchObject({ received: { messages: 1 }, sent: { messages: 1 } })
})

test('expect throws when another message comes', async () => {
  const { peer, say } = wire([speaking((channel) => channel.expect('hello'))])
  say('bulk', Uint8Array.of(1))
  const closed = await peer.closed
  expect(closed).toMatchObject({ code: 'ERR_PEER_CLOSED', side: 'local' })
  expect(closed.cause).toMatchObject({ code: 'ERR_UNEXPECTED_MESSAGE' })
})

test('expect throws when nothing comes in time, and leaves no timer when something does', async () => {
  const protocol = idle()
  const { peer, clock, say } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const late = expect(channel.expect('hello', { timeout: 1_000 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  await clock.advance(1_000)
  await late
  const inTime = channel.expect('hello', { timeout: 1_000 })
  say('hello', { id: 1 })
  expect(await inTime).toEqual({ id: 1 })
  expect(clock.pending).toBe(0)
})

test.each([undefined, 1_000])('a signal ends expect and read with its reason (timeout %s)', async (timeout) => {
  const protocol = idle()
  const { peer, clock } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const abort = new AbortController()
  const waiting = channel.expect('hello', { signal: abort.signal, timeout })
  abort.abort('enough')
  await expect(waiting).rejects.toBe('enough')
  await expect(channel.expect('hello', { signal: abort.signal, timeout })).rejects.toBe('enough')
  await expect(channel.read({ signal: abort.signal, timeout })).rejects.toBe('enough')
  expect(clock.pending).toBe(0)
})

test('raw messages are read and written by a protocol with a length and no table', async () => {
  const raw = defineProtocol({ name: 'raw', version: 1, length: 4, messages: {}, run: (peer) => aborted(peer.signal) })
  const { peer, end, frames, settle, clock } = wire([raw])
  const channel = channelOf(peer, raw)
  await clock.advance(5)
  end.write(19, Uint8Array.of(1, 2))
  expect(await channel.read()).toMatchObject({ key: 3, payload: Uint8Array.of(1, 2), receivedAt: 5 })
  await channel.write(2, Uint8Array.of(3))
  await settle()
  expect(frames).toEqual([{ key: 18, payload: Uint8Array.of(3) }])
  for (const key of [4, -1]) await expect(channel.write(key, new Uint8Array())).rejects.toThrow(`no message ${key}`)
})

test('read resolves with undefined once the remote has closed', async () => {
  const protocol = idle()
  const { peer, end } = wire([protocol])
  const reading = channelOf(peer, protocol).read()
  void end.close()
  expect(await reading).toBeUndefined()
})

test('messages that came before the remote closed are still read', async () => {
  const seen: unknown[] = []
  const { peer, say, end } = wire([
    speaking(async (channel) => {
      await Promise.resolve()
      for await (const { body } of channel) seen.push(body)
    }),
  ])
  say('hello', { id: 1 })
  say('hello', { id: 2 })
  await end.close()
  expect(await peer.closed).toMatchObject({ side: 'remote' })
  expect(seen).toEqual([{ id: 1 }, { id: 2 }])
})

test('a malformed message closes the peer with the codec error as its cause', async () => {
  const reader = speaking(async (channel) => {
    for await (const _ of channel);
  })
  const { peer, end } = wire([reader])
  end.write(16, Uint8Array.of(0xc1, 0x00))
  const closed = await peer.closed
  expect(closed).toMatchObject({ side: 'local', penalty: 20 })
  expect(closed.cause).toMatchObject({ name: 'CodecError' })
})

test('a key outside all protocols is ignored without a control; an unknown one inside a protocol closes the peer', async () => {
  const sparse = defineProtocol({
    name: 'sparse',
    version: 1,
    messages: { a: message(0, rlp.number), c: message(2, rlp.number) },
    run: (peer) => aborted(peer.signal),
  })
  const { peer, end, settle } = wire([sparse])
  end.write(40, Uint8Array.of(1))
  await settle()
  expect(peer.signal.aborted).toBe(false)
  end.write(17, Uint8Array.of(1))
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_UNKNOWN_MESSAGE' })
})

/** A protocol that takes what its table does not name. */
const tolerant = (options: { maxBytes?: number } = {}) =>
  defineProtocol({
    name: 'tolerant',
    version: 1,
    length: 8,
    messages: { ping: message('ping', rlp.number), first: message(0, rlp.number), other: unknownMessages(options) },
    run: (peer) => aborted(peer.signal),
  })

test('a protocol with a row for unknown messages gets them with their keys, and the peer lives on', async () => {
  const control: MessageKey[] = []
  const protocol = tolerant()
  const { peer, end, settle } = wire([protocol], { control: noting(control) })
  end.write('ping', rlp.number.encode(1))
  end.write('sendcmpct', Uint8Array.of(1, 2))
  end.write(16, rlp.number.encode(2))
  end.write(19, Uint8Array.of(3))
  end.write('*', Uint8Array.of(4))
  end.write(24, Uint8Array.of(5)) // past the length
  const seen: unknown[] = []
  for await (const { name, body } of channelOf(peer, protocol)) if (seen.push([name, body]) === 5) break
  expect(seen).toEqual([
    ['ping', 1],
    ['other', { key: 'sendcmpct', payload: Uint8Array.of(1, 2) }],
    ['first', 2],
    ['other', { key: 3, payload: Uint8Array.of(3) }],
    ['other', { key: '*', payload: Uint8Array.of(4) }],
  ])
  await settle()
  expect(control).toEqual([24])
  expect(peer.closing).toBe(false)
})

test('unknown messages are metered and limited as one, however many keys a remote invents', async () => {
  const protocol = tolerant({ maxBytes: 2 })
  const { peer, end, settle } = wire([protocol])
  for (let i = 0; i < 1_000; i++) end.write(`invented${i}`, Uint8Array.of(1))
  await settle()
  expect(peer.meters).toHaveLength(3)
  expect(peer.meters.find(({ name }) => name === 'other')?.received).toEqual({ messages: 1_000, bytes: 1_000 })
  end.write('large', new Uint8Array(3))
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_MESSAGE_TOO_BIG' })
})

test('an unknown message may be expected and requested by the name of its row, and is sent with write', async () => {
  const protocol = tolerant()
  const { peer, end, frames, settle } = wire([protocol])
  const channel = channelOf(peer, protocol)
  const request = channel.request('ping', 1, { reply: ['other', 'ping'] })
  end.write('pong', Uint8Array.of(1))
  expect(await request).toEqual({ name: 'other', body: { key: 'pong', payload: Uint8Array.of(1) } })
  const expected = channel.expect('other')
  end.write('alert', Uint8Array.of(2))
  expect(await expected).toEqual({ key: 'alert', payload: Uint8Array.of(2) })
  await channel.write('feefilter', Uint8Array.of(3))
  await settle()
  expect(frames.at(-1)).toEqual({ key: 'feefilter', payload: Uint8Array.of(3) })
  expect(() => channel.send('other', { key: 'x', payload: Uint8Array.of(1) })).toThrow('sent with write')
})

test('a message over the limit of its row closes the peer before it is decoded', async () => {
  const { peer, end } = wire([idle()])
  end.write(16, new Uint8Array(65))
  expect((await peer.closed).cause).toMatchObject({ code: 'ERR_MESSAGE_TOO_BIG' })
})

test('frames below the protocols go to the control, and an error that it throws closes the peer', async () => {
  const seen: MessageKey[] = []
  const { peer, end, settle } = wire([idle()], { control: noting(seen) })
  end.write(2, Uint8Array.of(0xc0))
  await settle()
  expect(seen).toEqual([2])
  await peer[Symbol.asyncDispose]()

  const error = new Error('no')
  const strict = wire([idle()], {
    control: {
      frame() {
        throw error
      },
    },
  })
  strict.end.write(2, Uint8Array.of(0xc0))
  expect((await strict.peer.closed).cause).toBe(error)
})

test('meters count messages and bytes by protocol and name, in both directions', async () => {
  const protocol = idle('counted')
  const { peer, say, settle } = wire([protocol])
  const channel = channelOf(peer, protocol)
  say('bulk', new Uint8Array(10))
  say('bulk', new Uint8Array(20))
  await channel.send('hello', { id: 1 })
  await settle()
  const meter = (name: string) => peer.meters.find((meter) => meter.name === name)
  expect(meter('bulk')).toMatchObject({ protocol: 'counted', key: 3, received: { messages: 2, bytes: 32 } })
  expect(meter('bulk')?.sent).toEqual({ messages: 0, bytes: 0 })
  expect(meter('hello')?.sent).toEqual({ messages: 1, bytes: 2 })
})

test('an observer sees each message with its key relative to the protocol, and the end before closed resolves', async () => {
  const told: unknown[] = []
  const protocol = idle('second')
  const observer: PeerObserver = {
    message: (peer, direction, { name }, key, bytes) => void told.push([peer.id, direction, name, key, bytes]),
    closed: (peer, reason) => void told.push([peer.id, reason.message]),
  }
  const { peer, say, settle } = wire([idle('first'), protocol], { observer })
  void peer.closed.then(() => told.push('closed'))
  say('hello', { id: 1 }, 20)
  await settle()
  await channelOf(peer, protocol).send('ask', { id: 2 })
  peer.close('bye')
  await peer.closed
  expect(told).toEqual([
    ['near', 'received', 'second', 0, 2],
    ['near', 'sent', 'second', 1, 2],
    ['near', 'bye'],
    'closed',
  ])
})

test('closed resolves also when it is first read after the end', async () => {
  const { peer, settle } = wire([idle()])
  peer.close('bye')
  await settle()
  expect(await peer.closed).toMatchObject({ message: 'bye' })
})

test('a protocol sees a complete peer from its first statement on', async () => {
  const seen: unknown[] = []
  const protocol = speaking(async (channel, peer) => {
    seen.push(peer.closed instanceof Promise, peer.protocols.length, peer.channel(protocol) === channel)
  })
  const { peer } = wire([protocol, idle('other')])
  await peer.closed
  expect(seen).toEqual([true, 2, true])
})

test('sending a message that the table lacks is an internal error', async () => {
  const protocol = idle()
  const { peer } = wire([protocol])
  const channel = channelOf(peer, protocol)
  await expect(channel.send('nonsense' as 'hello', { id: 1 })).rejects.toMatchObject({ code: 'ERR_INTERNAL' })
})

test('a peer has no channel for a protocol that does not run on it', () => {
  const { peer } = wire([idle()])
  expect(peer.channel(idle())).toBeUndefined()
})

test('send throws at a body that cannot be encoded, and nothing is sent or counted', async () => {
  const protocol = speaking(async (channel) => {
    void channel.send('hello', { id: -1 })
  })
  const { peer, keys } = wire([protocol])
  const closed = await peer.closed
  expect(closed).toMatchObject({ side: 'local' })
  expect(closed.cause).toBeInstanceOf(Error)
  expect(keys).toEqual([])
  expect(peer.meters.every(({ sent }) => sent.messages === 0)).toBe(true)
})
