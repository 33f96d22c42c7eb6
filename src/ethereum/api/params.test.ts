import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { bytesTo0x, hexToBytes } from '../../base/bytes.ts'
import { blockIdParam, blockTagParam, countParam, hashParam, indexParam, logQueryParam } from './params.ts'

const HASH = `0x${'1f'.repeat(32)}`
const ADDRESS = `0x${'2e'.repeat(20)}`
const problem = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message

describe('a block', () => {
  it.each([
    ['0x0', 0],
    ['0x1aB', 427],
    ['0X10', 16],
    ['latest', 'latest'],
    ['safe', 'safe'],
  ])('%s is %s', (text, tag) => {
    expect(blockTagParam.parse(text)).toBe(tag)
    expect(blockIdParam.parse(text)).toBe(tag)
    expect(blockIdParam.parse({ blockNumber: text })).toBe(tag)
  })

  it.each([
    ['12', 'hex string without 0x prefix'],
    [12, 'hex string without 0x prefix'],
    ['', 'empty hex string'],
    ['0x', 'hex string "0x"'],
    ['0x00', 'hex number with leading zero digits'],
    ['0xfg', 'invalid hex string'],
    ['0x10000000000000000', 'hex number > 64 bits'],
    ['0x8000000000000000', 'block number larger than int64'],
  ])('%j is none: %s', (value, message) => {
    expect(problem(blockTagParam, value)).toBe(message)
  })

  it('may be a hash', () => {
    const hash = hexToBytes(HASH)
    expect(blockIdParam.parse(HASH)).toEqual({ hash, requireCanonical: false })
    expect(blockIdParam.parse({ blockHash: HASH })).toEqual({ hash, requireCanonical: false })
    expect(blockIdParam.parse({ blockHash: HASH, requireCanonical: true })).toEqual({ hash, requireCanonical: true })
  })

  it.each([
    [{}, 'must specify either BlockHash or BlockNumber'],
    [{ blockHash: HASH, blockNumber: '0x1' }, 'cannot specify both BlockHash and BlockNumber, choose one or the other'],
    [{ blockHash: '0x12' }, 'hex string has length 2, want 64'],
    [5, 'neither a string nor an object'],
    [`${HASH.slice(0, -1)}g`, 'invalid hex string'],
  ])('%j is none: %s', (value, message) => {
    expect(problem(blockIdParam, value)).toBe(message)
  })
})

describe('a hash', () => {
  it('is 64 digits, in either case', () => {
    expect(hashParam.parse(HASH.toUpperCase())).toEqual(hexToBytes(HASH))
  })

  it.each([
    ['', 'hex string has length 0, want 64'],
    [HASH.slice(2), 'hex string without 0x prefix'],
    [HASH.slice(0, -1), 'hex string of odd length'],
    [`${HASH}00`, 'hex string has length 66, want 64'],
    [null, 'non-string'],
  ])('%j is none: %s', (value, message) => {
    expect(problem(hashParam, value)).toBe(message)
  })
})

it('an index may be of 64 bits, which is behind the end of every list', () => {
  expect(indexParam.parse('0xffffffffffffffff')).toBe(2 ** 64)
  expect(problem(indexParam, 1)).toBe('non-string')
})

it('a count is hex or decimal', () => {
  expect(['0x10', '10', 10, ''].map((value) => countParam.parse(value))).toEqual([16, 10, 10, 0])
  expect(problem(countParam, 'ten')).toBe('invalid hex or decimal integer "ten"')
  expect(problem(countParam, 1.5)).toBe('invalid hex or decimal integer "1.5"')
  expect(problem(countParam, -1)).toBe('invalid hex or decimal integer "-1"')
})

describe('a filter', () => {
  it('takes one or many addresses, and topics by position', () => {
    const [topic, address] = [hexToBytes(HASH), hexToBytes(ADDRESS)]
    expect(logQueryParam.parse({})).toEqual({ addresses: [], topics: [] })
    expect(
      logQueryParam.parse({ address: ADDRESS, topics: [null, HASH, [HASH, HASH], [], [HASH, null]].slice(0, 4) }),
    ).toEqual({
      addresses: [address],
      topics: [[], [topic], [topic, topic], []],
    })
    expect(logQueryParam.parse({ address: [ADDRESS, ADDRESS], topics: [[HASH, null]] })).toEqual({
      addresses: [address, address],
      topics: [[]],
    })
    expect(logQueryParam.parse({ fromBlock: '0x1', toBlock: 'latest' })).toMatchObject({
      fromBlock: 1,
      toBlock: 'latest',
    })
    expect(logQueryParam.parse({ blockHash: HASH, fromBlock: null })).toMatchObject({ blockHash: topic })
  })

  it.each([
    [{ address: '0x12' }, 'hex has invalid length 1 after decoding; expected 20 for address'],
    [{ address: [ADDRESS, '0x12'] }, 'hex has invalid length 1 after decoding; expected 20 for address'],
    [{ address: 1 }, 'invalid addresses in query'],
    [{ topics: ['0x'] }, 'hex has invalid length 0 after decoding; expected 32 for topic'],
    [{ topics: [1] }, 'invalid topic(s)'],
    [{ topics: [null, null, null, null, null] }, 'exceed max topics'],
    [{ topics: [Array(1001).fill(HASH)] }, 'exceed max topics'],
    [{ fromBlock: 'x' }, 'hex string without 0x prefix'],
    [
      { blockHash: HASH, toBlock: '0x1' },
      'cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other',
    ],
    ['all', 'not an object'],
  ])('%j is none: %s', (value, message) => {
    expect(problem(logQueryParam, value)).toBe(message)
  })
})

it('numbers and hashes come back as they went in', () => {
  fc.assert(
    fc.property(fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (number, hash) => {
      expect(blockTagParam.parse(`0x${number.toString(16)}`)).toBe(number)
      expect(hashParam.parse(bytesTo0x(hash))).toEqual(hash)
    }),
  )
})

it('whatever comes is taken or refused, and throws nothing', () => {
  const schemas: z.ZodType[] = [blockIdParam, blockTagParam, countParam, hashParam, indexParam, logQueryParam]
  const value = fc.oneof(
    fc.string(),
    fc.jsonValue(),
    fc.object({ key: fc.constantFrom('blockHash', 'address', 'topics') }),
  )
  fc.assert(
    fc.property(value, (input) => {
      for (const schema of schemas) schema.safeParse(input)
    }),
  )
})
