/**
 * Parses values from text. Invalid text throws a ConfigError that names its source: a flag, a variable, a key of a
 * file.
 * @module
 */
import { hexToBytes } from '../../base/bytes.ts'
import { atField, ConfigError } from '../../base/errors.ts'
import { NodeKey, parseEnode } from '../../identity/index.ts'
import { IpRanges } from '../../net/index.ts'
import { LOG_LEVELS, logLevelOf, parseVmodule, type Verbosity } from '../../node/index.ts'

/** Words of a switch, as in go-ethereum (Go's strconv.ParseBool). */
const TRUE_WORDS = ['true', 'True', 'TRUE', 't', 'T', '1']
const FALSE_WORDS = ['false', 'False', 'FALSE', 'f', 'F', '0']

/**
 * Parses a decimal number from `min` to `max`. A leading zero is refused: go-ethereum reads such a number as octal.
 */
export function parseWhole(name: string, text: string, min: number, max: number): number {
  const value = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const hint =
    max === Number.MAX_SAFE_INTEGER ? `a whole number from ${min} up` : `a whole number from ${min} to ${max}`
  throw invalidValue(name, text, hint)
}

/** Parses 32 bytes from hex digits, with or without 0x. */
export function parseHash(name: string, text: string): Uint8Array {
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) return hexToBytes(text)
  throw new ConfigError(name, `invalid block hash ${JSON.stringify(text)}`, {
    hint: '64 hex digits, with or without 0x',
  })
}

/** Parses the private key of a node. The error contains nothing of the text. */
export function parseSecretKey(name: string, text: string): NodeKey {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return atField(name, () => NodeKey.from(hexToBytes(text)))
  throw new ConfigError(name, 'invalid private key', { hint: '64 hex digits' })
}

/** Checks the URL of a node that can be dialed, and returns it unchanged. */
export function parseNode(name: string, text: string): string {
  const node = atField(name, () => parseEnode(text))
  if (node.tcpPort > 0) return text
  throw new ConfigError(name, 'the URL has no TCP port', {
    hint: 'use enode://<128 hex digits>@<host>:<port>',
  })
}

/** Checks IP ranges, and returns them unchanged. */
export function parseRanges(name: string, text: string): string {
  atField(name, () => IpRanges.parse(text))
  return text
}

export function parseOneOf<T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((each) => each === text)
  if (choice !== undefined) return choice
  throw invalidValue(name, text, `one of ${choices.join(', ')}`)
}

/** Parses a switch: `true` or `false`, or another of go-ethereum's words for them. */
export function parseSwitch(name: string, text: string): boolean {
  if (TRUE_WORDS.includes(text)) return true
  if (FALSE_WORDS.includes(text)) return false
  throw invalidValue(name, text, 'one of true, false')
}

/** Checks the path of a URL: empty, or from the root. */
export function parsePath(name: string, text: string): string {
  if (text === '' || /^\/[\w./~-]*$/.test(text)) return text
  throw invalidValue(name, text, 'a path such as /rpc')
}

/** Parses a log level, given by name or by go-ethereum's number. */
export function parseLevel(name: string, text: string): Verbosity {
  const level = logLevelOf(text)
  if (level !== undefined) return level
  throw invalidValue(name, text, `one of ${LOG_LEVELS.join(', ')}, or 0 to 5`)
}

/** Checks a pattern of module levels, and returns it unchanged. */
export function parseModuleLevels(name: string, text: string): string {
  atField(name, () => parseVmodule(text))
  return text
}

function invalidValue(name: string, text: string, hint: string): ConfigError {
  return new ConfigError(name, `invalid value ${JSON.stringify(text)}`, { hint })
}
