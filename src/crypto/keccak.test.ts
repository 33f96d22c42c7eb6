import { keccak_256 } from '@noble/hashes/sha3.js'
import { expect, test } from 'vitest'
import { randomBytes } from '../../test/support/random.ts'
import { bytesToHex, utf8ToBytes } from '../base/bytes.ts'
import { keccak256 } from './keccak.ts'

test('keccak256 is that of Ethereum, not SHA-3', () => {
  expect(bytesToHex(keccak256(new Uint8Array(0)))).toBe(
    'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470',
  )
  expect(bytesToHex(keccak256(utf8ToBytes('abc')))).toBe(
    '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45',
  )
})

test('keccak256 agrees with noble for every length around the block size', () => {
  const bytes = randomBytes(600)
  for (let length = 0; length <= 600; length++) {
    const part = bytes.subarray(0, length)
    expect(keccak256(part)).toEqual(keccak_256(part))
  }
})

test('keccak256 agrees with noble on inputs longer than the input buffer', () => {
  for (const length of [61_439, 61_440, 61_441, 65_536, 300_001]) {
    const bytes = randomBytes(length)
    expect(keccak256(bytes)).toEqual(keccak_256(bytes))
  }
})

test('keccak256 accepts a view at any offset, and a Buffer', () => {
  const bytes = randomBytes(100)
  expect(keccak256(bytes.subarray(3, 77))).toEqual(keccak_256(bytes.slice(3, 77)))
  expect(keccak256(Buffer.from(bytes))).toEqual(keccak_256(bytes))
})
