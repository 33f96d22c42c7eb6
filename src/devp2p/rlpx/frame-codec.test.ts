import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../../../test/vectors/rlpx.json' with { type: 'json' }
import { bytesToHex, concatBytes, hexToBytes } from '../../base/bytes.ts'
import { CodecError, InternalError } from '../../base/errors.ts'
import { rlp, snappyCompress } from '../../codec/index.ts'
import { AesCtr, Keccak, keccak256, randomBytes } from '../../crypto/index.ts'
import {
  FrameCipher,
  FrameMac,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_CODE,
  type RunningHash,
  readCode,
  writeCode,
} from './frame-codec.ts'
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

function direction(snappy = false) {
  const seed = randomBytes(300)
  const secrets: Secrets = { aes: randomBytes(32), mac: randomBytes(32), egressMacSeed: seed, ingressMacSeed: seed }
  const writer = new FrameWriter(secrets)
  const sink = new Collector()
  const reader = new FrameReader(secrets, sink)
  writer.snappy = reader.snappy = snappy
  return { writer, reader, sink, secrets }
}

function frame(writer: FrameWriter, code: number, payload: Uint8Array): Uint8Array {
  const prepared = writer.prepare(code, payload)
  const out = new Uint8Array(prepared.wireBytes + 10).fill(0xee)
  writer.write(prepared, out, 7)
  expect([out[6], out.at(-3)]).toEqual([0xee, 0xee])
  return out.slice(7, -3)
}

function payloadOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (i * i) >> 3)
}

describe('a frame', () => {
  it('has the bytes of go-ethereum', () => {
    const { code, payload, digest, bytes } = vectors.frame
    const fixed: RunningHash = { update() {}, free() {}, digestInto: (out) => out.set(hexToBytes(digest)) }
    const secret = keccak256(new Uint8Array(0))
    const secrets: Secrets = { aes: secret, mac: secret, egressMacSeed: secret, ingressMacSeed: secret }
    expect(bytesToHex(frame(new FrameWriter(secrets, fixed), code, hexToBytes(payload)))).toBe(bytes)
    const sink = new Collector()
    new FrameReader(secrets, sink, fixed).push(hexToBytes(bytes))
    expect(sink.messages).toEqual([{ code, payload: hexToBytes(payload) }])
  })

  it('has the MACs of ethereumjs', () => {
    const { secret, header, body, digests } = vectors.mac
    const macAfter = (steps: (mac: FrameMac) => void): string => {
      const mac = new FrameMac(hexToBytes(secret), new Keccak())
      steps(mac)
      const out = new Uint8Array(16)
      mac.writeTo(out, 0)
      mac.free()
      return bytesToHex(out)
    }
    const takeHeader = (mac: FrameMac): void => mac.header(hexToBytes(header), 0)
    const takeBody = (mac: FrameMac): void => mac.body(hexToBytes(body))
    expect(macAfter(() => {})).toBe(digests.empty)
    expect(macAfter(takeHeader)).toBe(digests.header)
    expect(macAfter(takeBody)).toBe(digests.body)
    const takeBoth = (mac: FrameMac): void => {
      takeHeader(mac)
      takeBody(mac)
    }
    expect(macAfter(takeBoth)).toBe(digests.headerThenBody)
  })

  it.each([false, true])('comes back as it was sent, at every size (snappy %s)', (snappy) => {
    const { writer, reader, sink } = direction(snappy)
    for (const [code, size] of SIZES.entries()) {
      const bytes = frame(writer, code, payloadOf(size))
      expect(bytes.length % 16).toBe(0)
      expect(reader.push(bytes)).toBe(bytes.length)
      expect(sink.messages).toMatchObject([{ code }])
      expect(bytesToHex(sink.messages[0]!.payload)).toBe(bytesToHex(payloadOf(size)))
      sink.messages.length = 0
    }
    expect(reader.midFrame).toBe(false)
  })

  it.each([false, true])('survives any splitting of the stream (snappy %s)', (snappy) => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 8 })
    const cuts = fc.infiniteStream(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9000 })))
    const test = fc.property(sizes, cuts, (sizes, cuts) => {
      const { writer, reader, sink } = direction(snappy)
      const stream = concatBytes(...sizes.map((size, i) => frame(writer, i, payloadOf(size))))
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
    fc.assert(test, { numRuns: 60 })
  })

  it('survives single bytes', () => {
    const { writer, reader, sink } = direction()
    const stream = concatBytes(...[0, 17, 300].map((size) => frame(writer, 5, payloadOf(size))))
    for (const byte of stream) reader.push(Uint8Array.of(byte))
    expect(sink.messages.map(({ payload }) => payload)).toEqual([0, 17, 300].map(payloadOf))
  })

  it('stops within a chunk when it is told to, and goes on from there', () => {
    const { writer, reader, sink } = direction()
    const stream = concatBytes(frame(writer, 1, payloadOf(9)), frame(writer, 2, payloadOf(9)))
    sink.stopEach = true
    const at = reader.push(stream)
    expect(at).toBe(stream.length / 2)
    expect(reader.push(stream, at)).toBe(at)
    sink.stopped = false
    expect(reader.push(stream, at)).toBe(stream.length)
    expect(sink.messages.map(({ code }) => code)).toEqual([1, 2])
  })

  it('gives payloads away: later chunks do not change them', () => {
    const { writer, reader, sink } = direction()
    const chunk = frame(writer, 1, payloadOf(100))
    reader.push(chunk)
    chunk.fill(0)
    expect(sink.messages[0]!.payload).toEqual(payloadOf(100))
  })

  it('is refused when any byte of it was changed', () => {
    for (let i = 0; i < 80; i++) {
      const { writer, reader, sink } = direction()
      const bytes = frame(writer, 1, payloadOf(20))
      bytes[i]! ^= 1
      expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MAC' }))
      expect(sink.messages).toEqual([])
    }
  })

  it('is refused when it comes twice or out of order', () => {
    const { writer, reader } = direction()
    const [first, , third] = [1, 2, 3].map((code) => frame(writer, code, payloadOf(20)))
    reader.push(first!.slice())
    expect(() => reader.push(first!)).toThrow(CodecError)
    expect(() => reader.push(third!)).toThrow(CodecError)
  })

  it('takes no memory for its body before its header has proven to be genuine', () => {
    const { reader } = direction()
    expect(() => reader.push(new Uint8Array(32).fill(0xff))).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MAC' }))
  })
})

/** A frame whose body is anything, with MACs that are right. */
function rawFrame(secrets: Secrets, body: Uint8Array, size = body.length): Uint8Array {
  const padded = (body.length + 15) & ~15
  const out = new Uint8Array(32 + padded + 16)
  out.set([size >> 16, (size >> 8) & 0xff, size & 0xff, 0xc2, 0x80, 0x80])
  out.set(body, 32)
  const cipher = new AesCtr(secrets.aes, new Uint8Array(16))
  out.set(cipher.update(out.slice(0, 16)))
  out.set(cipher.update(out.slice(32, 32 + padded)), 32)
  const mac = new FrameMac(secrets.mac, new Keccak().update(secrets.egressMacSeed))
  mac.header(out, 0)
  mac.writeTo(out, 16)
  mac.body(out.subarray(32, 32 + padded))
  mac.writeTo(out, 32 + padded)
  return out
}

describe('what a frame holds', () => {
  it.each(['00', '8100', '817f', '820001', '8200ff', '83010000', '81', '8201', 'b8', 'c0', 'ff'])(
    'is refused when it begins with %s, which is no message id',
    (hex) => {
      const { reader, secrets } = direction()
      const bytes = rawFrame(secrets, hexToBytes(hex))
      expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MESSAGE_ID' }))
    },
  )

  it('is refused when it is nothing', () => {
    const { reader, secrets } = direction()
    const bytes = rawFrame(secrets, new Uint8Array(0))
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_MESSAGE_ID' }))
  })

  it('is refused when the compressed block declares more than 16 MiB - 1, before it is decompressed', () => {
    const { reader, secrets } = direction(true)
    const bomb = Uint8Array.of(0x10, 0x81, 0x80, 0x80, 0x08, ...new Uint8Array(60)) // declares 2^24 + 1
    const bytes = rawFrame(secrets, bomb)
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_SNAPPY' }))
  })

  it('is refused when it should be compressed and is not', () => {
    const { reader, secrets } = direction(true)
    const bytes = rawFrame(secrets, concatBytes(Uint8Array.of(0x10), payloadOf(50).fill(0xff)))
    expect(() => reader.push(bytes)).toThrow(expect.objectContaining({ code: 'ERR_SNAPPY' }))
  })

  it.each(['c104', '04', 'c0', '80'])('may be a Disconnect of %s, compressed or not', (hex) => {
    for (const compressed of [true, false]) {
      const { reader, secrets, sink } = direction(true)
      const payload = hexToBytes(hex)
      reader.push(rawFrame(secrets, concatBytes(Uint8Array.of(1), compressed ? snappyCompress(payload) : payload)))
      expect(sink.messages.map(({ payload }) => bytesToHex(payload))).toEqual([hex])
    }
  })

  it('may be 16 MiB - 1 when it compresses, and no more', { timeout: 60_000 }, () => {
    const { writer, reader, sink } = direction(true)
    const largest = new Uint8Array(MAX_MESSAGE_BYTES).fill(7)
    reader.push(frame(writer, 0, largest))
    expect(Buffer.compare(sink.messages[0]!.payload, largest)).toBe(0)
    const larger = new Uint8Array(MAX_MESSAGE_BYTES + 1)
    expect(() => writer.prepare(0, larger)).toThrow(expect.objectContaining({ code: 'ERR_RLPX_TOO_LARGE' }))
  })

  it('may fill a frame of 16 MiB - 1 to the last byte, and no more', { timeout: 60_000 }, () => {
    const { writer, reader, sink } = direction()
    const largest = randomBytes(MAX_MESSAGE_BYTES - 1)
    reader.push(frame(writer, 0, largest))
    expect(Buffer.compare(sink.messages[0]!.payload, largest)).toBe(0)
    for (const [code, size] of [[0, MAX_MESSAGE_BYTES] as const, [0x80, MAX_MESSAGE_BYTES - 1] as const]) {
      expect(() => writer.prepare(code, new Uint8Array(size))).toThrow(CodecError)
    }
    expect(() => writer.prepare(MAX_MESSAGE_CODE + 1, new Uint8Array(0))).toThrow(InternalError)
  })

  it('is refused, after compression, when random data grew over the limit', { timeout: 60_000 }, () => {
    const { writer } = direction(true)
    expect(() => writer.prepare(0, randomBytes(MAX_MESSAGE_BYTES))).toThrow(CodecError)
  })
})

describe('a message id', () => {
  it('is an RLP integer', () => {
    for (let code = 0; code <= MAX_MESSAGE_CODE; code++) {
      const out = new Uint8Array(4)
      const end = writeCode(code, out, 1)
      if (code < 300 || code % 997 === 0) expect(out.slice(1, end)).toEqual(rlp.number.encode(code))
      if (readCode(out, 1, end) !== code) expect.fail(`${code} came back as another`)
    }
  })
})

describe('the cipher', () => {
  it('is one AES-256-CTR stream, however it is cut', () => {
    const lengths = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 64 }),
        fc.integer({ min: 0, max: 40 }).map((n) => n * 32),
        fc.nat(5000),
      ),
    )
    const test = fc.property(lengths, (lengths) => {
      const key = randomBytes(32)
      const cipher = new FrameCipher(key)
      const plain = randomBytes(lengths.reduce((sum, length) => sum + length, 0))
      const bytes = new Uint8Array(plain.length + 1).subarray(lengths.length % 2) // aligned, or not
      bytes.set(plain)
      let at = 0
      for (const length of lengths) {
        cipher.apply(bytes, at, at + length)
        at += length
      }
      expect(bytesToHex(bytes.subarray(0, plain.length))).toBe(
        bytesToHex(new AesCtr(key, new Uint8Array(16)).update(plain)),
      )
    })
    fc.assert(test)
  })
})
