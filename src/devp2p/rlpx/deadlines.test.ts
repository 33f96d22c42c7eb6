import { describe, expect, test } from 'vitest'
import { randomBytes } from '../../../test/support/random.ts'
import { keyA, keyB, opened, settle, streamPair, transportPair } from '../../../test/support/rlpx-pair.ts'
import { FakeClock } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { MemoryNetwork } from '../../net/index.ts'
import { Initiator } from './handshake.ts'
import { type RlpxOptions, RlpxTransport } from './transport.ts'

describe('deadlines', () => {
  /** Only a's deadlines run. */
  const timed = async (options: Partial<RlpxOptions> = {}) => {
    const clock = new FakeClock()
    const patient = { clock, readTimeout: 1e9, writeTimeout: 1e9 }
    const [a, b] = await transportPair(new MemoryNetwork({ clock }), { clock, ...options }, patient)
    return { clock, a, b, sinkA: opened(a), sinkB: opened(b) }
  }

  test('a remote that is silent for 30 seconds is dropped, and each frame starts the time anew', async () => {
    const { clock, a, b, sinkA } = await timed()
    await clock.advance(29_000)
    b.write(1, new Uint8Array(1))
    await clock.advance(29_999)
    expect(sinkA.ends).toEqual([])
    await clock.advance(1)
    expect(sinkA.ends).toEqual([expect.any(TimeoutError)])
    expect(a.write(1, new Uint8Array(1))).toBe(true)
  })

  test('bytes that never complete a frame do not extend the read deadline', async () => {
    const clock = new FakeClock()
    const [x, y] = await streamPair(new MemoryNetwork({ clock }))
    const accepting = RlpxTransport.accept(y, { key: keyB, clock })
    x.write(new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey }).opening)
    const sink = opened(await accepting)
    for (let second = 0; second < 30; second++) {
      x.write(randomBytes(1))
      await clock.advance(1_000)
    }
    expect(sink.ends).toEqual([expect.any(TimeoutError)])
  })

  test('the read deadline stands still while this side does not read', async () => {
    const { clock, a, b, sinkA } = await timed({ readTimeout: 10_000 })
    await clock.advance(4_000)
    a.pause()
    for (let i = 0; i < 20; i++) {
      b.write(1, new Uint8Array(1))
      await clock.advance(5_000)
    }
    expect(sinkA.keys).toEqual([])
    expect(sinkA.ends).toEqual([])
    a.resume()
    await settle()
    expect(sinkA.keys).toHaveLength(20)
    a.pause()
    await clock.advance(100_000)
    expect(sinkA.ends).toEqual([])
    a.resume()
    await clock.advance(9_999)
    expect(sinkA.ends).toEqual([])
    await clock.advance(1)
    expect(sinkA.ends).toEqual([expect.any(TimeoutError)])
  })

  test('a remote that does not read is dropped after 20 seconds', async () => {
    const { clock, a, b, sinkA } = await timed({ readTimeout: 1e9 })
    b.pause()
    a.write(1, randomBytes(300_000))
    await clock.advance(19_999)
    expect(sinkA.ends).toEqual([])
    await clock.advance(1)
    expect(sinkA.ends).toEqual([expect.any(TimeoutError)])
  })

  test('a remote that reads slowly is not dropped', async () => {
    const { clock, a, b, sinkA, sinkB } = await timed({ readTimeout: 1e9 })
    sinkB.onFrame = () => b.pause()
    for (let i = 0; i < 10; i++) a.write(i, randomBytes(200_000))
    for (let i = 0; i < 10; i++) {
      await clock.advance(15_000)
      b.resume()
    }
    await clock.advance(1_000)
    expect(sinkA.ends).toEqual([])
    expect(sinkB.keys).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('deadlines set no timer per frame and leave none after the end', async () => {
    const { clock, a, sinkB } = await timed()
    for (let i = 0; i < 100; i++) {
      a.write(1, new Uint8Array(10))
      await settle()
    }
    expect(sinkB.keys).toHaveLength(100)
    expect(clock.pending).toBe(1) // all deadlines share it
    await a.close()
    await sinkB.ended()
    expect(clock.pending).toBe(0)
  })
})
