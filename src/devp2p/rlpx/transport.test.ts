import { afterEach, describe, expect, it } from 'vitest'
import { bytesToHex, concatBytes } from '../../base/bytes.ts'
import { type Clock, FakeClock, systemClock } from '../../base/clock.ts'
import { CodecError, HandshakeError, PeerClosedError, TimeoutError } from '../../base/errors.ts'
import { generateKey, randomBytes, secp256k1 } from '../../crypto/index.ts'
import { type ByteStream, MemoryNetwork, type Network, tcpNetwork } from '../../net/index.ts'
import type { FrameSink } from '../../peer/index.ts'
import { Initiator, Recipient } from './handshake.ts'
import { type RlpxOptions, RlpxTransport } from './transport.ts'

function newKey(): { privateKey: Uint8Array; publicKey: Uint8Array } {
  const privateKey = generateKey()
  return { privateKey, publicKey: secp256k1().publicKey(privateKey) }
}

const keyA = newKey()
const keyB = newKey()

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function streamPair(network: Network = new MemoryNetwork()): Promise<[ByteStream, ByteStream]> {
  let onConnection: (stream: ByteStream) => void = () => {}
  const incoming = new Promise<ByteStream>((resolve) => {
    onConnection = resolve
  })
  const listener = await network.listen({ host: '127.0.0.1', port: 0, onConnection })
  const stream = await network.connect({ host: '127.0.0.1', port: listener.endpoint.port })
  const pair: [ByteStream, ByteStream] = [stream, await incoming]
  closers.push(
    () => listener.close(),
    () => pair.map((one) => one.destroy()),
  )
  return pair
}

async function transportPair(
  network?: Network,
  options: Partial<RlpxOptions> = {},
  optionsOfB: Partial<RlpxOptions> = options,
): Promise<[RlpxTransport, RlpxTransport]> {
  const [a, b] = await streamPair(network)
  return Promise.all([
    RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey, ...options }),
    RlpxTransport.accept(b, { key: keyB, ...optionsOfB }),
  ])
}

/** Collects what a transport delivers; its promises settle when something has come. */
class Collector implements FrameSink<number> {
  readonly frames: { key: number; payload: Uint8Array; wireBytes: number }[] = []
  readonly ends: unknown[] = []
  drains = 0
  onFrame: (key: number) => void = () => {}
  readonly #waiting: { ready(): boolean; resolve(): void }[] = []

  frame(key: number, payload: Uint8Array, wireBytes: number): void {
    this.frames.push({ key, payload, wireBytes })
    this.onFrame(key)
    this.#look()
  }

  drain(): void {
    this.drains++
    this.#look()
  }

  end(error?: unknown): void {
    this.ends.push(error)
    this.#look()
  }

  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ ready, resolve }))
  }

  async count(frames: number): Promise<void> {
    await this.until(() => this.frames.length >= frames || this.ends.length > 0)
    if (this.frames.length < frames) throw this.ends[0]
  }

  async ended(): Promise<unknown> {
    await this.until(() => this.ends.length > 0)
    return this.ends[0]
  }

  get keys(): number[] {
    return this.frames.map(({ key }) => key)
  }

  #look(): void {
    for (const waiter of this.#waiting) if (waiter.ready()) waiter.resolve()
  }
}

function opened(transport: RlpxTransport): Collector {
  const sink = new Collector()
  transport.open(sink)
  return sink
}

/** Lets promises and immediates run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A stream whose bytes come out at the other end changed by `transform`. */
function altered(stream: ByteStream, transform: (chunk: Uint8Array) => Uint8Array[]): ByteStream {
  return {
    local: stream.local,
    remote: stream.remote,
    get bufferedBytes() {
      return stream.bufferedBytes
    },
    open: (sink) =>
      stream.open({
        data: (chunk) => {
          for (const part of transform(chunk)) sink.data(part)
        },
        drain: () => sink.drain(),
        end: (error) => sink.end(error),
      }),
    write: (bytes) => stream.write(bytes),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: (error) => stream.destroy(error),
  }
}

describe.each([
  ['memory', (): Network => new MemoryNetwork()],
  ['TCP', (): Network => tcpNetwork],
])('over %s', (_name, network) => {
  it('both sides learn who the other is', async () => {
    const [a, b] = await transportPair(network())
    expect(a.remotePublicKey).toEqual(keyB.publicKey)
    expect(b.remotePublicKey).toEqual(keyA.publicKey)
    expect(a.remote).toEqual(b.local)
  })

  it('messages of all sizes arrive in order, both ways, compressed or not', { timeout: 60_000 }, async () => {
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

  it('the last frame reaches the remote before the connection closes, in order', async () => {
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

  it('a writer is told to wait, and told when there is room', async () => {
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

describe('the handshake', () => {
  const both = (a: ByteStream, b: ByteStream, options: Partial<RlpxOptions> = {}, remotePublicKey = keyB.publicKey) =>
    Promise.allSettled([
      RlpxTransport.initiate(a, { key: keyA, remotePublicKey, ...options }),
      RlpxTransport.accept(b, { key: keyB, ...options }),
    ])

  it('survives bytes that come one at a time, with the first frames glued on', async () => {
    const [a, b] = await streamPair()
    const single = (chunk: Uint8Array): Uint8Array[] => Array.from(chunk, (byte) => Uint8Array.of(byte))
    const recipient = RlpxTransport.accept(altered(b, single), { key: keyB })
    const initiator = await RlpxTransport.initiate(altered(a, single), { key: keyA, remotePublicKey: keyB.publicKey })
    initiator.write(0, randomBytes(100))
    const sink = opened(await recipient)
    await sink.count(1)
    expect(sink.frames[0]!.payload).toHaveLength(100)
  })

  it('keeps the frames that came with the ack until somebody listens', async () => {
    const [a, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB }).then((transport) => transport.write(0, new Uint8Array(5)))
    const initiator = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    await accepting
    await settle()
    const sink = opened(initiator)
    await sink.count(1)
    expect(sink.keys).toEqual([0])
  })

  it('fails at both ends when the remote is another than expected', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, newKey().publicKey)
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'ack' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_MESSAGE', stage: 'auth' } })
  })

  it('destroys the stream when the key to dial is not on the curve', async () => {
    const [a, b] = await streamPair()
    const [initiator, recipient] = await both(a, b, {}, new Uint8Array(64))
    expect(initiator).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_KEY' } })
    expect(recipient).toMatchObject({ reason: { code: 'ERR_HANDSHAKE_CLOSED', stage: 'auth' } })
  })

  it('rejects an announced size of 2049 at once, and garbage', async () => {
    for (const bytes of [Uint8Array.of(0x08, 0x01), concatBytes(Uint8Array.of(1, 0), randomBytes(300))]) {
      const [a, b] = await streamPair()
      const accepting = RlpxTransport.accept(b, { key: keyB })
      a.write(bytes)
      await expect(accepting).rejects.toBeInstanceOf(HandshakeError)
    }
  })

  it('ends a remote that sends a byte a second, after five seconds, with the stream destroyed', async () => {
    const clock = new FakeClock()
    const [a, b] = await streamPair(new MemoryNetwork({ clock }))
    let gone: unknown = 'not yet'
    a.open({
      data() {},
      drain() {},
      end() {
        gone = 'gone'
      },
    })
    const accepting = RlpxTransport.accept(b, { key: keyB, clock })
    const outcome = accepting.then(
      () => 'accepted',
      (error: unknown) => error,
    )
    const { opening } = new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey })
    for (let second = 0; second < 4; second++) {
      a.write(opening.slice(second, second + 1))
      await clock.advance(1_000)
    }
    await clock.advance(999)
    expect(gone).toBe('not yet')
    await clock.advance(1)
    expect(await outcome).toMatchObject({ code: 'ERR_HANDSHAKE_TIMEOUT', stage: 'auth', cause: { timeout: 5_000 } })
    await settle()
    expect(gone).toBe('gone')
    expect(clock.pending).toBe(0)
  })

  it('is given up by the signal, with its reason', async () => {
    const controller = new AbortController()
    const [, b] = await streamPair()
    const accepting = RlpxTransport.accept(b, { key: keyB, signal: controller.signal })
    controller.abort('enough')
    await expect(accepting).rejects.toBe('enough')
    const [, d] = await streamPair()
    await expect(RlpxTransport.accept(d, { key: keyB, signal: controller.signal })).rejects.toBe('enough')
  })

  it('leaves no timer and no listener behind', async () => {
    const clock = new FakeClock()
    const controller = new AbortController()
    const [a] = await transportPair(new MemoryNetwork({ clock }), { clock, signal: controller.signal })
    expect(clock.pending).toBe(0)
    controller.abort()
    const sink = opened(a)
    await settle()
    expect(sink.ends).toEqual([])
  })

  it('gives who replays an auth nothing: the first frame does not verify', async () => {
    const [a, b] = await streamPair()
    const { opening } = new Initiator({ privateKey: keyA.privateKey, remotePublicKey: keyB.publicKey })
    a.write(opening)
    a.write(randomBytes(64))
    const sink = opened(await RlpxTransport.accept(b, { key: keyB }))
    expect(await sink.ended()).toMatchObject({ code: 'ERR_RLPX_MAC' })
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

  it.each([
    ['header', 3],
    ['header MAC', 20],
    ['body', 40],
    ['body MAC', 130],
  ])('ends at a changed byte of the %s: nothing more is delivered, both ends close', async (_where, at) => {
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

  it('ends with an error when the remote goes inside a frame, and in order between two', async () => {
    for (const length of [20, 100, 144]) {
      const [a, sink] = await damaged((chunk, nth) => (nth === 0 ? chunk.slice(0, length) : chunk))
      a.write(5, randomBytes(80))
      await a.close()
      const error = await sink.ended()
      if (length === 144) expect(error).toBeUndefined()
      else expect(error).toBeInstanceOf(PeerClosedError)
    }
  })

  it('is reported to the sink, not thrown into the socket, when the sink itself throws', async () => {
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

describe('deadlines', () => {
  /** Only a's deadlines run. */
  const timed = async (options: Partial<RlpxOptions> = {}) => {
    const clock = new FakeClock()
    const patient = { clock, readTimeout: 1e9, writeTimeout: 1e9 }
    const [a, b] = await transportPair(new MemoryNetwork({ clock }), { clock, ...options }, patient)
    return { clock, a, b, sinkA: opened(a), sinkB: opened(b) }
  }

  it('a remote that is silent for 30 seconds is gone; each frame starts anew', async () => {
    const { clock, a, b, sinkA } = await timed()
    await clock.advance(29_000)
    b.write(1, new Uint8Array(1))
    await clock.advance(29_999)
    expect(sinkA.ends).toEqual([])
    await clock.advance(1)
    expect(sinkA.ends).toEqual([expect.any(TimeoutError)])
    expect(a.write(1, new Uint8Array(1))).toBe(true)
  })

  it('bytes that never make a whole frame do not help', async () => {
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

  it('stands still while we do not read', async () => {
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

  it('a remote that never reads is gone 20 seconds later', async () => {
    const { clock, a, b, sinkA } = await timed({ readTimeout: 1e9 })
    b.pause()
    a.write(1, randomBytes(300_000))
    await clock.advance(19_999)
    expect(sinkA.ends).toEqual([])
    await clock.advance(1)
    expect(sinkA.ends).toEqual([expect.any(TimeoutError)])
  })

  it('a remote that reads slowly is not', async () => {
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

  it('leave nothing behind after the end, and set no timer per frame', async () => {
    const { clock, a, sinkB } = await timed()
    for (let i = 0; i < 100; i++) {
      a.write(1, new Uint8Array(10))
      await settle()
    }
    expect(sinkB.keys).toHaveLength(100)
    expect(clock.pending).toBe(3) // two for reading, one for writing
    await a.close()
    await sinkB.ended()
    expect(clock.pending).toBe(0)
  })
})

describe('delivery', () => {
  it('stops within a chunk at pause, and goes on in a later tick after resume', async () => {
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

  it('passes to another sink, which gets what the first one paused before, and the end', async () => {
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

  it('ends at destroy, with its error, once, inside the call; nothing is delivered afterwards', async () => {
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

  it('counts the bytes of both directions alike', async () => {
    const [a, b] = await transportPair()
    const sink = opened(b)
    a.write(1, randomBytes(1000))
    a.write(2, randomBytes(10))
    await sink.count(2)
    expect(b.bytesIn).toBe(a.bytesOut)
    expect(b.bytesOut).toBe(a.bytesIn)
    expect(sink.frames.map(({ wireBytes }) => wireBytes)).toEqual([32 + 1008 + 16, 32 + 16 + 16])
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

  it('gathers the frames of a tick, and of the promises in it, in one write', async () => {
    const { transport, sink, writes } = await recording()
    for (let i = 0; i < 50; i++) transport.write(i, randomBytes(80))
    await Promise.resolve()
    transport.write(50, randomBytes(80))
    await sink.count(51)
    expect(writes).toEqual([51 * 144])
    expect(sink.keys).toEqual(Array.from({ length: 51 }, (_, i) => i))
  })

  it('does not gather more than 128 KiB', async () => {
    const { transport, sink, writes } = await recording()
    const sizes = [10, 100_000, 20_000, 20_000, 300_000, 10]
    for (const [key, size] of sizes.entries()) transport.write(key, randomBytes(size))
    await sink.count(sizes.length)
    expect(writes).toHaveLength(4)
    expect(sink.frames.map(({ payload }) => payload.length)).toEqual(sizes)
  })

  it('throws at a message that is too large, and goes on', async () => {
    const { transport, sink } = await recording()
    const step = (): unknown => transport.write(1, new Uint8Array(2 ** 24))
    expect(step).toThrow(expect.objectContaining({ code: 'ERR_RLPX_TOO_LARGE' }))
    transport.write(2, Uint8Array.of(9))
    await sink.count(1)
    expect(bytesToHex(sink.frames[0]!.payload)).toBe('09')
  })
})

describe('a recipient without a transport', () => {
  it('answers the same bytes a transport would understand', async () => {
    const [a, b] = await streamPair()
    const recipient = new Recipient({ privateKey: keyB.privateKey })
    b.open({
      data: (chunk) => void b.write(recipient.push(chunk)!.reply),
      drain() {},
      end() {},
    })
    const transport = await RlpxTransport.initiate(a, { key: keyA, remotePublicKey: keyB.publicKey })
    expect(transport.remotePublicKey).toEqual(keyB.publicKey)
  })
})

describe('what a remote may cost', () => {
  it('a flood of empty messages leaves the other connections their turn', async () => {
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

  it('what had to wait its turn is delivered before the end, and not at all once we close', async () => {
    const [a, b] = await transportPair(tcpNetwork)
    const sink = opened(b)
    for (let i = 0; i < 5_000; i++) a.write(1, new Uint8Array())
    await a.close()
    expect(await sink.ended()).toBeUndefined()
    expect(sink.frames).toHaveLength(5_000)
  })

  it('a frame larger than the limit ends the connection when its header has come', async () => {
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

  it('a base message is not unpacked past its limit; a Disconnect is taken as it came', async () => {
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
