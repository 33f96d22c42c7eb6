import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomBytes } from '../../../test/support/random.ts'
import { nobleKeccak, ReferenceFrames, ReferenceMac, type RunningHash } from '../../../test/support/rlpx-reference.ts'
import vectors from '../../../test/vectors/rlpx.json' with { type: 'json' }
import { bytesToHex, concatBytes, hexToBytes } from '../../base/bytes.ts'
import { CodecError, InternalError } from '../../base/errors.ts'
import { rlp, snappyCompress } from '../../codec/index.ts'
import { keccak256, WINDOW_BYTES } from '../../crypto/index.ts'
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_CODE, readCode, writeCode } from './frame-codec.ts'
import { FrameReader } from './frame-reader.ts'
import { FrameWriter } from './frame-writer.ts'
import type { Secrets } from './handshake.ts'

const SIZES = [0, 1, 2, 13, 14, 15, 16, 17, 31, 32, 33, 100, 1024, 2047, 2048, 5000, 102_400]

interface Received {
  readonly code: number
  readonly payload: Uint8Array
}

class Collector {
  readonly messages: Received[] = []
  /** Stops after each message until set back. */
  stopEach = false
  stopped = false

  message(code: number, payload: Uint8Array): void {
    this.messages.push({ code, payload })
    this.stopped = this.stopEach
  }

  isStopped(): boolean {
    return this.stopped
  }
}

function secretsOf(seed: Uint8Array = randomBytes(300)): Secrets {
  return { aes: randomBytes(32), mac: randomBytes(32), egressMacSeed: seed, ingressMacSeed: seed }
}

function direction(snappy = false) {
  const secrets = secretsOf()
  const sent: Uint8Array[] = []
  const writer = new FrameWriter(secrets, (bytes) => sent.push(bytes))
  const sink = new Collector()
  const reader = new FrameReader(secrets, sink)
  writer.snappy = reader.snappy = snappy
  const frame = (code: number, payload: Uint8Array): Uint8Array => {
    const prepared = writer.prepare(code, payload)
    writer.write([prepared])
    const bytes = concatBytes(...sent.splice(0))
    expect(bytes).toHaveLength(prepared.wireBytes)
    return bytes
  }
  return { writer, reader, sink, secrets, sent, frame }
}

function payloadOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * i) >> 3)
}

describe('a frame', () => {
  test('a frame has the bytes of the specification, wherever its body falls in the window', () => {
    const sizes = [
      ...SIZES,
      WINDOW_BYTES - 33,
      WINDOW_BYTES - 32,
      WINDOW_BYTES - 17,
      WINDOW_BYTES,
      3 * WINDOW_BYTES + 5,
    ]
    const { writer, secrets, sent } = direction()
    const reference = new ReferenceFrames(secrets, nobleKeccak(secrets.egressMacSeed))
    const bodies = [...sizes, ...sizes.reverse()].map((size) => payloadOf(size))
    writer.write(bodies.map((body) => writer.prepare(7, body)))
    const expected = bodies.map((body) => reference.seal(concatBytes(Uint8Array.of(7), body)))
    expect(Buffer.compare(concatBytes(...sent), concatBytes(...expected))).toBe(0)
    expect(Math.max(...sent.map((piece) => piece.length))).toBe(WINDOW_BYTES)
  })

  test.each([false, true])('a frame of every size is read as it was written (snappy %s)', (snappy) => {
    const { frame, reader, sink } = direction(snappy)
    for (const [code, size] of SIZES.entries()) {
      const bytes = frame(code, payloadOf(size))
      expect(bytes.length % 16).toBe(0)
      expect(reader.push(bytes)).toBe(bytes.length)
      expect(sink.messages).toMatchObject([{ code }])
      expect(bytesToHex(sink.messages[0]!.payload)).toBe(bytesToHex(payloadOf(size)))
      sink.messages.length = 0
    }
    expect(reader.midFrame).toBe(false)
  })

  test.each([false, true])('frames are read from a stream split at any positions (snappy %s)', (snappy) => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 8 })
    const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })))
    const splitting = fc.property(sizes, cuts, (sizes, cuts) => {
      const { frame, reader, sink, writer } = direction(snappy)
      const stream = concatBytes(...sizes.map((size, i) => frame(i, payloadOf(size))))
      for (let at = 0; at < stream.length; ) {
        const end = at + (cuts.next().value as number)
        reader.push(stream.slice(at, end))
        at = end
      }
      expect(sink.messages.map(({ payload }) => bytesToHex(payload))).toEqual(
        sizes.map((n) => bytesToHex(payloadOf(n))),
      )
      writer.free()
      reader.free()
    })
    fc.assert(splitting, { numRuns: 60 })
  })

  test('frames are read from a stream of single bytes', () => {
    const { frame, reader, sink } = direction()
    const stream = concatBytes(...[0, 17, 300].map((size) => frame(5, payloadOf(size))))
    for (const byte of stream) reader.push(Uint8Array.of(byte))
    expect(sink.messages.map(({ payload }) => payload)).toEqual([0, 17, 300].map(payloadOf))
  })

  test('frames are read correctly although another connection reads a chunk between any two of them', () => {
    const [one, other] = [direction(), direction()]
    const frames = (of: typeof one) => concatBytes(...[5, 300, 2000, 17].map((size) => of.frame(1, payloadOf(size))))
    const [chunk, rest] = [frames(one), frames(other)]
    const message = one.sink.message.bind(one.sink)
    let at = 0
    one.sink.message = (code, payload) => {
      message(code, payload)
      at = other.reader.push(rest.subarray(0, at + 500), at)
    }
    one.reader.push(chunk)
    other.reader.push(rest, at)
    for (const { sink } of [one, other])
      expect(sink.messages.map((m) => m.payload)).toEqual([5, 300, 2000, 17].map(payloadOf))
  })

  test('the frame reader stops within a chunk when told to, and continues from there', () => {
    const { frame, reader, sink } = direction()
    const stream = concatBytes(frame(1, payloadOf(9)), frame(2, payloadOf(9)))
    sink.stopEach = true
    const at = reader.push(stream)
    expect(at).toBe(stream.length / 2)
    expect(reader.push(stream, at)).toBe(at)
    sink.stopped = false
    expect(reader.push(stream, at)).toBe(stream.length)
    expect(sink.messages.map(({ code }) => code)).toEqual([1, 2])
  })

  test('a payload belongs to its receiver: later chunks do not change it', () => {
    const { frame, reader, sink } = direction()
    const chunk = frame(1, payloadOf(100))
    reader.push(chunk)
    chunk.fill(0)
    expect(sink.messages[0]!.payload).toEqual(payloadOf(100))
  })

  test('a frame is refused when any of its bytes was changed', () => {
    for (let i = 0; i < 80; i++) {
      const { frame, reader, sink } = direction()
      const bytes = frame(1, payloadOf(20))
      bytes[i]! ^= 1
      expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MAC' }))
      expect(sink.messages).toEqual([])
    }
  })

  test('a frame is refused when it comes twice or out of order', () => {
    const { frame, reader } = direction()
    const [first, , third] = [1, 2, 3].map((code) => frame(code, payloadOf(20)))
    reader.push(first!.slice())
    expect(() => reader.push(first!)).toThrow(CodecError)
    expect(() => reader.push(third!)).toThrow(CodecError)
  })

  test('no memory is allocated for a body before its header is authenticated', () => {
    const { reader } = direction()
    expect(() => reader.push(new Uint8Array(32).fill(0xff))).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MAC' }))
  })
})

/** A frame whose body is anything, with MACs that are right. */
function rawFrame(secrets: Secrets, body: Uint8Array): Uint8Array {
  return new ReferenceFrames(secrets, nobleKeccak(secrets.ingressMacSeed)).seal(body)
}

describe('what a frame holds', () => {
  test.each(['00', '8100', '817f', '820001', '8200ff', '83010000', '81', '8201', 'b8', 'c0', 'ff'])(
    'a frame is refused when its body begins with %s, which is no message id',
    (hex) => {
      const { reader, secrets } = direction()
      const bytes = rawFrame(secrets, hexToBytes(hex))
      expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MESSAGE_ID' }))
    },
  )

  test('an empty frame is refused', () => {
    const { reader, secrets } = direction()
    const bytes = rawFrame(secrets, new Uint8Array(0))
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MESSAGE_ID' }))
  })

  test('a frame is refused before decompression when its snappy block declares more than 16 MiB - 1', () => {
    const { reader, secrets } = direction(true)
    const bomb = Uint8Array.of(0x10, 0x81, 0x80, 0x80, 0x08, ...new Uint8Array(60)) // declares 2^24 + 1
    const bytes = rawFrame(secrets, bomb)
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_SNAPPY' }))
  })

  test('a frame is refused when its payload should be compressed and is not', () => {
    const { reader, secrets } = direction(true)
    const bytes = rawFrame(secrets, concatBytes(Uint8Array.of(0x10), payloadOf(50).fill(0xff)))
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_SNAPPY' }))
  })

  test.each(['c104', '04', 'c0', '80'])('a Disconnect of %s is read, compressed or not', (hex) => {
    for (const compressed of [true, false]) {
      const { reader, secrets, sink } = direction(true)
      const payload = hexToBytes(hex)
      reader.push(rawFrame(secrets, concatBytes(Uint8Array.of(1), compressed ? snappyCompress(payload) : payload)))
      expect(sink.messages.map(({ payload }) => bytesToHex(payload))).toEqual([hex])
    }
  })

  test('a payload may have 16 MiB - 1 when it compresses, and no more', { timeout: 60_000 }, () => {
    const { frame, reader, sink, writer } = direction(true)
    const largest = new Uint8Array(MAX_MESSAGE_BYTES).fill(7)
    reader.push(frame(0, largest))
    while (reader.busy) reader.push(new Uint8Array())
    expect(Buffer.compare(sink.messages[0]!.payload, largest)).toBe(0)
    const larger = new Uint8Array(MAX_MESSAGE_BYTES + 1)
    expect(() => writer.prepare(0, larger)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_TOO_LARGE' }))
  })

  test('a payload may fill a frame of 16 MiB - 1 to the last byte, and no more', { timeout: 60_000 }, () => {
    const { frame, reader, sink, writer } = direction()
    const largest = randomBytes(MAX_MESSAGE_BYTES - 1)
    reader.push(frame(0, largest))
    expect(Buffer.compare(sink.messages[0]!.payload, largest)).toBe(0)
    for (const [code, size] of [[0, MAX_MESSAGE_BYTES] as const, [0x80, MAX_MESSAGE_BYTES - 1] as const]) {
      expect(() => writer.prepare(code, new Uint8Array(size))).toThrow(CodecError)
    }
    expect(() => writer.prepare(MAX_MESSAGE_CODE + 1, new Uint8Array(0))).toThrow(InternalError)
  })

  test('a payload is refused when compression makes it grow over the limit', { timeout: 60_000 }, () => {
    const { writer } = direction(true)
    expect(() => writer.prepare(0, randomBytes(MAX_MESSAGE_BYTES))).toThrow(CodecError)
  })
})

describe('a message id', () => {
  test('a message id is an RLP integer', () => {
    for (let code = 0; code <= MAX_MESSAGE_CODE; code++) {
      const out = new Uint8Array(4)
      const end = writeCode(code, out, 1)
      if (code < 300 || code % 997 === 0) expect(out.slice(1, end)).toEqual(rlp.number.encode(code))
      if (readCode(out, 1, end) !== code) expect.fail(`${code} came back as another`)
    }
  })
})

describe('the reference implementation', () => {
  test('the reference implementation seals frames with the bytes of go-ethereum', () => {
    const { code, payload, digest, bytes } = vectors.frame
    const fixed: RunningHash = { update() {}, digest: () => hexToBytes(digest) }
    const secret = keccak256(new Uint8Array(0))
    const body = concatBytes(Uint8Array.of(code), hexToBytes(payload))
    expect(bytesToHex(new ReferenceFrames({ aes: secret, mac: secret }, fixed).seal(body))).toBe(bytes)
  })

  test('the reference implementation has the MACs of ethereumjs', () => {
    const { secret, header, body, digests } = vectors.mac
    const mac = () => new ReferenceMac(hexToBytes(secret), nobleKeccak(new Uint8Array(0)))
    expect(bytesToHex(mac().digest())).toBe(digests.empty)
    expect(bytesToHex(mac().header(hexToBytes(header)))).toBe(digests.header)
    expect(bytesToHex(mac().body(hexToBytes(body)))).toBe(digests.body)
    const both = mac()
    both.header(hexToBytes(header))
    expect(bytesToHex(both.body(hexToBytes(body)))).toBe(digests.headerThenBody)
  })
})
