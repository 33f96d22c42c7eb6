import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { engineToken } from '../bench/lib/engine.mjs'
import { percentile, trend } from '../bench/lib/stats.mjs'

describe('the figures of the bench', () => {
  it('take as a percentile the least value that so large a share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect(percentile(hundred, 0.99)).toBe(99)
    expect(percentile(hundred, 0.5)).toBe(50)
    expect(percentile([7], 0.99)).toBe(7)
    expect(percentile([], 0.99)).toBeUndefined()
  })

  it('draw a line through points, and are sure of one that all lie on', () => {
    const { slope, error } = trend([0, 1, 2, 3].map((x) => [x, 5 - 2 * x]))
    expect(slope).toBeCloseTo(-2)
    expect(error).toBeCloseTo(0)
  })

  it('say how unsure a line through scattered points is', () => {
    const { slope, error } = trend([0, 1, 2, 3, 4, 5].map((x) => [x, x % 2]))
    expect(slope).toBeCloseTo(3 / 35)
    expect(error).toBeCloseTo(0.14, 3)
  })

  it('claim nothing of two points', () => {
    expect(
      trend([
        [0, 1],
        [1, 9],
      ]),
    ).toEqual({ slope: 0, error: Infinity })
  })
})

describe('the token for geth', () => {
  it('is a JWT with the time it was issued at, signed with HMAC-SHA256', () => {
    const secret = new Uint8Array(32).fill(7)
    const [header, claims, signature] = engineToken(secret, 1_700_000_000).split('.') as [string, string, string]
    const decoded = [header, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()))
    expect(decoded).toEqual([{ alg: 'HS256', typ: 'JWT' }, { iat: 1_700_000_000 }])
    expect(signature).toBe(createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url'))
  })
})
