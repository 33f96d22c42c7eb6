/**
 * Parameters: their form in JSON, and the values that handlers get. Error texts are go-ethereum's, byte for byte,
 * because programs match them.
 * @module
 */
import { z } from 'zod'
import { hexToBytes } from '../../base/bytes.ts'

/** A block by its number or its role in the chain. */
export type BlockTag = number | 'latest' | 'earliest' | 'pending' | 'safe' | 'finalized'

/** A block by number, tag or hash. Source: EIP-1898. */
export type BlockId = BlockTag | { readonly hash: Uint8Array; readonly requireCanonical: boolean }

/** The reason why a text is invalid. */
class Invalid {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

const HASH_BYTES = 32
const ADDRESS_BYTES = 20
const HEX_PREFIX = /^0x/i
const HEX_DIGITS = /^[0-9a-fA-F]*$/
const MAX_UINT64_DIGITS = 16
const MAX_BLOCK_NUMBER = 2n ** 63n - 1n
const TAGS: ReadonlySet<string> = new Set(['latest', 'earliest', 'pending', 'safe', 'finalized'])
/** Length of `0x` and a hash; any other text is parsed as a number. */
const HASH_TEXT_LENGTH = 66

/** Schema of a text that `read` parses or rejects. */
function text<T>(read: (text: string) => T | Invalid, otherwise = 'non-string') {
  return z.string({ error: otherwise }).transform((value, context): T => {
    const result = read(value)
    if (!(result instanceof Invalid)) return result
    context.addIssue({ code: 'custom', message: result.message })
    return z.NEVER
  })
}

/**
 * Error of a value with several forms: the error of the form it resembles, or `otherwise` if it resembles none. Zod's
 * own text would only say that the input is invalid.
 */
function reason(otherwise: string) {
  return (issue: z.core.$ZodRawIssue): string => {
    const issues = issue.code === 'invalid_union' ? issue.errors.flat() : []
    return issues.find(({ code }) => code !== 'invalid_type')?.message ?? otherwise
  }
}

/** Hash of 32 bytes. */
export const hashParam = text((value) => readBytes(value, HASH_BYTES)).describe('hash: 0x and 64 hex digits')

/** Position in a list. Above 2^53 it is not exact, and beyond any list. */
export const indexParam = text((value) => asNumber(readUint64(value))).describe('quantity: 0x and hex digits')

const MISSING_PREFIX = 'hex string without 0x prefix'

export const blockTagParam = text(readBlockTag, MISSING_PREFIX).describe(
  'block: latest, earliest, pending, safe, finalized, or 0x and the number in hex',
)

export const flagParam = z.boolean({ error: 'not a boolean' })

/** Source: EIP-1898. */
const blockIdObject = z
  .object({
    blockNumber: blockTagParam.nullish(),
    blockHash: hashParam.nullish(),
    requireCanonical: flagParam.nullish(),
  })
  .transform(({ blockNumber, blockHash, requireCanonical }, context): BlockId => {
    if (blockHash && blockNumber == null) return { hash: blockHash, requireCanonical: requireCanonical ?? false }
    if (!blockHash && blockNumber != null) return blockNumber
    const message = blockHash
      ? 'cannot specify both BlockHash and BlockNumber, choose one or the other'
      : 'must specify either BlockHash or BlockNumber'
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })

/** Block by number, tag or hash, or by an object with one of them. */
export const blockIdParam = z
  .union([text(readBlockId), blockIdObject], { error: reason('neither a string nor an object') })
  .describe('block: number, tag or hash (EIP-1898)')

/** Number of blocks: hex, or decimal as a number or a text. */
export const countParam = z
  .union([z.number(), z.string()], { error: 'invalid hex or decimal integer' })
  .transform((value, context): number => {
    const count = value === '' ? 0 : /^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(`${value}`) ? Number(value) : undefined
    if (count !== undefined) return count
    context.addIssue({ code: 'custom', message: `invalid hex or decimal integer ${JSON.stringify(`${value}`)}` })
    return z.NEVER
  })

/** Percentiles of one call. Source: go-ethereum eth/gasprice, `maxQueryLimit`. */
const MAX_PERCENTILES = 100

export const percentilesParam = shortList(
  z.array(z.number({ error: 'not a number' }), { error: 'not a list of numbers' }),
  MAX_PERCENTILES,
  `over the query limit ${MAX_PERCENTILES}`,
)

/** Schema of a list whose length is checked before its items, as each invalid item adds an issue. */
function shortList<T extends z.ZodType>(list: T, max: number, error: string) {
  return z
    .unknown()
    .refine((value) => !Array.isArray(value) || value.length <= max, { error, abort: true })
    .pipe(list)
}

/** Id of a filter. */
export const filterIdParam = z.string({ error: 'non-string' })

/** Query for logs. */
export interface LogQuery {
  /** Hash of one block; without it, the query is for the range from `fromBlock` to `toBlock`. */
  readonly blockHash?: Uint8Array | undefined
  readonly fromBlock?: BlockTag | undefined
  readonly toBlock?: BlockTag | undefined
  /** Alternative addresses, 20 bytes each; an empty list matches any. */
  readonly addresses: readonly Uint8Array[]
  /** Alternative topics by position; an empty list matches any. */
  readonly topics: readonly (readonly Uint8Array[])[]
}

/** Topics of a log. */
const MAX_TOPICS = 4
/** Addresses that are parsed; the search rejects those above its own limit, with go-ethereum's text. */
const MAX_PARSED_ADDRESSES = 10 * 1_000
/** Alternatives in one position. Source: go-ethereum eth/filters. */
export const MAX_ALTERNATIVES = 1_000

const address = text((value) => readSized(value, ADDRESS_BYTES, 'address'), 'invalid addresses in query')
const topic = text((value) => readSized(value, HASH_BYTES, 'topic'), 'invalid topic(s)')

const topicAlternatives = z.union(
  [topic, shortList(z.array(topic.nullable()), MAX_ALTERNATIVES, 'exceed max topics')],
  {
    error: reason('invalid topic(s)'),
  },
)

export const logQueryParam = z
  .object(
    {
      blockHash: hashParam.nullish(),
      fromBlock: blockTagParam.nullish(),
      toBlock: blockTagParam.nullish(),
      address: z
        .union([address, shortList(z.array(address), MAX_PARSED_ADDRESSES, 'exceed max addresses')], {
          error: reason('invalid addresses in query'),
        })
        .nullish(),
      topics: shortList(z.array(topicAlternatives.nullable()), MAX_TOPICS, 'exceed max topics').nullish(),
    },
    { error: 'not an object' },
  )
  .transform(({ blockHash, fromBlock, toBlock, address, topics }, context): LogQuery => {
    if (blockHash && (fromBlock != null || toBlock != null)) {
      const message = 'cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other'
      context.addIssue({ code: 'custom', message })
    }
    return {
      blockHash: blockHash ?? undefined,
      fromBlock: fromBlock ?? undefined,
      toBlock: toBlock ?? undefined,
      addresses: address instanceof Uint8Array ? [address] : (address ?? []),
      topics: (topics ?? []).map(alternatives),
    }
  })
  .describe('filter: blockHash, or fromBlock and toBlock; address: one or a list; topics: by position, one or a list')

/** Transactions of one subscription to receipts. Source: go-ethereum eth/filters. */
const MAX_WATCHED = 200

export const receiptsQueryParam = z
  .object({
    transactionHashes: shortList(
      z.array(hashParam),
      MAX_WATCHED,
      'exceed max number of transaction hashes allowed per transactionReceipts subscription',
    ).nullish(),
  })
  .optional()

/** @returns alternative topics; `null` among them matches any. */
function alternatives(of: Uint8Array | (Uint8Array | null)[] | null): Uint8Array[] {
  if (of === null) return []
  if (of instanceof Uint8Array) return [of]
  return of.includes(null) ? [] : (of as Uint8Array[])
}

function readBlockTag(value: string): BlockTag | Invalid {
  if (TAGS.has(value)) return value as BlockTag
  const number = readUint64(value)
  if (number instanceof Invalid) return number
  return number > MAX_BLOCK_NUMBER ? new Invalid('block number larger than int64') : Number(number)
}

function readBlockId(value: string): BlockId | Invalid {
  if (value.length !== HASH_TEXT_LENGTH) return readBlockTag(value)
  const hash = readBytes(value, HASH_BYTES)
  return hash instanceof Invalid ? hash : { hash, requireCanonical: false }
}

function readUint64(value: string): bigint | Invalid {
  if (value === '') return new Invalid('empty hex string')
  if (!HEX_PREFIX.test(value)) return new Invalid(MISSING_PREFIX)
  const digits = value.slice(2)
  if (digits === '') return new Invalid('hex string "0x"')
  if (digits.length > 1 && digits.startsWith('0')) return new Invalid('hex number with leading zero digits')
  if (!HEX_DIGITS.test(digits)) return new Invalid('invalid hex string')
  if (digits.length > MAX_UINT64_DIGITS) return new Invalid('hex number > 64 bits')
  return BigInt(`0x${digits}`)
}

function asNumber(value: bigint | Invalid): number | Invalid {
  return value instanceof Invalid ? value : Number(value)
}

function readBytes(value: string, length: number): Uint8Array | Invalid {
  const problem = hexInvalid(value)
  if (problem) return problem
  const digits = Math.max(0, value.length - 2)
  if (digits !== 2 * length) return new Invalid(`hex string has length ${digits}, want ${2 * length}`)
  return HEX_DIGITS.test(value.slice(2)) ? hexToBytes(value) : new Invalid('invalid hex string')
}

/** Reads bytes like {@link readBytes}, with the error texts that go-ethereum has inside a filter. */
function readSized(value: string, length: number, what: string): Uint8Array | Invalid {
  const problem = value === '' ? new Invalid('empty hex string') : hexInvalid(value)
  if (problem) return problem
  if (!HEX_DIGITS.test(value.slice(2))) return new Invalid('invalid hex string')
  const bytes = hexToBytes(value)
  if (bytes.length === length) return bytes
  return new Invalid(`hex has invalid length ${bytes.length} after decoding; expected ${length} for ${what}`)
}

function hexInvalid(value: string): Invalid | undefined {
  if (value === '') return undefined
  if (!HEX_PREFIX.test(value)) return new Invalid(MISSING_PREFIX)
  return value.length % 2 === 0 ? undefined : new Invalid('hex string of odd length')
}
