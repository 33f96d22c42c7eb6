import { describe, expect, test } from 'vitest'
import { logQueryParam, percentilesParam } from './params.ts'

const MILLION = Array.from({ length: 1_000_000 }, () => '')

describe('a list that is too long', () => {
  test.each([
    ['addresses', logQueryParam, { address: MILLION }],
    ['topics', logQueryParam, { topics: MILLION }],
    ['topics in one place', logQueryParam, { topics: [MILLION] }],
    ['percentiles', percentilesParam, MILLION],
  ] as const)(
    'a list that is too long of %s is refused by its length, without reading its items',
    (_, schema, value) => {
      const { error } = schema.safeParse(value)
      expect(error?.issues.length).toBeLessThan(3)
      expect(JSON.stringify(error?.issues).length).toBeLessThan(2_000)
    },
  )
})
