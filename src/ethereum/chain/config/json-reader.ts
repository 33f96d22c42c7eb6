/**
 * Reads fields of go-ethereum's JSON by the rules of Go's encoding/json: names match in any case, a later duplicate
 * replaces an earlier one, and duplicates that are objects are merged. A number may be a JSON number, a decimal string
 * or hex. Throws `ConfigError` with the path of the field.
 * @module
 */
import { hexToBytes } from '../../../base/bytes.ts'
import { ConfigError } from '../../../base/errors.ts'
import { nearest } from '../../../base/nearest.ts'
import { JsonObject, type JsonValue } from './json-text.ts'

const MAX_UINT64 = 2n ** 64n - 1n
const MAX_UINT256 = 2n ** 256n - 1n
/** Characters of a wrong value that an error message quotes. */
const SHOWN_CHARACTERS = 80
/** Longest number in a string, which leading zeros may make longer than 256 bits need. */
const MAX_NUMBER_CHARACTERS = 1_000
/** Most warnings about one file. */
const MAX_WARNINGS = 100
/** Characters of a path that a warning quotes. */
const MAX_PATH_CHARACTERS = 120
const HEX_OR_DECIMAL = /^0[xX][0-9a-fA-F]+$|^[0-9]*$/
/** Matches what a big integer of Go takes besides: a plus sign. */
const SIGNED_HEX_OR_DECIMAL = /^(0[xX])?[+]?[0-9a-fA-F]+$|^$/

/** Doubt about a field that is accepted, as go-ethereum does. */
export interface GenesisWarning {
  readonly problem: 'Unknown field' | 'Duplicate field' | 'Unexpected text' | 'Early field'
  /** Path of the field: `genesis.extradat`. */
  readonly field: string
  /** Meaning of the field, or the nearest known name. */
  readonly hint?: string
}

/** Receives the warnings about one file. BOUNDED: MAX_WARNINGS. */
export class Warnings {
  readonly #listener: ((warning: GenesisWarning) => void) | undefined
  #left = MAX_WARNINGS

  constructor(listener?: (warning: GenesisWarning) => void) {
    this.#listener = listener
  }

  /** `hint` is called if somebody listens. */
  add(problem: GenesisWarning['problem'], path: string, hint: () => string | undefined): void {
    if (!this.#listener || this.#left-- <= 0) return
    const text = hint()
    this.#listener({ problem, field: path.slice(0, MAX_PATH_CHARACTERS), ...(text !== undefined && { hint: text }) })
  }
}

interface Field {
  readonly name: string
  readonly values: JsonValue[]
}

export class JsonReader {
  readonly path: string
  readonly warnings: Warnings
  /** Fields in the order of the text, with duplicates. */
  readonly entries: JsonObject['entries']
  /** Values by folded name, with the first name as it is written. */
  readonly #values: ReadonlyMap<string, Field>
  /** Names that were asked for, by folded name. */
  readonly #known = new Map<string, string>()

  /** `value`: of `parseJson`, or a plain object. */
  constructor(value: unknown, path: string, warnings = new Warnings()) {
    this.path = path
    this.warnings = warnings
    this.entries = objectOf(value, path).entries
    this.#values = byFoldedName(this.entries)
  }

  has(name: string): boolean {
    const last = this.#of(name).at(-1)
    return last !== undefined && last !== null
  }

  error(name: string, message: string, hint: string): ConfigError {
    return new ConfigError(`${this.path}.${name}`, message, { hint })
  }

  /** Reads a number of at most 256 bits; `""` is 0, as in go-ethereum. */
  optionalBigint(name: string): bigint | undefined {
    return this.#last(name, (value) => this.#number(name, value, MAX_UINT256, SIGNED_HEX_OR_DECIMAL))
  }

  optionalUint64(name: string): bigint | undefined {
    return this.#last(name, (value) => this.#number(name, value, MAX_UINT64, HEX_OR_DECIMAL))
  }

  /** Reads a number of the config, where go-ethereum takes JSON numbers only; `max`: default any size. */
  optionalInteger(name: string, max?: bigint): bigint | undefined {
    return this.#last(name, (value) => this.#integer(name, value, max))
  }

  integer(name: string): bigint {
    return this.optionalInteger(name) ?? this.#missing(name)
  }

  /** Reads a field that null leaves as it is. */
  optionalBoolean(name: string): boolean | undefined {
    return this.#lastButNull(name, (value) => {
      if (typeof value !== 'boolean') throw this.error(name, `is ${shown(value)}`, 'true or false')
      return value
    })
  }

  /** Reads an integer that null leaves as it is. */
  optionalPlainInteger(name: string, max: bigint): bigint | undefined {
    return this.#lastButNull(name, (value) => this.#integer(name, value, max))
  }

  /** Reads hex of exactly `length` bytes, or of any number of bytes. */
  optionalBytes(name: string, length?: number): Uint8Array | undefined {
    return this.#last(name, (value) => {
      const hex = typeof value === 'string' ? value.replace(/^0[xX]/, '') : undefined
      if (hex === undefined || !/^([0-9a-fA-F]{2})*$/.test(hex)) {
        throw this.error(name, 'is not hex', 'an even number of hex digits, with or without 0x')
      }
      const bytes = hexToBytes(hex)
      if (length !== undefined && bytes.length !== length) {
        throw this.error(name, `has ${bytes.length} bytes`, `it needs ${length}`)
      }
      return bytes
    })
  }

  /** Reads an object; objects of the same name are merged, and null empties them. */
  optionalObject(name: string, path = `${this.path}.${name}`): JsonReader | undefined {
    const objects = this.#of(name).map((value) => (value === null ? undefined : objectOf(value, path)))
    const since = objects.slice(objects.lastIndexOf(undefined) + 1)
    if (since.length === 0) return undefined
    return new JsonReader(new JsonObject(since.flatMap((object) => object?.entries ?? [])), path, this.warnings)
  }

  /** Warns of names that nothing asked for, or that occur more than once. `ignored`: names that once had a meaning. */
  warnOfOthers(ignored: readonly string[] = []): void {
    const passedOver = new Set(ignored.map(fold))
    for (const [folded, { name, values }] of this.#values) {
      const known = this.#known.get(folded)
      const path = `${this.path}.${known ?? name}`
      if (known !== undefined) {
        if (values.length > 1) this.warnings.add('Duplicate field', path, () => 'the last one counts')
      } else if (!passedOver.has(folded)) {
        this.warnings.add('Unknown field', path, () => suggestion(name, this.#known.values()))
      }
    }
  }

  /** @returns the fields as a plain object, with the names that were asked for and integers above 2^53 as strings. */
  toJson(): Readonly<Record<string, unknown>> {
    return plainObject(this.entries, this.#known)
  }

  #integer(name: string, value: JsonValue, max: bigint | undefined): bigint {
    if (value === '') throw this.error(name, 'is ""', 'a whole number')
    return this.#number(name, value, max, HEX_OR_DECIMAL)
  }

  #number(name: string, value: JsonValue, max: bigint | undefined, pattern: RegExp): bigint {
    const text = typeof value === 'string' ? value : digitsOf(value)
    const digits = text?.replace('+', '').replace('X', 'x') ?? ''
    if (text === undefined || text.length > MAX_NUMBER_CHARACTERS || !pattern.test(text) || !isNumber(digits)) {
      throw this.error(name, `is ${shown(value)}`, 'a whole number, decimal or 0x hex')
    }
    const number = BigInt(digits)
    if (max !== undefined && number > max) {
      throw this.error(name, 'is too large', `below 2^${max.toString(2).length}`)
    }
    return number
  }

  #of(name: string): readonly JsonValue[] {
    const folded = fold(name)
    this.#known.set(folded, name)
    return this.#values.get(folded)?.values ?? []
  }

  /** Reads every value of a name, since each must be valid; the last one counts, and null is none. */
  #last<T>(name: string, read: (value: JsonValue) => T): T | undefined {
    return this.#of(name)
      .map((value) => (value === null ? undefined : read(value)))
      .at(-1)
  }

  #lastButNull<T>(name: string, read: (value: JsonValue) => T): T | undefined {
    return this.#of(name)
      .filter((value) => value !== null)
      .map(read)
      .at(-1)
  }

  #missing(name: string): never {
    throw this.error(name, 'is missing', 'see a genesis.json of go-ethereum')
  }
}

/** Folds a name as Go's encoding/json does: ASCII in any case, and the two letters of Unicode that fold to ASCII. */
function fold(name: string): string {
  return name
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function objectOf(value: unknown, path: string): JsonObject {
  if (value instanceof JsonObject) return value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigError(path, 'is not a JSON object', { hint: 'see a genesis.json of go-ethereum' })
  }
  return JsonObject.of(value)
}

/** @returns the digits of a number as written, not of the nearest double: 5.875e22 is 5875 and 19 zeros. */
function digitsOf(value: JsonValue): string | undefined {
  if (typeof value === 'bigint') return value < 0n ? undefined : String(value)
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined
  const [digits = '', exponent] = String(value).split('e+')
  if (exponent === undefined) return digits
  const [whole = '', fraction = ''] = digits.split('.')
  return whole + fraction.padEnd(Number(exponent), '0')
}

function isNumber(digits: string): boolean {
  return /^(0x[0-9a-fA-F]+|[0-9]*)$/.test(digits)
}

function shown(value: JsonValue): string {
  const text = JSON.stringify(plain(value))
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}

/** @returns a value as `JSON.stringify` takes it. */
function plain(value: JsonValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof JsonObject) return plainObject(value.entries, new Map())
  if (Array.isArray(value)) return value.map(plain)
  return value
}

function plainObject(entries: JsonObject['entries'], known: ReadonlyMap<string, string>): Record<string, unknown> {
  const fields = [...byFoldedName(entries)]
  return Object.fromEntries(
    fields.map(([folded, { name, values }]) => [known.get(folded) ?? name, plain(merged(values))]),
  )
}

function byFoldedName(entries: JsonObject['entries']): ReadonlyMap<string, Field> {
  const fields = new Map<string, Field>()
  for (const [name, value] of entries) {
    const folded = fold(name)
    const field = fields.get(folded)
    if (field) field.values.push(value)
    else fields.set(folded, { name, values: [value] })
  }
  return fields
}

/** @returns the value that counts of several of one name: the last, or all objects since the last null as one. */
function merged(values: readonly JsonValue[]): JsonValue {
  const last = values.at(-1) ?? null
  if (!(last instanceof JsonObject) || values.length === 1) return last
  const since = values.slice(values.lastIndexOf(null) + 1)
  return new JsonObject(since.flatMap((value) => (value instanceof JsonObject ? value.entries : [])))
}

function suggestion(name: string, known: Iterable<string>): string | undefined {
  const near = name.length > MAX_PATH_CHARACTERS ? undefined : nearest(name, known)
  return near === undefined ? undefined : `did you mean ${near}?`
}
