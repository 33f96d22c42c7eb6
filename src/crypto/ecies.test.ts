import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomBytes, randomKey } from '../../test/support/random.ts'
import { secp256k1Oracle } from '../../test/support/secp256k1-oracle.ts'
import vectors from '../../test/vectors/rlpx.json' with { type: 'json' }
import { bytesToHex, concatBytes, hexToBytes } from '../base/bytes.ts'
import { ECIES_OVERHEAD_BYTES, eciesDecrypt, eciesEncrypt } from './ecies.ts'
import { loadSecp256k1, secp256k1 } from './secp256k1.ts'
import type { Secp256k1 } from './secp256k1-backend.ts'

const refused = expect.objectContaining({ name: 'CodecError', code: 'ERR_ECIES' })
const backends = [loadSecp256k1('native'), loadSecp256k1('wasm'), secp256k1Oracle]

describe('ECIES', () => {
  test.each([
    ...vectors.auth.map((auth) => ({ ...auth, to: vectors.staticKeyB, nonce: vectors.nonceA })),
    ...vectors.ack.map((ack) => ({ ...ack, to: vectors.staticKeyA, nonce: vectors.nonceB })),
  ])('ECIES opens the packet of EIP-8, version $version', ({ bytes, to, nonce }) => {
    const packet = hexToBytes(bytes)
    for (const secp of backends) {
      const plaintext = eciesDecrypt(secp, hexToBytes(to), packet.subarray(2), packet.subarray(0, 2))
      expect(bytesToHex(plaintext)).toContain(nonce)
    }
  })

  test('ECIES gives the same bytes on every backend for the same randomness', () => {
    const publicKey = backends[0]!.publicKey(randomKey())
    const draws = [randomKey(), randomBytes(16)]
    const messages = backends.map((secp) => {
      let i = 0
      return bytesToHex(eciesEncrypt(secp, publicKey, randomBytesOf7, undefined, () => draws[i++]!))
    })
    expect(new Set(messages).size).toBe(1)
  })

  test('ECIES round-trips any plaintext and shared MAC data, and adds 113 bytes', () => {
    const secp = secp256k1()
    const key = randomKey()
    const publicKey = secp.publicKey(key)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 40 }), (plaintext, shared) => {
        const message = eciesEncrypt(secp, publicKey, plaintext, shared)
        expect(message.length).toBe(plaintext.length + 113)
        expect(eciesDecrypt(secp, key, message, shared)).toEqual(plaintext)
      }),
      { numRuns: 50 },
    )
    expect(ECIES_OVERHEAD_BYTES).toBe(113)
  })

  test('ECIES refuses a message in which any byte, or the shared MAC data, has changed', () => {
    const secp = secp256k1()
    const key = randomKey()
    const shared = Uint8Array.of(0, 120)
    const message = eciesEncrypt(secp, secp.publicKey(key), randomBytesOf7, shared)
    for (let i = 0; i < message.length; i++) {
      const bad = message.slice()
      bad[i]! ^= 1 << (i % 8)
      expect(() => eciesDecrypt(secp, key, bad, shared)).toThrow(refused)
    }
    expect(() => eciesDecrypt(secp, key, message, Uint8Array.of(0, 121))).toThrow(refused)
    expect(() => eciesDecrypt(secp, randomKey(), message, shared)).toThrow(refused)
  })

  test('ECIES throws nothing but ERR_ECIES on random bytes', () => {
    const secp = secp256k1()
    const key = randomKey()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, uncompressed) => {
        if (uncompressed && bytes.length > 0) bytes[0] = 4
        expect(() => eciesDecrypt(secp, key, bytes)).toThrow(refused)
      }),
    )
  })

  test('ECIES never multiplies a point that is not on the curve by the static key', () => {
    const inner = secp256k1()
    const key = randomKey()
    const good = eciesEncrypt(inner, inner.publicKey(key), randomBytesOf7)
    for (const point of [new Uint8Array(64), new Uint8Array(64).fill(1), randomBytes(64)]) {
      const message = concatBytes(Uint8Array.of(4), point, good.subarray(65))
      for (const secp of backends) expect(() => eciesDecrypt(secp, key, message)).toThrow(refused)
    }
  })

  test('ECIES refuses to encrypt to a key that is not on the curve', () => {
    expect(() => eciesEncrypt(secp256k1(), new Uint8Array(64), randomBytesOf7)).toThrow(refused)
    expect(() => eciesEncrypt(secp256k1(), new Uint8Array(10), randomBytesOf7)).toThrow(refused)
  })

  test('ECIES draws again when the randomness is no private key', () => {
    const secp: Secp256k1 = secp256k1()
    const key = randomKey()
    const draws = [new Uint8Array(32), randomKey(), randomBytes(16)]
    let i = 0
    const message = eciesEncrypt(secp, secp.publicKey(key), randomBytesOf7, undefined, () => draws[i++]!)
    expect(eciesDecrypt(secp, key, message)).toEqual(randomBytesOf7)
  })
})

const randomBytesOf7 = randomBytes(7)
