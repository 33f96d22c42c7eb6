import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { channelOf, idle, noting, refusing, speaking, wire, words } from '../../test/support/peer-wire.ts'
import type { MessageKey, Peer } from './index.ts'

const KIB = 1024
const received = (peer: Peer, protocol: string): number =>
  peer.meters.filter((meter) => meter.protocol === protocol).reduce((sum, meter) => sum + meter.received.messages, 0)

describe('receive budgets', () => {
  test('unread messages within the budget delay neither control frames nor another protocol', async () => {
    const control: MessageKey[] = []
    const other = idle('other')
    const { peer, say, end, settle } = wire([idle('slow'), other], { control: noting(control) })
    for (let i = 0; i < 100; i++) say('bulk', new Uint8Array(10 * KIB))
    end.write(2, Uint8Array.of(0xc0))
    say('hello', { id: 1 }, 20)
    expect(await channelOf(peer, other).expect('hello')).toEqual({ id: 1 })
    await settle()
    expect(control).toEqual([2])
    expect(received(peer, 'slow')).toBe(100)
  })

  test('unread messages over the budget pause the socket, which resumes under half of it', async () => {
    const slow = idle('slow')
    const { peer, say, settle } = wire([slow], { receiveBudgetBytes: 8 * KIB })
    const channel = channelOf(peer, slow)
    for (let i = 0; i < 20; i++) say('bulk', new Uint8Array(KIB))
    await settle()
    const held = received(peer, 'slow')
    expect(held).toBe(7)
    for (let i = 0; i < 3; i++) await channel.read()
    await settle()
    expect(received(peer, 'slow')).toBe(held)
    await channel.read()
    await settle()
    expect(received(peer, 'slow')).toBeGreaterThan(held)
  })

  test('the receive budget bounds empty messages, too', async () => {
    const { peer, end, settle } = wire([idle('slow')], { receiveBudgetBytes: 8 * KIB })
    for (let i = 0; i < 1_000; i++) end.write(19, new Uint8Array())
    await settle()
    expect(received(peer, 'slow')).toBeLessThan(100)
  })

  test('the socket stays paused until every protocol has caught up', async () => {
    const [first, second] = [idle('first'), idle('second')]
    const { peer, say, settle } = wire([first, second], { receiveBudgetBytes: 2 * KIB })
    const channels = [first, second].map((protocol) => channelOf(peer, protocol))
    say('bulk', new Uint8Array(1.5 * KIB), 20)
    say('bulk', new Uint8Array(4 * KIB), 16)
    say('bulk', new Uint8Array(1 * KIB), 20)
    say('hello', { id: 1 }, 20)
    await settle()
    expect([received(peer, 'first'), received(peer, 'second')]).toEqual([1, 1])
    await channels[0]?.read()
    await settle()
    expect(received(peer, 'second')).toBe(2)
    say('hello', { id: 2 }, 16)
    await settle()
    expect(received(peer, 'first')).toBe(1)
    await channels[1]?.read()
    await channels[1]?.read()
    await settle()
    expect([received(peer, 'first'), received(peer, 'second')]).toEqual([2, 3])
  })

  test('deadlines of requests stand still while the socket is paused', async () => {
    const slow = idle('slow')
    const asking = idle('asking')
    const { peer, clock, say, settle } = wire([slow, asking], { receiveBudgetBytes: KIB, stallTimeout: 60_000 })
    const request = channelOf(peer, asking).request('ask', { id: 1 }, { reply: 'answer', timeout: 1_000 })
    let failed = false
    request.catch(() => (failed = true))
    await clock.advance(400)
    say('bulk', new Uint8Array(2 * KIB))
    await clock.advance(20_000)
    expect(failed).toBe(false)
    await channelOf(peer, slow).read()
    await settle()
    await clock.advance(599)
    expect(failed).toBe(false)
    await clock.advance(1)
    await expect(request).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  })

  test('a protocol that keeps the socket paused for too long closes the peer, and is named', async () => {
    const { peer, clock, say } = wire([idle('quick'), idle('slow')], { receiveBudgetBytes: KIB, stallTimeout: 5_000 })
    say('bulk', new Uint8Array(2 * KIB), 20)
    await clock.advance(4_999)
    expect(peer.signal.aborted).toBe(false)
    await clock.advance(1)
    const closed = await peer.closed
    expect(closed.side).toBe('local')
    expect(closed.message).toContain('slow left its messages unread')
    expect(closed.cause).toMatchObject({ code: 'ERR_TIMEOUT', timeout: 5_000 })
  })

  test('a paused socket leaves no timer after the protocol has caught up or the peer has closed', async () => {
    const slow = idle('slow')
    const { peer, clock, say, settle } = wire([slow], { receiveBudgetBytes: KIB })
    for (let i = 0; i < 3; i++) {
      say('bulk', new Uint8Array(2 * KIB))
      await settle()
      expect(clock.pending).toBe(1)
      await channelOf(peer, slow).read()
      expect(clock.pending).toBe(0)
    }
    say('bulk', new Uint8Array(2 * KIB))
    await settle()
    peer.close()
    await peer.closed
    expect(clock.pending).toBe(0)
  })

  test('a protocol that is behind still gets its messages when the remote closes', async () => {
    const seen: number[] = []
    const slow = speaking(async (channel, peer) => {
      await peer.clock.sleep(1_000)
      for await (const { body } of channel) seen.push((body as Uint8Array).length)
    })
    const { peer, clock, say, end, settle } = wire([slow], { receiveBudgetBytes: KIB })
    say('bulk', new Uint8Array(2 * KIB))
    await settle()
    await end.close()
    await clock.advance(1_000)
    expect(await peer.closed).toMatchObject({ side: 'remote' })
    expect(seen).toEqual([2 * KIB])
  })
})

/** A peer whose remote has stopped reading. */
function blocked(protocols: Parameters<typeof wire>[0], options: Parameters<typeof wire>[1] = {}) {
  const joined = wire(protocols, { highWaterBytes: 100, sendBudgetBytes: KIB, ...options })
  joined.end.pause()
  joined.peer.sendControl(3, new Uint8Array(100)) // fills the transport
  return joined
}

const isSettled = async (promise: Promise<unknown>, settle: () => Promise<void>): Promise<boolean> => {
  let settled = false
  promise.then(
    () => (settled = true),
    () => (settled = true),
  )
  await settle()
  return settled
}

describe('send budgets', () => {
  test('control frames overtake queued messages', async () => {
    const protocol = idle()
    const { peer, end, frames, settle } = blocked([protocol])
    const channel = channelOf(peer, protocol)
    for (let id = 0; id < 3; id++) void channel.send('hello', { id })
    peer.sendControl(2, Uint8Array.of(0xc0))
    end.resume()
    await settle()
    expect(frames.map(({ key }) => key)).toEqual([3, 2, 16, 16, 16])
  })

  test('queued messages leave in turns of the protocols', async () => {
    const [first, second] = [idle('first'), idle('second')]
    const { peer, end, frames, settle } = blocked([first, second], {
      highWaterBytes: 1024 * KIB,
      sendBudgetBytes: 4096 * KIB,
    })
    peer.sendControl(3, new Uint8Array(1024 * KIB))
    for (const protocol of [first, second]) {
      for (let i = 0; i < 4; i++) void channelOf(peer, protocol).send('bulk', new Uint8Array(40 * KIB))
    }
    end.resume()
    await settle()
    expect(frames.slice(2).map(({ key }) => key)).toEqual([19, 19, 23, 23, 19, 19, 23, 23])
  })

  test('messages of high priority overtake queued ones of the same protocol and keep their order', async () => {
    const protocol = idle()
    const { peer, end, frames, settle } = blocked([protocol], {
      highWaterBytes: 1024 * KIB,
      sendBudgetBytes: 4096 * KIB,
    })
    peer.sendControl(3, new Uint8Array(1024 * KIB)) // fills the transport
    const channel = channelOf(peer, protocol)
    for (let i = 0; i < 3; i++) {
      void channel.send('bulk', new Uint8Array(KIB))
      void channel.send('hello', { id: i }, { priority: 'high' })
    }
    end.resume()
    await settle()
    expect(frames.slice(2).map(({ key }) => key)).toEqual([16, 16, 16, 19, 19, 19])
    const ids = frames.slice(2, 5).map(({ payload }) => words.hello.codec.decode(payload).id)
    expect(ids).toEqual([0, 1, 2])
  })

  test('a protocol keeps its turn although another one sends with high priority', async () => {
    const [first, second] = [idle('first'), idle('second')]
    const { peer, end, frames, settle } = blocked([first, second])
    void channelOf(peer, first).send('hello', { id: 1 })
    for (let id = 0; id < 2; id++) void channelOf(peer, second).send('hello', { id }, { priority: 'high' })
    end.resume()
    await settle()
    expect(frames.slice(1).map(({ key }) => key)).toEqual([16, 20, 20])
  })

  test('messages of high priority count towards the send budget', async () => {
    const protocol = idle()
    const { peer, end, settle } = blocked([protocol])
    const channel = channelOf(peer, protocol)
    expect(await isSettled(channel.send('bulk', new Uint8Array(500)), settle)).toBe(true)
    const waiting = channel.send('bulk', new Uint8Array(600), { priority: 'high' })
    expect(await isSettled(waiting, settle)).toBe(false)
    end.resume()
    await waiting
  })

  test('send resolves at once within the budget, and waits over it', async () => {
    const protocol = idle()
    const { peer, end, frames, settle } = blocked([protocol])
    const channel = channelOf(peer, protocol)
    expect(await isSettled(channel.send('bulk', new Uint8Array(500)), settle)).toBe(true)
    const waiting = channel.send('bulk', new Uint8Array(600))
    expect(await isSettled(waiting, settle)).toBe(false)
    end.resume()
    await waiting
    await settle()
    expect(frames).toHaveLength(3)
    expect(await isSettled(channel.send('bulk', new Uint8Array(600)), settle)).toBe(true)
  })

  test('the backlog of one protocol does not make another one wait', async () => {
    const [bulky, small] = [idle('bulky'), idle('small')]
    const { peer, settle } = blocked([bulky, small])
    expect(await isSettled(channelOf(peer, bulky).send('bulk', new Uint8Array(2 * KIB)), settle)).toBe(false)
    expect(await isSettled(channelOf(peer, small).send('hello', { id: 1 }), settle)).toBe(true)
  })

  test('a protocol that does not await its sends closes the peer far over its budget', async () => {
    const protocol = idle()
    const { peer } = blocked([protocol])
    const channel = channelOf(peer, protocol)
    for (let i = 0; i < 16; i++) void channel.send('bulk', new Uint8Array(1024 * KIB))
    expect(peer.signal.aborted).toBe(false)
    void channel.send('bulk', new Uint8Array(1024 * KIB))
    expect((await peer.closed).cause).toMatchObject({ code: 'ERR_SEND_OVERRUN' })
  })

  test('the send budget bounds empty messages, too', async () => {
    const protocol = idle()
    const { peer, settle } = blocked([protocol])
    const channel = channelOf(peer, protocol)
    const sends = Array.from({ length: 1_000 }, () => channel.write(3, new Uint8Array()))
    expect(await isSettled(sends.at(-1) as Promise<void>, settle)).toBe(false)
  })

  test('64 control frames pass a full transport, and further ones are dropped until the remote reads', async () => {
    const { peer, end, frames, settle } = blocked([idle()])
    const sent = Array.from({ length: 70 }, () => peer.sendControl(2, new Uint8Array(200)))
    expect(sent.filter(Boolean)).toHaveLength(64)
    end.resume()
    await settle()
    expect(frames).toHaveLength(65)
    expect(peer.sendControl(2, new Uint8Array(1))).toBe(true)
  })

  test('messages arrive whole and in the order of each protocol, however the remote pauses and resumes', async () => {
    const step = fc.oneof(
      fc.record({ protocol: fc.nat(1), bytes: fc.nat(300) }),
      fc.constantFrom('pause', 'resume', 'settle'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const protocols = [idle('first'), idle('second')]
        const { peer, end, frames, settle } = wire(protocols, { highWaterBytes: 400, sendBudgetBytes: KIB })
        const sent: number[][] = [[], []]
        for (const step of steps) {
          if (step === 'pause') end.pause()
          else if (step === 'resume') end.resume()
          else if (step === 'settle') await settle()
          else {
            sent[step.protocol]?.push(step.bytes)
            void channelOf(peer, protocols[step.protocol] as (typeof protocols)[0]).write(3, new Uint8Array(step.bytes))
          }
        }
        end.resume()
        await settle()
        const got = [19, 23].map((key) => frames.filter((f) => f.key === key).map(({ payload }) => payload.length))
        expect(got).toEqual(sent)
        await peer[Symbol.asyncDispose]()
      }),
    )
  })

  test('queued messages are dropped when the peer closes, and their senders go on', async () => {
    const protocol = idle()
    const { peer, settle } = blocked([protocol])
    const waiting = channelOf(peer, protocol).send('bulk', new Uint8Array(2 * KIB))
    peer.close()
    expect(await isSettled(waiting, settle)).toBe(true)
    expect(peer.sendControl(2, new Uint8Array())).toBe(false)
  })
})

describe('a message that the transport refuses', () => {
  const error = new Error('too large')
  const through = refusing(200, error)

  test('a message that the transport refuses closes the peer and rejects its send', async () => {
    const protocol = idle()
    const { peer } = wire([protocol], { through })
    await expect(channelOf(peer, protocol).send('bulk', new Uint8Array(300))).rejects.toBe(error)
    expect((await peer.closed).cause).toBe(error)
  })

  test('a queued message that the transport refuses closes the peer', async () => {
    const protocol = idle()
    const { peer, end } = blocked([protocol], { through })
    void channelOf(peer, protocol).send('bulk', new Uint8Array(300))
    expect(peer.signal.aborted).toBe(false)
    end.resume()
    expect((await peer.closed).cause).toBe(error)
  })

  test('a control frame that the transport refuses closes the peer', async () => {
    const { peer } = wire([idle()], { through })
    expect(peer.sendControl(2, new Uint8Array(300))).toBe(false)
    expect((await peer.closed).cause).toBe(error)
  })

  test('a farewell that the transport refuses does not keep the peer from closing', async () => {
    const control = { frame() {}, farewell: () => ({ key: 1, payload: new Uint8Array(300) }) }
    const joined = wire([idle()], { through, control })
    joined.peer.close('bye')
    expect(await joined.peer.closed).toMatchObject({ side: 'local', message: 'bye' })
    await joined.settle()
    expect([joined.frames, joined.ended]).toEqual([[], true])
  })
})
