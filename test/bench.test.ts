import { createHmac } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { engineToken } from '../bench/lib/engine.mjs'
import { percentile, trend } from '../bench/lib/stats.mjs'

describe('the figures of the bench', () => {
  test('percentile returns the least value that so large a share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile([7], 0.99)).toBe(7)
    expect(percentile([], 0.99)).toBeUndefined()
  })

  test('trend fits a line through points, without an error when all lie on it', () => {
    const { slope, error } = trend([0, 1, 2, 3].map((x) => [x, 5 - 2 * x]))
    expect(slope).toBeCloseTo(-2)
    expect(error).toBeCloseTo(0)
  })

  test('trend returns the standard error of a line through scattered points', () => {
    const { slope, error } = trend([0, 1, 2, 3, 4, 5].map((x) => [x, x % 2]))
    expect(slope).toBeCloseTo(3 / 35)
    expect(error).toBeCloseTo(0.14, 3)
  })

  test('trend of two points has no slope and an infinite error', () => {
    expect(
      trend([
        [0, 1],
        [1, 9],
      ]),
    ).toEqual({ slope: 0, error: Infinity })
  })
})

describe('the token for geth', () => {
  test('engineToken makes a JWT with the time of its issue, signed with HMAC-SHA256', () => {
    const secret = new Uint8Array(32).fill(7)
    const [header, claims, signature] = engineToken(secret, 1_700_000_000).split('.') as [string, string, string]
    const decoded = [header, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    expect(decoded).toEqual([{ alg: 'HS256', typ: 'JWT' }, { iat: 1_700_000_000 }])
    expect(signature).toBe(createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url'))
  })
})
