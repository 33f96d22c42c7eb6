/**
 * Formats log lines: level, time, message and `key=value` for people, as go-ethereum does; or logfmt.
 * @module
 */
import { bytesTo0x, bytesToHex } from '../../base/bytes.ts'
import { describeError } from '../../base/errors.ts'
import type { LogLevel } from '../../base/log.ts'
import { NodeKey } from '../../identity/index.ts'

export interface LogLine {
  readonly level: LogLevel
  /** Unix time in milliseconds. */
  readonly time: number
  readonly message: string
  /** Made by {@link plainFields}. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** go-ethereum's `termMsgJust`: fields of short messages begin in the same column. */
const MESSAGE_WIDTH = 40
/** Smallest number written with commas, as in go-ethereum. */
const COMMAS_FROM = 100_000
const SECRET = /private|secret|passw|token|nodekey/i
/** Depth below which values are logged as text. */
const MAX_DEPTH = 4
const COLORS: Readonly<Record<LogLevel, number>> = { trace: 34, debug: 36, info: 32, warn: 33, error: 31 }

/** Control characters, line ends and bidirectional marks, which text of a remote may contain. */
const UNPRINTABLE = /[\p{C}\u2028\u2029]/gu
const NEEDS_QUOTES = /[\s="\p{C}]/u

/** Escapes the characters of `text` that a terminal acts on. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u${character.codePointAt(0)?.toString(16).padStart(4, '0')}`)
}

/** Formats one line without its end. `colors`: with ANSI escapes. The module is left out; the other formats have it. */
export function formatLogLine(line: LogLine, colors = false): string {
  const { level, message } = line
  const label = level.toUpperCase().padEnd(5)
  const named = Object.entries(line.fields).filter(([key]) => key !== 'module')
  const fields = named.map(([key, value]) => {
    return `${colors ? `\x1b[${COLORS[level]}m${key}\x1b[0m` : key}=${formatValue(value)}`
  })
  const head = `${colors ? `\x1b[${COLORS[level]}m${label}\x1b[0m` : label}[${timeOf(line.time)}] `
  const text = printable(message)
  return head + (fields.length > 0 ? `${text.padEnd(MESSAGE_WIDTH)} ${fields.join(' ')}` : text)
}

/** Formats one line without its end: `t=… lvl=info msg=… key=value`. */
export function formatLogfmt({ level, time, message, fields }: LogLine): string {
  const pairs = Object.entries(fields).map(([key, value]) => `${printable(key)}=${formatValue(value)}`)
  return [`t=${new Date(time).toISOString()}`, `lvl=${level}`, `msg=${formatValue(message)}`, ...pairs].join(' ')
}

/** Converts fields to JSON values without secrets: bytes to hex, errors to one line, keys to the id of their node. */
export function plainFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, plainField(key, value, 0)]))
}

function plainField(key: string, value: unknown, depth: number): unknown {
  if (value instanceof NodeKey) return bytesToHex(value.id)
  if (SECRET.test(key) && value !== undefined) return '[secret]'
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Uint8Array) return bytesTo0x(value)
  if (value instanceof Error) return describeError(value)
  if (typeof value === 'function' || typeof value === 'symbol') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return String(value)
  if (Array.isArray(value)) return value.map((item) => plainField('', item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plainField(name, inner, depth + 1)]))
}

function formatValue(value: unknown): string {
  if (typeof value === 'number') return formatNumber(value)
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
  return text === '' || NEEDS_QUOTES.test(text) ? printable(JSON.stringify(text)) : text
}

function formatNumber(value: number): string {
  if (!Number.isInteger(value)) return Number.isFinite(value) ? String(Math.round(value * 1000) / 1000) : String(value)
  return Math.abs(value) >= COMMAS_FROM ? value.toLocaleString('en-US') : String(value)
}

/** Local time: `11-21|08:27:18.123`. */
function timeOf(time: number): string {
  const date = new Date(time)
  const padTwo = (value: number): string => String(value).padStart(2, '0')
  const day = `${padTwo(date.getMonth() + 1)}-${padTwo(date.getDate())}`
  const clock = `${padTwo(date.getHours())}:${padTwo(date.getMinutes())}:${padTwo(date.getSeconds())}`
  return `${day}|${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}
