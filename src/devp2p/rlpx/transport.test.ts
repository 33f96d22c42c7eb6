import { describe, expect, test } from 'vitest'
import { collectGarbage } from '../../../test/support/garbage.ts'
import { randomBytes } from '../../../test/support/random.ts'
import {
  altered,
  type Collector,
  keyA,
  keyB,
  opened,
  settle,
  streamPair,
  transportPair,
} from '../../../test/support/rlpx-pair.ts'
import { bytesToHex, concatBytes } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { CodecError, PeerClosedError } from '../../base/errors.ts'
import { type ByteStream, MemoryNetwork, type Network, tcpNetwork } from '../../net/index.ts'
import { RlpxTransport } from './transport.ts'

const halfRandom = (length: number): Uint8Array => concatBytes(randomBytes(length >> 1), new Uint8Array(length >> 1))

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe.each([
  ['memory', (): Network => new MemoryNetwork()],
  ['TCP', (): Network => tcpNetwork],
])('RLPx over %s', (_name, network) => {
  test('both sides of a transport learn the public key of the other', async () => {
    const [a, b] = await transportPair(network())
    expect(a.remotePublicKey).toEqual(keyB.publicKey)
    expect(b.remotePublicKey).toEqual(keyA.publicKey)
    expect(a.remote).toEqual(b.local)
  })

  test('messages of all sizes arrive in order, in both directions, compressed or not', {
    timeout: 60_000,
  }, async () => {
    const sizes = [0, 1, 15, 16, 17, 100, 1024, 102_400, 2 ** 24 - 2]
    for (const snappy of [false, true]) {
      const [a, b] = await transportPair(network())
      const sinks = [opened(a), opened(b)]
      const payloads = sizes.map((size) => (size > 1e6 ? new Uint8Array(size).fill(3) : randomBytes(size)))
      for (const side of [a, b]) {
        side.setSnappy(snappy)
        for (const [key, payload] of payloads.entries()) side.write(key, payload)
      }
      for (const sink of sinks) {
        await sink.count(sizes.length)
        expect(sink.keys).toEqual(sizes.map((_, i) => i))
        const same = sink.frames.map(({ payload }, i) => Buffer.compare(payload, payloads[i]!) === 0)
        expect(same).toEqual(sizes.map(() => true))
      }
      await Promise.all([a.close(), b.close()])
    }
  })

  test('the last frame reaches the remote before the connection closes, in order', async () => {
    const [a, b] = await transportPair(network())
    const [sinkA, sinkB] = [opened(a), opened(b)]
    a.write(7, randomBytes(50_000))
    a.write(1, Uint8Array.of(0xc1, 0x04))
    await a.close()
    await sinkB.ended()
    expect(sinkB.keys).toEqual([7, 1])
    expect(sinkB.ends).toEqual([undefined])
    expect(sinkA.ends).toEqual([undefined])
    expect(a.write(7, new Uint8Array(1))).toBe(true)
    await a.close()
  })

  test('write returns false over the high-water mark, and drain follows once there is room', async () => {
    const [a, b] = await transportPair(network(), { highWaterBytes: 64 * 1024 })
    const [sinkA, sinkB] = [opened(a), opened(b)]
    b.pause()
    await settle()
    let written = 0
    do written++
    while (a.write(9, randomBytes(10_000)) && written < 100)
    expect(written).toBe(7)
    while (sinkA.drains === 0 && written < 3_000) {
      a.write(9, randomBytes(10_000))
      written++
    }
    expect(sinkA.drains).toBe(0)
    b.resume()
    await sinkA.until(() => sinkA.drains > 0)
    await sinkB.count(written)
    expect(sinkA.drains).toBe(1)
  })
})

describe('a broken stream of frames', () => {
  async function damaged(change: (chunk: Uint8Array, nth: number) => Uint8Array): Promise<[RlpxTransport, Collector]> {
    const [a, b] = await streamPair()
    let nth = -2 // the auth, then the first frame
    const recipient = RlpxTransport.accept(
      altered(b, (chunk) => [change(chunk, ++nth)]),
      { key: keyB },
    )
    const initiator = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    return [initiator, opened(await recipient)]
  }

  test.each([
    ['header', 3],
    ['header MAC', 20],
    ['body', 40],
    ['body MAC', 130],
  ])('a changed byte in the %s of a frame ends delivery and closes both ends', async (_where, at) => {
    const [a, sink] = await damaged((chunk, nth) => {
      if (nth === 1) chunk[at]! ^= 1
      return chunk
    })
    const sinkA = opened(a)
    for (let i = 0; i < 3; i++) {
      a.write(i, randomBytes(80))
      await settle()
    }
    await sinkA.ended()
    expect(sink.keys).toEqual([0])
    expect(sink.ends).toEqual([expect.any(CodecError)])
    expect(sinkA.ends).toHaveLength(1)
  })

  test('a remote that closes inside a frame is an error, and one that closes between two frames is not', async () => {
    for (const length of [20, 100, 144]) {
      const [a, sink] = await damaged((chunk, nth) => (nth === 0 ? chunk.slice(0, length) : chunk))
      a.write(5, randomBytes(80))
      await a.close()
      const error = await sink.ended()
      if (length === 144) expect(error).toBeUndefined()
      else expect(error).toBeInstanceOf(PeerClosedError)
    }
  })

  test('an error that a sink throws ends the transport instead of reaching the socket', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    sink.onFrame = () => {
      throw new RangeError('from a handler')
    }
    a.write(1, new Uint8Array(3))
    a.write(2, new Uint8Array(3))
    expect(await sink.ended()).toBeInstanceOf(RangeError)
    expect(sink.keys).toEqual([1])
  })
})

describe('delivery', () => {
  test('delivery stops within a chunk at pause, and continues in a later tick after resume', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    sink.onFrame = () => b.pause()
    for (let key = 0; key < 5; key++) a.write(key, randomBytes(10))
    for (let count = 1; count <= 5; count++) {
      await sink.count(count)
      await settle()
      expect(sink.keys).toHaveLength(count)
      b.resume()
      expect(sink.keys).toHaveLength(count)
    }
  })

  test('a transport releases its sink when it is handed over', async () => {
    const [a] = await transportPair()
    const first = (() => new WeakRef(opened(a)))() // in a function of its own: nothing of it stays on the stack
    opened(a)
    await collectGarbage()
    expect(first.deref()).toBeUndefined()
  })

  test('a transport that is handed over gives the next sink the frames after the pause, and the end', async () => {
    const [a, b] = await transportPair()
    const first = opened(b)
    first.onFrame = () => {
      b.pause()
      b.setSnappy(true)
    }
    a.write(0, randomBytes(40))
    a.setSnappy(true)
    a.write(1, randomBytes(40))
    void a.close()
    await first.count(1)
    await settle()
    const second = opened(b)
    b.resume()
    await second.ended()
    expect([first.keys, second.keys]).toEqual([[0], [1]])
    expect([first.ends, second.ends]).toEqual([[], [undefined]])
    const late = opened(b)
    await late.ended()
  })

  test('destroy ends delivery at once, and calls end once with the error', async () => {
    const [a, b] = await transportPair()
    const [sinkA, sinkB] = [opened(a), opened(b)]
    const error = new CodecError('ERR_TEST', 'test')
    sinkB.onFrame = () => b.destroy(error)
    a.write(1, new Uint8Array(1))
    a.write(2, new Uint8Array(1))
    await sinkA.ended()
    b.destroy(new CodecError('ERR_OTHER', 'other'))
    expect(sinkB.keys).toEqual([1])
    expect(sinkB.ends).toEqual([error])
  })

  test('a transport counts the bytes of both directions alike', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    a.write(1, randomBytes(1000))
    a.write(2, randomBytes(10))
    await sink.count(2)
    expect(b.bytesIn).toBe(a.bytesOut)
    expect(b.bytesOut).toBe(a.bytesIn)
  })
})

describe('writing', () => {
  async function recording(clock: Clock = systemClock) {
    const [a, b] = await streamPair(new MemoryNetwork({ clock }))
    const writes: number[] = []
    const counted: ByteStream = {
      ...altered(a, (chunk) => [chunk]),
      write: (bytes) => {
        writes.push(bytes.length)
        return a.write(bytes)
      },
    }
    const [transport, other] = await Promise.all([
      RlpxTransport.initiate(counted, { key: keyA, remotePublicKey: keyB.publicKey, clock }),
      RlpxTransport.accept(b, { key: keyB, clock }),
    ])
    writes.length = 0
    return { transport, sink: opened(other), writes }
  }

  test('the frames of a tick, and of the promises in it, leave in one write', async () => {
    const { transport, sink, writes } = await recording()
    for (let i = 0; i < 50; i++) transport.write(i, randomBytes(80))
    await Promise.resolve()
    transport.write(50, randomBytes(80))
    await sink.count(51)
    expect(writes).toEqual([51 * 144])
    expect(sink.keys).toEqual(Array.from({ length: 51 }, (_, i) => i))
  })

  test('a batch of 128 KiB is sent before its tick ends, in pieces of 64 KiB', async () => {
    const { transport, sink, writes } = await recording()
    const sizes = [10, 100_000, 20_000, 20_000, 300_000, 10]
    const sent = () => writes.reduce((sum, bytes) => sum + bytes, 0)
    const sentAfter = sizes.map((size, key) => {
      transport.write(key, randomBytes(size))
      return sent()
    })
    expect(sentAfter.map((bytes) => bytes > 0)).toEqual([false, false, false, true, true, true])
    await sink.count(sizes.length)
    expect(sent()).toBeGreaterThan(sentAfter[5]!)
    expect(Math.max(...writes)).toBe(64 * 1024)
    expect(sink.frames.map(({ payload }) => payload.length)).toEqual(sizes)
  })

  test('write throws at a message that is too large, and the transport goes on', async () => {
    const { transport, sink } = await recording()
    const step = (): unknown => transport.write(1, new Uint8Array(2 ** 24))
    expect(step).toThrow(expect.objectContaining({ code: 'ERR_RLPX_TOO_LARGE' }))
    transport.write(2, Uint8Array.of(9))
    await sink.count(1)
    expect(bytesToHex(sink.frames[0]!.payload)).toBe('09')
  })
})

describe('costs of a remote', () => {
  test('a flood of empty messages leaves turns to other connections', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    let inOneTurn = 0
    let most = 0
    sink.onFrame = () => {
      if (inOneTurn++ === 0) setImmediate(() => (inOneTurn = 0))
      most = Math.max(most, inOneTurn)
    }
    for (let i = 0; i < 6_000; i++) a.write(i % 100, new Uint8Array())
    await sink.count(6_000)
    expect(sink.keys).toEqual(Array.from({ length: 6_000 }, (_, i) => i % 100))
    expect(most).toBeLessThanOrEqual(1_024)
  })

  test('frames that had to wait for their turn are delivered before the end', async () => {
    const [a, b] = await transportPair(tcpNetwork)
    const sink = opened(b)
    for (let i = 0; i < 5_000; i++) a.write(1, new Uint8Array())
    await a.close()
    expect(await sink.ended()).toBeUndefined()
    expect(sink.frames).toHaveLength(5_000)
  })

  test.each([
    ['half random', halfRandom(2 ** 24 - 2)],
    ['of one byte over and over', new Uint8Array(2 ** 24 - 1)],
  ])('a message of 16 MiB, %s, is unpacked in turns with the messages of others', async (_what, payload) => {
    const [[a, b], [c, d]] = await Promise.all([transportPair(), transportPair()])
    const [large, small] = [opened(b), opened(d)]
    for (const side of [a, b]) side.setSnappy(true)
    let meanwhile = 0
    const echo = opened(c)
    small.onFrame = () => d.write(1, new Uint8Array())
    echo.onFrame = () => {
      if (large.frames.length === 0) meanwhile++
      c.write(1, new Uint8Array())
    }
    b.pause()
    a.write(1, payload)
    a.write(2, Uint8Array.of(7))
    b.resume()
    c.write(1, new Uint8Array())
    await large.count(2)
    expect(large.keys).toEqual([1, 2])
    expect(Buffer.compare(large.frames[0]!.payload, payload)).toBe(0)
    expect(meanwhile).toBeGreaterThan(20)
  })

  test.each(['pauses', 'closes', 'breaks off'])(
    'a connection that %s while its large message is unpacked delays no other',
    async (how) => {
      const [[a, b], [c, d]] = await Promise.all([transportPair(), transportPair()])
      const [first, second] = [opened(b), opened(d)]
      for (const side of [a, b, c, d]) side.setSnappy(true)
      const payload = halfRandom(8_000_000)
      a.write(1, payload)
      await turns(1)
      while (b.bytesIn < a.bytesOut) await turns(1)
      await turns(6) // of the twenty or so that it takes
      if (how === 'pauses') b.pause()
      else if (how === 'closes') void b.close()
      else b.destroy()
      c.write(1, payload)
      await second.count(1)
      expect(Buffer.compare(second.frames[0]!.payload, payload)).toBe(0)
      expect(first.frames).toEqual([])
      if (how !== 'pauses') return
      b.resume()
      await first.count(1)
      expect(Buffer.compare(first.frames[0]!.payload, payload)).toBe(0)
    },
  )

  test('a frame over the limit ends the connection once its header has come', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    b.setLimits({ frameBytes: 1_000, baseBytes: 1_000 })
    a.write(1, new Uint8Array(999))
    await sink.count(1)
    a.write(2, new Uint8Array(1_000))
    expect(await sink.ended()).toMatchObject({
      code: 'ERR_RLPX_TOO_LARGE',
      message: expect.stringContaining('1001 bytes'),
    })
    expect(sink.keys).toEqual([1])
  })

  test('a base message is not unpacked past its limit, and a Disconnect is delivered as it came', async () => {
    for (const [key, ends] of [
      [0x02, true],
      [0x0f, true],
      [0x01, false],
      [0x10, false],
    ] as const) {
      const [a, b] = await transportPair()
      const sink = opened(b)
      for (const side of [a, b]) side.setSnappy(true)
      b.setLimits({ frameBytes: 2 ** 24 - 1, baseBytes: 2_048 })
      a.write(key, new Uint8Array(2_048))
      a.write(key, new Uint8Array(100_000))
      if (ends) expect(await sink.ended()).toMatchObject({ code: 'ERR_SNAPPY' })
      else await sink.count(2)
      expect(sink.frames.length).toBe(ends ? 1 : 2)
    }
  })
})
