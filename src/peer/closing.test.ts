import { expect, test } from 'vitest'
import { aborted, channelOf, idle, noting, speaking, wire } from '../../test/support/peer-wire.ts'
import { PeerClosedError } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import { PeerConnection, transportPipe } from './index.ts'

const text = (payload: Uint8Array | undefined): string => new TextDecoder().decode(payload)

test('the first protocol to return closes all others and the connection', async () => {
  const ended: string[] = []
  const waiting = (name: string) =>
    speaking(async (channel) => {
      for await (const _ of channel);
      ended.push(name)
    }, name)
  const first = speaking((channel) => channel.expect('hello'), 'first')
  const joined = wire([waiting('a'), first, waiting('b')])
  joined.say('hello', { id: 1 }, 20)
  expect(await joined.peer.closed).toMatchObject({ side: 'local', message: 'first returned' })
  expect(ended.sort()).toEqual(['a', 'b'])
  await joined.settle()
  expect(joined.ended).toBe(true)
})

test('a protocol that throws closes the peer with its error as the cause', async () => {
  const error = new TypeError('oops')
  const { peer } = wire([idle(), speaking(async () => Promise.reject(error), 'broken')])
  const closed = await peer.closed
  expect(closed).toMatchObject({ side: 'local', message: 'TypeError: oops' })
  expect(closed.cause).toBe(error)
})

test('a protocol that throws before its first await closes the peer instead of failing the constructor', async () => {
  const { peer } = wire([
    speaking(() => {
      throw new Error('at once')
    }),
  ])
  expect(await peer.closed).toMatchObject({ message: 'Error: at once' })
})

test('an error that a protocol throws because the peer has closed changes nothing', async () => {
  const { peer } = wire([speaking((channel) => channel.expect('hello'))])
  peer.close('own reason')
  expect(await peer.closed).toMatchObject({ message: 'own reason' })
})

test('the first reason to close wins, and a PeerClosedError is kept as it is', async () => {
  const { peer } = wire([idle()])
  const reason = new PeerClosedError('remote', 'they said so', { disconnectReason: 4 })
  peer.close(reason)
  peer.close('later')
  expect(await peer.closed).toBe(reason)
  expect(peer.signal.reason).toBe(reason)
})

test('the farewell is the last frame, and reaches the wire before the end', async () => {
  const protocol = idle()
  const joined = wire([protocol], { control: noting([]) })
  void channelOf(joined.peer, protocol).send('hello', { id: 1 })
  joined.peer.close('bye')
  await joined.peer.closed
  await joined.settle()
  expect(joined.frames.map(({ key }) => key)).toEqual([16, 1])
  expect(text(joined.frames.at(-1)?.payload)).toBe('bye')
  expect(joined.ended).toBe(true)
})

test('a remote that reads nothing still gets the farewell, before queued messages', async () => {
  const protocol = idle()
  const joined = wire([protocol], { control: noting([]), highWaterBytes: 100 })
  joined.end.pause()
  for (let i = 0; i < 5; i++) void channelOf(joined.peer, protocol).send('bulk', new Uint8Array(200))
  joined.peer.close('bye')
  joined.end.resume()
  await joined.peer.closed
  await joined.settle()
  expect(joined.frames.map(({ key }) => key)).toEqual([19, 1])
})

test('no farewell goes to a remote that has ended', async () => {
  const said: string[] = []
  const control = {
    frame() {},
    farewell(reason: PeerClosedError) {
      said.push(reason.message)
      return undefined
    },
  }
  const { peer, end } = wire([idle()], { control })
  await end.close()
  expect(await peer.closed).toMatchObject({ side: 'remote', message: 'remote closed the connection' })
  expect(said).toEqual([])
})

test('a connection that breaks closes the peer with its error and side remote', async () => {
  const error = new Error('reset')
  const [near] = transportPipe()
  const peer = new PeerConnection(near, { id: 'x', inbound: false, mounted: [{ protocol: idle(), offset: 16 }] })
  near.destroy(error)
  const closed = await peer.closed
  expect(closed).toMatchObject({ side: 'remote', message: 'reset' })
  expect(closed.cause).toBe(error)
})

test('a farewell that throws does not keep the peer from closing', async () => {
  const control = {
    frame() {},
    farewell() {
      throw new Error('no words')
    },
  }
  const joined = wire([idle()], { control })
  joined.peer.close('bye')
  expect(await joined.peer.closed).toMatchObject({ message: 'bye' })
  await joined.settle()
  expect(joined.ended).toBe(true)
})

test('a send after the close rejects, and is no unhandled rejection when not awaited', async () => {
  const protocol = idle()
  const { peer, frames, settle } = wire([protocol])
  const channel = channelOf(peer, protocol)
  peer.close('bye')
  const loud: unknown[] = []
  const onUnhandled = (error: unknown): number => loud.push(error)
  process.on('unhandledRejection', onUnhandled)
  void channel.send('hello', { id: 1 })
  void channel.write(0, new Uint8Array())
  await settle()
  process.off('unhandledRejection', onUnhandled)
  expect([loud, frames]).toEqual([[], []])
  await expect(channel.send('hello', { id: 1 })).rejects.toBe(peer.signal.reason)
  await expect(channel.write(0, new Uint8Array())).rejects.toBe(peer.signal.reason)
  await expect(channel.expect('hello')).rejects.toBe(peer.signal.reason)
})

test('unread messages are dropped when this side closes', async () => {
  const protocol = idle()
  const { peer, say, settle } = wire([protocol])
  say('hello', { id: 1 })
  await settle()
  peer.close()
  expect(await channelOf(peer, protocol).read()).toBeUndefined()
})

test('frames that come after the close are ignored', async () => {
  const protocol = idle()
  const { peer, say, end, settle } = wire([protocol])
  peer.close('bye')
  say('hello', { id: 1 })
  end.write(17, Uint8Array.of(0xff))
  await settle()
  expect(peer.meters.every(({ received }) => received.messages === 0)).toBe(true)
  expect(await peer.closed).toMatchObject({ message: 'bye' })
})

test('closed waits for protocols that clean up', async () => {
  const order: string[] = []
  const tidy = speaking(async (_channel, peer) => {
    await aborted(peer.signal)
    await peer.clock.sleep(100)
    order.push('tidied')
  })
  const { peer, clock, settle } = wire([tidy])
  await settle()
  peer.close()
  void peer.closed.then(() => order.push('closed'))
  await clock.advance(99)
  expect(order).toEqual([])
  await clock.advance(1)
  expect(order).toEqual(['tidied', 'closed'])
})

test('a protocol that ignores the closing is named in the log after the grace period', async () => {
  const lines: unknown[] = []
  const log: Logger = { ...silentLogger, warn: (...line) => void lines.push(line) }
  const { peer, clock } = wire([idle('polite'), speaking(() => new Promise(() => {}), 'deaf')], { log })
  await clock.advance(0)
  peer.close()
  await clock.advance(5_000)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject([expect.any(String), { tasks: ['deaf'] }])
})

test('two peers that close at once both end with side local', async () => {
  const [left, right] = transportPipe()
  const of = (transport: typeof left, id: string) =>
    new PeerConnection(transport, {
      id,
      inbound: false,
      control: noting([]),
      mounted: [{ protocol: idle(), offset: 16 }],
    })
  const [a, b] = [of(left, 'a'), of(right, 'b')]
  a.close('a goes')
  b.close('b goes')
  expect(await Promise.all([a.closed, b.closed])).toMatchObject([
    { side: 'local', message: 'a goes' },
    { side: 'local', message: 'b goes' },
  ])
})

test('disposing a running peer closes it and waits', async () => {
  const protocol = idle()
  const joined = wire([protocol])
  {
    await using peer = joined.peer
    await channelOf(peer, protocol).send('hello', { id: 1 })
  }
  await joined.settle()
  expect([joined.ended, joined.clock.pending]).toEqual([true, 0])
})

test.each([
  ['with a reason of its own', 'shutdown'],
  ['with an error', new Error('shutdown')],
  ['without a reason', undefined],
])('a signal that aborts %s closes the peer with side local', async (_, reason) => {
  const abort = new AbortController()
  const joined = wire([idle()], { signal: abort.signal, control: noting([]) })
  abort.abort(reason)
  const closed = await joined.peer.closed
  expect(closed).toBeInstanceOf(PeerClosedError)
  expect(closed.side).toBe('local')
  expect(joined.peer.signal.reason).toBe(closed)
  await joined.settle()
  expect(joined.frames.map(({ key }) => key)).toEqual([1])
})

test('a peer made with an aborted signal closes at once and runs nothing', async () => {
  let ran = 0
  const joined = wire([speaking(async () => ran++)], { signal: AbortSignal.abort('too late') })
  expect(await joined.peer.closed).toMatchObject({ side: 'local', message: 'too late' })
  await joined.settle()
  expect([ran, joined.ended, joined.clock.pending]).toEqual([0, true, 0])
})

test('a transport that does not flush is destroyed', async () => {
  const [near] = transportPipe()
  const cut: string[] = []
  let flushed = (): void => {}
  const stuck = {
    open: () => {},
    write: () => true,
    pause: () => {},
    resume: () => {},
    close: () => new Promise<void>((resolve) => (flushed = resolve)),
    destroy: () => {
      cut.push('destroyed')
      near.destroy()
      flushed()
    },
  }
  const { peer, clock } = wire([idle()], { through: () => stuck })
  peer.close()
  await clock.advance(1_999)
  expect(cut).toEqual([])
  await clock.advance(1)
  expect(cut).toEqual(['destroyed'])
  await peer.closed
  expect(clock.pending).toBe(0)
})
