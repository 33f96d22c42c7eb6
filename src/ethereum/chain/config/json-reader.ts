/**
 * Reads fields of go-ethereum's JSON, where a number may be a JSON number, a decimal string or hex. Throws
 * `ConfigError` with the path of the field.
 * @module
 */
import { hexToBytes } from '../../../base/bytes.ts'
import { ConfigError } from '../../../base/errors.ts'

/** Matches a string or a number. */
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g
/** Matches integers that may be above 2^53. */
const LONG_DIGITS = /^\d{16,}$/
const MAX_UINT64 = 2n ** 64n - 1n
const MAX_UINT256 = 2n ** 256n - 1n
/** Characters of a wrong value that an error message quotes. */
const SHOWN_CHARACTERS = 80

/** Parses JSON like `JSON.parse`, but integers above 2^53 become decimal strings with every digit. */
export function parseJson(text: string): unknown {
  return JSON.parse(text.replace(JSON_TOKEN, (token) => (LONG_DIGITS.test(token) ? `"${token}"` : token)))
}

export class JsonReader {
  readonly object: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConfigError(path, 'is not a JSON object', { hint: 'see a genesis.json of go-ethereum' })
    }
    this.object = value as Record<string, unknown>
    this.#path = path
  }

  has(name: string): boolean {
    return this.object[name] !== undefined && this.object[name] !== null
  }

  error(name: string, message: string, hint: string): ConfigError {
    return new ConfigError(`${this.#path}.${name}`, message, { hint })
  }

  /** Reads a number of at most 256 bits. */
  optionalBigint(name: string): bigint | undefined {
    const value = this.object[name]
    if (value === undefined || value === null) return undefined
    const text = typeof value === 'number' ? wholeNumber(value) : value
    if (typeof text !== 'string' || text.length > 80 || !/^(0x[0-9a-fA-F]*|[0-9]+)$/.test(text)) {
      throw this.error(name, `is ${shown(value)}`, 'a whole number, decimal or 0x hex')
    }
    const number = text === '0x' ? 0n : BigInt(text)
    if (number > MAX_UINT256) throw this.error(name, 'is too large', 'below 2^256')
    return number
  }

  optionalUint64(name: string): bigint | undefined {
    const value = this.optionalBigint(name)
    if (value !== undefined && value > MAX_UINT64) throw this.error(name, 'is too large', 'below 2^64')
    return value
  }

  bigint(name: string): bigint {
    return this.optionalBigint(name) ?? this.#missing(name)
  }

  optionalNumber(name: string): number | undefined {
    const value = this.optionalBigint(name)
    if (value !== undefined && value > BigInt(Number.MAX_SAFE_INTEGER))
      throw this.error(name, 'is too large', 'below 2^53')
    return value === undefined ? undefined : Number(value)
  }

  number(name: string): number {
    return this.optionalNumber(name) ?? this.#missing(name)
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.object[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'boolean') throw this.error(name, `is ${shown(value)}`, 'true or false')
    return value
  }

  /** Reads hex of exactly `length` bytes, or of any number of bytes. */
  optionalBytes(name: string, length?: number): Uint8Array | undefined {
    const value = this.object[name]
    if (value === undefined || value === null) return undefined
    if (typeof value !== 'string' || !/^(0x)?([0-9a-fA-F]{2})*$/.test(value)) {
      throw this.error(name, 'is not hex', 'an even number of hex digits, with or without 0x')
    }
    const bytes = hexToBytes(value)
    if (length !== undefined && bytes.length !== length) {
      throw this.error(name, `has ${bytes.length} bytes`, `it needs ${length}`)
    }
    return bytes
  }

  optionalObject(name: string): JsonReader | undefined {
    return this.has(name) ? new JsonReader(this.object[name], `${this.#path}.${name}`) : undefined
  }

  #missing(name: string): never {
    throw this.error(name, 'is missing', 'see a genesis.json of go-ethereum')
  }
}

/** @returns the digits of a number as written, not of the nearest double: 5.875e22 is 5875 and 19 zeros. */
function wholeNumber(value: number): string | undefined {
  if (!Number.isInteger(value) || value < 0) return undefined
  const [digits = '', exponent] = String(value).split('e+')
  if (exponent === undefined) return digits
  const [whole = '', fraction = ''] = digits.split('.')
  return whole + fraction.padEnd(Number(exponent), '0')
}

function shown(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}
