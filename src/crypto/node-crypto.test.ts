import { expect, test } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../base/bytes.ts'
import { AesCtr, equalSecret, hmacSha256, randomBytes, sha256 } from './node-crypto.ts'

test('sha256 hashes its parts as if they were one', () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(bytesToHex(sha256(utf8ToBytes('abc')))).toBe(abc)
  expect(bytesToHex(sha256(utf8ToBytes('a'), utf8ToBytes(''), utf8ToBytes('bc')))).toBe(abc)
  expect(sha256()).toEqual(sha256(new Uint8Array(0)))
})

test('hmacSha256 is that of RFC 4231, case 2', () => {
  const data = [utf8ToBytes('what do ya want '), utf8ToBytes('for nothing?')]
  expect(bytesToHex(hmacSha256(utf8ToBytes('Jefe'), ...data))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  )
})

test('hashes and MACs are plain Uint8Arrays, not Buffers', () => {
  const key = randomBytes(32)
  const iv = randomBytes(16)
  const results = [sha256(key), sha256(key, iv), hmacSha256(key, iv), randomBytes(4)]
  results.push(new AesCtr(key, iv).update(iv))
  for (const result of results) expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype)
})

test('randomBytes returns the requested length, never the same bytes, in memory of their own', () => {
  const lengths = [0, 1, 32, 4095, 4096, 4097, 10_000, ...Array.from({ length: 500 }, () => 16)]
  const drawn = lengths.map((length) => randomBytes(length))
  expect(drawn.map((bytes) => bytes.length)).toEqual(lengths)
  const large = drawn.filter((bytes) => bytes.length >= 16)
  expect(new Set(large.map((bytes) => bytesToHex(bytes.subarray(0, 16)))).size).toBe(large.length)
  const before = bytesToHex(large[0]!)
  for (const bytes of large.slice(1)) bytes.fill(0)
  randomBytes(16)
  expect(bytesToHex(large[0]!)).toBe(before)
  expect(large[0]!.buffer.byteLength).toBe(32)
})

test('equalSecret compares content, and lengths first', () => {
  expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalSecret(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false)
})

test('AesCtr continues where the last update ended, for both key sizes', () => {
  for (const size of [16, 32]) {
    const [key, iv, text] = [randomBytes(size), randomBytes(16), randomBytes(100)]
    const whole = new AesCtr(key, iv).update(text)
    const stream = new AesCtr(key, iv)
    expect(concatBytes(stream.update(text.subarray(0, 33)), stream.update(text.subarray(33)))).toEqual(whole)
    expect(new AesCtr(key, iv).update(whole)).toEqual(text)
  }
})

test('AesCtr is that of NIST SP 800-38A, F.5.1', () => {
  const ctr = new AesCtr(hexToBytes('2b7e151628aed2a6abf7158809cf4f3c'), hexToBytes('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'))
  expect(bytesToHex(ctr.update(hexToBytes('6bc1bee22e409f96e93d7e117393172a')))).toBe(
    '874d6191b620e3261bef6864990db6ce',
  )
})

test('AesCtr refuses keys and ivs of other lengths', () => {
  const refused = expect.objectContaining({ code: 'ERR_INVALID_LENGTH' })
  expect(() => new AesCtr(randomBytes(24), randomBytes(16))).toThrow(refused)
  expect(() => new AesCtr(randomBytes(16), randomBytes(12))).toThrow(refused)
})
