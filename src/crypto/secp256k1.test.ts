import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { randomBytes, randomKey } from '../../test/support/random.ts'
import { secp256k1Oracle as oracle } from '../../test/support/secp256k1-oracle.ts'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { generateKey, loadSecp256k1, secp256k1 } from './secp256k1.ts'

const ORDER = hexToBytes('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141')
const ORDER_MINUS_1 = hexToBytes('fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140')
const FIELD = hexToBytes('fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f')
const NAMES = ['native', 'wasm'] as const
const backends = [...NAMES.map((name) => loadSecp256k1(name)), oracle]

const subtract = (a: Uint8Array, b: Uint8Array): Uint8Array =>
  hexToBytes((BigInt(`0x${bytesToHex(a)}`) - BigInt(`0x${bytesToHex(b)}`)).toString(16).padStart(64, '0'))

describe('all backends agree', () => {
  test('all curve backends agree on every operation, for random keys and hashes', () => {
    for (let i = 0; i < 25; i++) {
      const key = randomKey()
      const hash = randomBytes(32)
      const other = oracle.publicKey(randomKey())
      const signature = oracle.sign(hash, key)
      const answers = backends.map((secp) => [
        bytesToHex(secp.publicKey(key)),
        bytesToHex(secp.compress(other)),
        bytesToHex(secp.decompress(oracle.compress(other))),
        bytesToHex(secp.ecdh(key, other)),
        bytesToHex(secp.ecdhEphemeral(key, other)),
        bytesToHex(secp.recoverEcdh(key, hash, signature)),
        bytesToHex(secp.sign(hash, key)),
        bytesToHex(secp.recover(hash, signature)),
        secp.verify(hash, signature.subarray(0, 64), secp.publicKey(key)),
        secp.verify(hash, signature.subarray(0, 64), other),
        secp.isPublicKey(other),
      ])
      expect(answers[0]).toEqual(answers[2])
      expect(answers[1]).toEqual(answers[2])
      expect(answers[2]!.slice(-3)).toEqual([true, false, true])
    }
  })

  test('all curve backends agree on the secret that two private keys share, the smallest and the largest too', () => {
    const one = new Uint8Array(32).with(31, 1)
    const scalar = fc.oneof(fc.constantFrom(one, ORDER_MINUS_1), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    const key = scalar.filter((bytes) => oracle.isPrivateKey(bytes))
    fc.assert(
      fc.property(key, key, (mine, theirs) => {
        const point = oracle.publicKey(theirs)
        const shared = bytesToHex(oracle.ecdh(mine, point))
        for (const secp of backends) {
          expect(bytesToHex(secp.ecdh(mine, point))).toBe(shared)
          expect(bytesToHex(secp.ecdhEphemeral(mine, point))).toBe(shared)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('all curve backends agree on the secret of a key and the signer of any hash', () => {
    const hash = fc.oneof(
      fc.constantFrom(new Uint8Array(32), ORDER, ORDER_MINUS_1, new Uint8Array(32).fill(255)),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
    )
    fc.assert(
      fc.property(hash, (hash) => {
        const [key, signer] = [randomKey(), randomKey()]
        const signature = oracle.sign(hash, signer)
        const shared = bytesToHex(oracle.ecdh(key, oracle.publicKey(signer)))
        for (const secp of backends) expect(bytesToHex(secp.recoverEcdh(key, hash, signature))).toBe(shared)
      }),
      { numRuns: 40 },
    )
  })

  test('all curve backends agree on which random bytes are a compressed key', () => {
    for (let i = 0; i < 50; i++) {
      const bytes = randomBytes(33)
      bytes[0] = 2 + (i % 2)
      const answers = backends.map((secp) => {
        try {
          return bytesToHex(secp.decompress(bytes))
        } catch (error) {
          return (error as { code: string }).code
        }
      })
      expect(new Set(answers).size).toBe(1)
    }
  })

  test('all curve backends agree on the keys recovered from mutated signatures', () => {
    const key = randomKey()
    for (let i = 0; i < 60; i++) {
      const hash = randomBytes(32)
      const signature = oracle.sign(hash, key)
      signature[i % 65] = randomBytes(1)[0]! & (i % 65 === 64 ? 3 : 255)
      for (const operation of ['recover', 'recoverEcdh'] as const) {
        const answers = backends.map((secp) => {
          try {
            return bytesToHex(
              operation === 'recover' ? secp.recover(hash, signature) : secp.recoverEcdh(key, hash, signature),
            )
          } catch (error) {
            return (error as { code: string }).code
          }
        })
        expect(new Set(answers).size, bytesToHex(signature)).toBe(1)
      }
    }
  })
})

test.each(NAMES)('the curve backend %s has its name', (name) => {
  expect(loadSecp256k1(name).backend).toBe(name)
})

describe.each([...NAMES, 'oracle'] as const)('secp256k1 %s', (name) => {
  const secp = name === 'oracle' ? oracle : loadSecp256k1(name)
  const key = randomKey()
  const publicKey = secp.publicKey(key)
  const hash = randomBytes(32)
  const offCurve = publicKey.slice()
  offCurve[63]! ^= 1
  const badPoints: [string, Uint8Array][] = [
    ['the zero point', new Uint8Array(64)],
    ['a point off the curve', offCurve],
    ['x not below the field prime', new Uint8Array([...FIELD, ...publicKey.subarray(32)])],
    ['63 bytes', publicKey.subarray(1)],
    ['no bytes', new Uint8Array(0)],
    ['65 bytes', new Uint8Array([4, ...publicKey])],
  ]

  test.each(badPoints)(`secp256k1 ${name} refuses %s wherever it takes a public key`, (_, point) => {
    const refused = expect.objectContaining({ name: 'CodecError', code: 'ERR_INVALID_PUBLIC_KEY' })
    expect(secp.isPublicKey(point)).toBe(false)
    expect(() => secp.ecdh(key, point)).toThrow(refused)
    expect(() => secp.ecdhEphemeral(key, point)).toThrow(refused)
    expect(() => secp.compress(point)).toThrow(refused)
    expect(secp.verify(hash, secp.sign(hash, key).subarray(0, 64), point)).toBe(false)
  })

  test(`secp256k1 ${name} refuses compressed keys of another length, prefix or without a point`, () => {
    const compressed = secp.compress(publicKey)
    const wrongPrefix = compressed.slice()
    wrongPrefix[0] = 5
    const beyond = new Uint8Array([2, ...FIELD])
    for (const bytes of [compressed.subarray(1), new Uint8Array([...compressed, 0]), wrongPrefix, beyond]) {
      expect(() => secp.decompress(bytes)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_PUBLIC_KEY' }))
    }
  })

  test(`secp256k1 ${name} takes private keys from 1 to the order minus 1`, () => {
    const one = new Uint8Array(32)
    one[31] = 1
    expect([one, ORDER_MINUS_1].map((k) => secp.isPrivateKey(k))).toEqual([true, true])
    expect(bytesToHex(secp.publicKey(one).subarray(0, 32))).toBe(
      '79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    )
  })

  test(`secp256k1 ${name} refuses malformed private keys in every operation`, () => {
    const refused = expect.objectContaining({ name: 'PeerloomError', code: 'ERR_INVALID_PRIVATE_KEY' })
    for (const bad of [new Uint8Array(32), ORDER, new Uint8Array(31).fill(1), new Uint8Array(33).fill(1)]) {
      expect(secp.isPrivateKey(bad)).toBe(false)
      expect(() => secp.publicKey(bad)).toThrow(refused)
      expect(() => secp.sign(hash, bad)).toThrow(refused)
      expect(() => secp.ecdh(bad, publicKey)).toThrow(refused)
      expect(() => secp.ecdhEphemeral(bad, publicKey)).toThrow(refused)
      expect(() => secp.recoverEcdh(bad, hash, secp.sign(hash, key))).toThrow(refused)
    }
  })

  test(`secp256k1 ${name} refuses signatures with r or s zero or too large, a recovery id over 3, or another length`, () => {
    const good = secp.sign(hash, key)
    const withPart = (part: Uint8Array, at: number) => {
      const bytes = good.slice()
      bytes.set(part, at)
      return bytes
    }
    const zero = new Uint8Array(32)
    const bad = [withPart(zero, 0), withPart(zero, 32), withPart(ORDER, 0), withPart(ORDER, 32)]
    for (const signature of [...bad, withPart(Uint8Array.of(4), 64), good.subarray(0, 64), new Uint8Array(66)]) {
      const refused = expect.objectContaining({ name: 'CodecError', code: 'ERR_INVALID_SIGNATURE' })
      expect(() => secp.recover(hash, signature)).toThrow(refused)
      expect(() => secp.recoverEcdh(key, hash, signature)).toThrow(refused)
    }
    for (const signature of bad) expect(secp.verify(hash, signature.subarray(0, 64), publicKey)).toBe(false)
    expect(secp.verify(hash, good, publicKey)).toBe(false)
  })

  test(`secp256k1 ${name} recovers from a signature with high s, but does not verify it`, () => {
    const signature = secp.sign(hash, key)
    signature.set(subtract(ORDER, signature.subarray(32, 64)), 32)
    signature[64]! ^= 1
    expect(secp.recover(hash, signature)).toEqual(publicKey)
    expect(secp.recoverEcdh(ORDER_MINUS_1, hash, signature)).toEqual(publicKey.slice(0, 32))
    expect(secp.verify(hash, signature.subarray(0, 64), publicKey)).toBe(false)
  })

  test(`secp256k1 ${name} refuses hashes that do not have 32 bytes`, () => {
    const refused = expect.objectContaining({ code: 'ERR_INVALID_HASH' })
    expect(() => secp.sign(new Uint8Array(31), key)).toThrow(refused)
    expect(() => secp.recover(new Uint8Array(33), new Uint8Array(65))).toThrow(refused)
    expect(() => secp.recoverEcdh(key, new Uint8Array(33), new Uint8Array(65))).toThrow(refused)
  })

  test(`secp256k1 ${name} works with a static key that changes between calls`, () => {
    const keys = [randomKey(), randomKey(), randomKey()]
    for (const mine of keys) expect(secp.ecdh(mine, publicKey)).toEqual(secp.ecdh(key, secp.publicKey(mine)))
  })

  test(`secp256k1 ${name} neither changes its inputs nor gives out memory it will write to again`, () => {
    const before = [publicKey, key, hash].map(bytesToHex)
    const results = [secp.publicKey(key), secp.compress(publicKey), secp.sign(hash, key), secp.ecdh(key, publicKey)]
    results.push(secp.ecdhEphemeral(key, publicKey), secp.recoverEcdh(key, hash, secp.sign(hash, key)))
    const then = results.map(bytesToHex)
    const other = randomKey()
    secp.sign(randomBytes(32), other)
    secp.compress(secp.publicKey(other))
    secp.ecdh(other, secp.publicKey(other))
    secp.ecdhEphemeral(other, publicKey)
    secp.recoverEcdh(other, hash, secp.sign(hash, key))
    expect(results.map(bytesToHex)).toEqual(then)
    expect([publicKey, key, hash].map(bytesToHex)).toEqual(before)
  })
})

test('generateKey gives keys that differ, and secp256k1 the same object each time', () => {
  expect(secp256k1()).toBe(secp256k1())
  const keys = Array.from({ length: 20 }, () => generateKey())
  expect(keys.every((key) => secp256k1().isPrivateKey(key))).toBe(true)
  expect(new Set(keys.map(bytesToHex)).size).toBe(20)
})
