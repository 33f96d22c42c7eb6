import { expect, test } from 'vitest'
import { bytesToBigint } from '../base/bytes.ts'
import { drawBlinding } from './secp256k1-blinding.ts'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

test('drawBlinding returns a factor and its inverse for any draw', () => {
  const least = new Uint8Array(8).with(7, 1)
  const draws = [least, new Uint8Array(8).fill(255), ...Array.from({ length: 50 }, () => undefined)]
  for (const draw of draws) {
    const { factor, inverse } = draw ? drawBlinding(() => draw) : drawBlinding()
    expect([factor.length, inverse.length]).toEqual([32, 32])
    expect((bytesToBigint(factor) * bytesToBigint(inverse)) % ORDER).toBe(1n)
  }
})

test('drawBlinding returns another factor of 64 bits each time', () => {
  const factors = Array.from({ length: 50 }, () => bytesToBigint(drawBlinding().factor))
  expect(new Set(factors).size).toBe(50)
  expect(factors.some((factor) => factor >= 2n ** 62n)).toBe(true)
  expect(factors.every((factor) => factor < 2n ** 64n)).toBe(true)
})

test('drawBlinding draws again when it draws zero', () => {
  const draws = [new Uint8Array(8), new Uint8Array(8).fill(3)]
  expect(bytesToBigint(drawBlinding(() => draws.shift()!).factor)).toBe(0x0303030303030303n)
})
