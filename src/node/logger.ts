/**
 * The log of a program, on pino: text as go-ethereum writes it, or one JSON object a line.
 * @module
 */
import { pino } from 'pino'
import { type Clock, systemClock } from '../base/clock.ts'
import type { LogFields, Logger, LogLevel } from '../base/log.ts'
import { formatLogLine, plainFields } from './log-line.ts'

export const LOG_LEVELS: readonly (LogLevel | 'silent')[] = ['silent', 'error', 'warn', 'info', 'debug', 'trace']

/** go-ethereum's: lines for people, one JSON object a line, `key=value` pairs. */
export type LogFormat = 'terminal' | 'json' | 'logfmt'
export const LOG_FORMATS: readonly LogFormat[] = ['terminal', 'json', 'logfmt']

export interface LoggerOptions {
  /** The least that is written. @default 'info' */
  readonly level?: LogLevel | 'silent'
  /** @default 'terminal' */
  readonly format?: LogFormat
  /** The form for terminals with ANSI colours. @default false */
  readonly colors?: boolean
  /** Takes one line, with its end. @default stderr, at once */
  readonly write?: (line: string) => void
  /** @default systemClock */
  readonly clock?: Clock
}

/** A {@link Logger} that writes. Values under names such as `privateKey` are never written. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', format = 'text', clock = systemClock, colors = false } = options
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  const text = (line: string): void => write(`${formatLogLine(parseLine(line), colors)}\n`)
  const settings = {
    level,
    base: null,
    timestamp: () => `,"time":${format === 'json' ? JSON.stringify(isoTime(clock)) : clock.unixTime()}`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return adapt(pino(settings, { write: format === 'json' ? write : text }), format === 'json' ? flat : nested, {})
}

type Write = (fields: object, message: string) => void
interface PinoLogger extends Readonly<Record<LogLevel, Write>> {
  isLevelEnabled(level: string): boolean
}

function adapt(log: PinoLogger, shape: (fields: LogFields) => object, bound: LogFields): Logger {
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (log.isLevelEnabled(level)) log[level](shape(plainFields({ ...bound, ...fields })), message)
  }
  return {
    trace: at('trace'),
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => adapt(log, shape, { ...bound, ...fields }),
  }
}

const nested = (fields: LogFields): object => ({ fields })

/** No field takes the place of what every line has. */
const flat = (fields: LogFields): object =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [OWN.has(key) ? `${key}_` : key, value]))

const OWN: ReadonlySet<string> = new Set(['level', 'time', 'msg'])

interface PinoLine {
  readonly level: LogLevel
  readonly time: number
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

function parseLine(line: string): Parameters<typeof formatLogLine>[0] {
  const { level, time, msg, fields } = JSON.parse(line) as PinoLine
  return { level, time, message: msg, fields }
}

function isoTime(clock: Clock): string {
  return new Date(clock.unixTime()).toISOString()
}
