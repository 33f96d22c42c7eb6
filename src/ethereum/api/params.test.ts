import { expect, test } from 'vitest'
import type { z } from 'zod'
import { hexToBytes } from '../../base/bytes.ts'
import {
  blockIdParam,
  blockTagParam,
  countParam,
  flagParam,
  hashParam,
  indexParam,
  logQueryParam,
  percentilesParam,
  receiptsQueryParam,
} from './params.ts'

const HASH = `0x${'ab'.repeat(32)}`
const ADDRESS = `0x${'cd'.repeat(20)}`
const hash = hexToBytes(HASH)
const address = hexToBytes(ADDRESS)
const MILLION = Array.from({ length: 1_000_000 }, () => '')

test.each<[string, z.ZodType, unknown, unknown]>([
  ['a hash', hashParam, HASH, hash],
  ['a hash in capitals', hashParam, `0X${'AB'.repeat(32)}`, hash],
  ['an index', indexParam, '0x10', 16],
  ['an index beyond any list', indexParam, '0xffffffffffffffff', 2 ** 64],
  ['a tag', blockTagParam, 'finalized', 'finalized'],
  ['a block number', blockTagParam, '0x0', 0],
  ['a block by its hash', blockIdParam, HASH, { hash, requireCanonical: false }],
  ['a block by an object with its number', blockIdParam, { blockNumber: '0x7' }, 7],
  ['a block by an object with a tag', blockIdParam, { blockNumber: 'latest', blockHash: null }, 'latest'],
  [
    'a block by an object with its hash',
    blockIdParam,
    { blockHash: HASH, requireCanonical: true },
    { hash, requireCanonical: true },
  ],
  ['a count in hex', countParam, '0x10', 16],
  ['a count in decimal', countParam, '10', 10],
  ['a count as a number', countParam, 10, 10],
  ['a count that is empty', countParam, '', 0],
  ['percentiles', percentilesParam, [0, 50.5, 100], [0, 50.5, 100]],
  ['a query for all logs', logQueryParam, {}, { addresses: [], topics: [] }],
  ['a query with one address', logQueryParam, { address: ADDRESS }, { addresses: [address], topics: [] }],
  [
    'a query with alternative topics',
    logQueryParam,
    { fromBlock: 'earliest', toBlock: '0x5', topics: [null, HASH, [HASH, HASH], [HASH, null]] },
    { fromBlock: 'earliest', toBlock: 5, addresses: [], topics: [[], [hash], [hash, hash], []] },
  ],
  ['no query for receipts', receiptsQueryParam, undefined, undefined],
  ['a query for receipts', receiptsQueryParam, { transactionHashes: [HASH] }, { transactionHashes: [hash] }],
])('%s is parsed', (_, schema, value, expected) => {
  expect(schema.parse(value)).toEqual(expected)
})

test.each<[string, z.ZodType, unknown, string]>([
  ['a hash that is a number', hashParam, 7, 'non-string'],
  ['a hash without prefix', hashParam, 'ab'.repeat(32), 'hex string without 0x prefix'],
  ['a hash of odd length', hashParam, '0xabc', 'hex string of odd length'],
  ['a hash that is too short', hashParam, '0xabcd', 'hex string has length 4, want 64'],
  ['a hash with other letters', hashParam, `0x${'zz'.repeat(32)}`, 'invalid hex string'],
  ['an empty index', indexParam, '', 'empty hex string'],
  ['an index without digits', indexParam, '0x', 'hex string "0x"'],
  ['an index with leading zeros', indexParam, '0x01', 'hex number with leading zero digits'],
  ['an index of more than 64 bits', indexParam, '0x10000000000000000', 'hex number > 64 bits'],
  ['an unknown tag', blockTagParam, 'newest', 'hex string without 0x prefix'],
  ['a block number above 2^63', blockTagParam, '0x8000000000000000', 'block number larger than int64'],
  ['a block that is a number', blockIdParam, 7, 'neither a string nor an object'],
  [
    'a block by hash and number',
    blockIdParam,
    { blockHash: HASH, blockNumber: '0x1' },
    'cannot specify both BlockHash and BlockNumber, choose one or the other',
  ],
  ['a block by neither', blockIdParam, {}, 'must specify either BlockHash or BlockNumber'],
  ['a flag that is a string', flagParam, 'true', 'not a boolean'],
  ['a count with a fraction', countParam, 1.5, 'invalid hex or decimal integer "1.5"'],
  ['a negative count', countParam, '-1', 'invalid hex or decimal integer "-1"'],
  ['percentiles that are strings', percentilesParam, ['50'], 'not a number'],
  ['too many percentiles', percentilesParam, Array(101).fill(1), 'over the query limit 100'],
  ['a query that is a string', logQueryParam, 'all', 'not an object'],
  [
    'a query with hash and range',
    logQueryParam,
    { blockHash: HASH, toBlock: 'latest' },
    'cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other',
  ],
  ['a query with an address that is a number', logQueryParam, { address: 7 }, 'invalid addresses in query'],
  [
    'a query with a short address',
    logQueryParam,
    { address: '0xabcd' },
    'hex has invalid length 2 after decoding; expected 20 for address',
  ],
  ['a query with five topics', logQueryParam, { topics: Array(5).fill(null) }, 'exceed max topics'],
  ['a query with a topic that is a number', logQueryParam, { topics: [7] }, 'invalid topic(s)'],
  [
    'a query with a short topic',
    logQueryParam,
    { topics: [['0x01']] },
    'hex has invalid length 1 after decoding; expected 32 for topic',
  ],
  [
    'a query for 201 receipts',
    receiptsQueryParam,
    { transactionHashes: Array(201).fill(HASH) },
    'exceed max number of transaction hashes allowed per transactionReceipts subscription',
  ],
])('%s is refused with the text of go-ethereum', (_, schema, value, message) => {
  expect(schema.safeParse(value).error?.issues.map((issue) => issue.message)).toEqual([message])
})

test.each<[string, z.ZodType, unknown]>([
  ['addresses', logQueryParam, { address: MILLION }],
  ['topics', logQueryParam, { topics: MILLION }],
  ['topics in one position', logQueryParam, { topics: [MILLION] }],
  ['percentiles', percentilesParam, MILLION],
])('a list of a million %s is refused by its length, without reading its items', (_, schema, value) => {
  const { error } = schema.safeParse(value)
  expect(error?.issues.length).toBeLessThan(3)
  expect(JSON.stringify(error?.issues).length).toBeLessThan(2_000)
})
