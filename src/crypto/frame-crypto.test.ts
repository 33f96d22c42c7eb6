import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomBytes } from '../../test/support/random.ts'
import { nobleKeccak, ReferenceFrames } from '../../test/support/rlpx-reference.ts'
import { bytesToHex, concatBytes } from '../base/bytes.ts'
import { FrameOpener, FrameSealer, frameMemory, INBOUND_WINDOW, OUTBOUND_WINDOW } from './frame-crypto.ts'
import { keccak256 } from './keccak.ts'

const secretsOf = () => ({ aes: randomBytes(32), mac: randomBytes(32), seed: randomBytes(300) })

function referenceOf(secrets: ReturnType<typeof secretsOf>): ReferenceFrames {
  return new ReferenceFrames(secrets, nobleKeccak(secrets.seed))
}

/** A frame around a body of whole blocks, sealed in pieces that end at `cuts`. */
function seal(sealer: FrameSealer, body: Uint8Array, cuts: readonly number[] = []): Uint8Array {
  const memory = frameMemory()
  const [start, end] = [OUTBOUND_WINDOW + 32, OUTBOUND_WINDOW + 32 + body.length]
  memory.fill(0, OUTBOUND_WINDOW, start)
  memory.set([body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff, 0xc2, 0x80, 0x80], OUTBOUND_WINDOW)
  memory.set(body, start)
  sealer.head(OUTBOUND_WINDOW)
  const ends = [...cuts.map((cut) => start + Math.min(cut, body.length)), end].sort((a, b) => a - b)
  ends.reduce((from, to) => {
    sealer.body(from, to - from)
    return to
  }, start)
  sealer.end(end)
  return memory.slice(OUTBOUND_WINDOW, end + 16)
}

/** The body of a frame, or which of its MACs is wrong. */
function open(opener: FrameOpener, frame: Uint8Array, cut = 0): Uint8Array | 'header' | 'body' {
  const memory = frameMemory()
  const [start, end] = [INBOUND_WINDOW + 32, INBOUND_WINDOW + frame.length - 16]
  memory.set(frame, INBOUND_WINDOW)
  if (!opener.head(INBOUND_WINDOW)) return 'header'
  const middle = Math.min(start + cut, end)
  opener.body(start, middle - start)
  opener.body(middle, end - middle)
  return opener.end(end) ? memory.slice(start, end) : 'body'
}

const bodies = fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 1, maxLength: 12 })
const body = (blocks: number): Uint8Array => randomBytes(blocks * 16)

test('frames are sealed as in the specification, in pieces of any size', () => {
  const test = fc.property(bodies, fc.array(fc.nat(1300), { maxLength: 4 }), (blocks, cuts) => {
    const secrets = secretsOf()
    const [sealer, reference] = [new FrameSealer(secrets), referenceOf(secrets)]
    for (const plain of blocks.map(body)) {
      expect(bytesToHex(seal(sealer, plain, cuts))).toBe(bytesToHex(reference.seal(plain)))
    }
    sealer.free()
  })
  fc.assert(test, { numRuns: 150 })
})

test('frames are opened to what was sealed, in pieces of any size', () => {
  const test = fc.property(bodies, fc.nat(1300), (blocks, cut) => {
    const secrets = secretsOf()
    const [opener, reference] = [new FrameOpener(secrets), referenceOf(secrets)]
    for (const plain of blocks.map(body)) expect(open(opener, reference.seal(plain), cut)).toEqual(plain)
    opener.free()
  })
  fc.assert(test, { numRuns: 150 })
})

test('frames with any byte changed are refused', () => {
  for (let at = 0; at < 80; at++) {
    const secrets = secretsOf()
    const frame = referenceOf(secrets).seal(randomBytes(32))
    frame[at]! ^= 1 << (at & 7)
    expect(open(new FrameOpener(secrets), frame)).toBe(at < 32 ? 'header' : 'body')
  }
})

test('frames of a thousand connections are kept apart while the memory grows', () => {
  const all = Array.from({ length: 1_000 }, () => {
    const secrets = secretsOf()
    return { sealer: new FrameSealer(secrets), reference: referenceOf(secrets) }
  })
  for (const blocks of [3, 1]) {
    for (const { sealer, reference } of all) {
      const plain = body(blocks)
      expect(Buffer.compare(seal(sealer, plain), reference.seal(plain))).toBe(0)
    }
  }
  for (const { sealer } of all) sealer.free()
})

test('frames are not disturbed by one-shot hashes in between', () => {
  const secrets = secretsOf()
  const [sealer, reference] = [new FrameSealer(secrets), referenceOf(secrets)]
  for (const plain of [1, 60, 2].map(body)) {
    expect(bytesToHex(seal(sealer, plain))).toBe(bytesToHex(reference.seal(plain)))
    keccak256(randomBytes(500))
  }
  sealer.free()
})

test('the state of a connection is refused after free(), and can be freed twice without being given to two', () => {
  const secrets = secretsOf()
  const sealer = new FrameSealer(secrets)
  sealer.free()
  sealer.free()
  expect(() => seal(sealer, body(1))).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }))
  const both = [secretsOf(), secretsOf()].map((own) => ({
    sealer: new FrameSealer(own),
    reference: referenceOf(own),
  }))
  for (const { sealer: own, reference } of both) {
    const plain = body(2)
    expect(bytesToHex(seal(own, plain))).toBe(bytesToHex(reference.seal(plain)))
    own.free()
  }
})

test('the state of a connection holds no keystream that has been used', () => {
  const sealer = new FrameSealer(secretsOf())
  seal(sealer, concatBytes(new Uint8Array(8_000)))
  const keystream = frameMemory().subarray(OUTBOUND_WINDOW + 65_536, OUTBOUND_WINDOW + 65_536 + 8_000)
  expect(keystream.every((byte) => byte === 0)).toBe(true)
  sealer.free()
})
