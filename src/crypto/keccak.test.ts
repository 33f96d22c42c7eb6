import { keccak_256 } from '@noble/hashes/sha3.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesToHex, utf8ToBytes } from '../base/bytes.ts'
import { Keccak, keccak256 } from './keccak.ts'
import { randomBytes } from './node-crypto.ts'

describe('keccak256', () => {
  it('is that of Ethereum, not SHA-3', () => {
    expect(bytesToHex(keccak256(new Uint8Array(0)))).toBe(
      'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
    )
    expect(bytesToHex(keccak256(utf8ToBytes('abc')))).toBe(
      '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
    )
  })

  it('agrees with noble for every length around the block size', () => {
    const bytes = randomBytes(600)
    for (let length = 0; length <= 600; length++) {
      const part = bytes.subarray(0, length)
      expect(keccak256(part)).toEqual(keccak_256(part))
    }
  })

  it('agrees with noble on inputs longer than the input buffer', () => {
    for (const length of [61_439, 61_440, 61_441, 65_536, 300_001]) {
      const bytes = randomBytes(length)
      expect(keccak256(bytes)).toEqual(keccak_256(bytes))
    }
  })

  it('takes a view at any offset, and a Buffer', () => {
    const bytes = randomBytes(100)
    expect(keccak256(bytes.subarray(3, 77))).toEqual(keccak_256(bytes.slice(3, 77)))
    expect(keccak256(Buffer.from(bytes))).toEqual(keccak_256(bytes))
  })
})

describe('Keccak', () => {
  it('gives the hash of what came so far after every part, and goes on', () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
    fc.assert(
      fc.property(parts, (parts) => {
        const running = new Keccak()
        const oracle = keccak_256.create()
        for (const part of parts) {
          running.update(part)
          oracle.update(part)
          expect(running.digest()).toEqual(oracle.clone().digest())
        }
        expect(running.digest()).toEqual(oracle.digest())
        running.free()
      }),
      { numRuns: 200 },
    )
  })

  it('keeps a thousand states apart, interleaved, while the memory grows', () => {
    const states = Array.from({ length: 1_000 }, () => new Keccak())
    const inputs = states.map((_, i) => randomBytes(i % 400))
    for (const [i, state] of states.entries()) state.update(inputs[i]!.subarray(0, i % 200))
    for (const [i, state] of states.entries()) state.update(inputs[i]!.subarray(i % 200))
    for (const [i, state] of states.entries()) expect(state.digest()).toEqual(keccak_256(inputs[i]!))
    for (const state of states) state.free()
  })

  it('starts empty in a slot that was used before', () => {
    const first = new Keccak().update(randomBytes(50))
    first.free()
    const second = new Keccak()
    expect(second.digest()).toEqual(keccak256(new Uint8Array(0)))
    second.free()
  })

  it('is not disturbed by one-shot hashes in between', () => {
    const state = new Keccak().update(utf8ToBytes('a'))
    keccak256(randomBytes(500))
    expect(state.update(utf8ToBytes('bc')).digest()).toEqual(keccak256(utf8ToBytes('abc')))
    state.free()
  })

  it('writes a digest into a buffer at a position', () => {
    const state = new Keccak().update(utf8ToBytes('abc'))
    const out = new Uint8Array(40).fill(9)
    state.digestInto(out, 4)
    state.free()
    expect(out.subarray(4, 36)).toEqual(keccak256(utf8ToBytes('abc')))
    expect([out[3], out[36]]).toEqual([9, 9])
  })

  it('refuses to be used after free(), and can be freed twice', () => {
    const state = new Keccak()
    state.free()
    state.free()
    expect(() => state.update(new Uint8Array(1))).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }))
    expect(() => state.digest()).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }))
    const [a, b] = [new Keccak().update(Uint8Array.of(1)), new Keccak()]
    expect(b.digest()).toEqual(keccak256(new Uint8Array(0)))
    a.free()
    b.free()
  })
})
