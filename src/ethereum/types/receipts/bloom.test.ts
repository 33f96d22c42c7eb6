import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { keccak256 } from '../../../crypto/index.ts'
import { addToBloom, BLOOM_BYTES, bloomContains, mergeBlooms } from '../index.ts'

/** The bloom as one big number, as in the yellow paper. */
function plainBloom(values: readonly Uint8Array[]): bigint {
  let bloom = 0n
  for (const value of values) {
    const hash = keccak256(value)
    for (const i of [0, 2, 4]) bloom |= 1n << BigInt((((hash[i] as number) << 8) | (hash[i + 1] as number)) & 2047)
  }
  return bloom
}

const toBigint = (bloom: Uint8Array) => BigInt(`0x${Buffer.from(bloom).toString('hex')}`)

describe('bloom', () => {
  test('a bloom has the bits of the definition, also for values that share a slot of the cache', () => {
    const value = fc.oneof(
      fc.uint8Array({ minLength: 20, maxLength: 20, max: 2 }),
      fc.uint8Array({ minLength: 32, maxLength: 32, max: 2 }),
      fc.uint8Array({ maxLength: 40 }),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 30 }), (values) => {
        const bloom = new Uint8Array(BLOOM_BYTES)
        for (const one of values) addToBloom(bloom, one)
        expect(toBigint(bloom)).toBe(plainBloom(values))
        for (const one of values) expect(bloomContains(bloom, one)).toBe(true)
      }),
    )
  })

  test('a bloom does not contain values that were not added', () => {
    const bloom = new Uint8Array(BLOOM_BYTES)
    addToBloom(bloom, Uint8Array.of(1))
    expect(bloomContains(bloom, Uint8Array.of(2))).toBe(false)
  })

  test('the blooms of receipts merge into the bloom of their block', () => {
    const blooms = [1, 2, 3].map((value) => {
      const bloom = new Uint8Array(BLOOM_BYTES)
      addToBloom(bloom, Uint8Array.of(value))
      return bloom
    })
    expect(toBigint(mergeBlooms(blooms))).toBe(plainBloom([1, 2, 3].map((value) => Uint8Array.of(value))))
  })
})
