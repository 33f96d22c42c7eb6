/**
 * Logger on pino: lines as go-ethereum writes them, or one JSON object a line.
 * @module
 */
import { pino } from 'pino'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { LogFields, Logger, LogLevel } from '../../base/log.ts'
import { LOG_LEVELS, LogLevels, type Verbosity } from './levels.ts'
import { formatLogfmt, formatLogLine, type LogLine, plainFields } from './line.ts'

/** go-ethereum's formats: lines for people, one JSON object a line, `key=value` pairs. */
export type LogFormat = 'terminal' | 'json' | 'logfmt'
export const LOG_FORMATS: readonly LogFormat[] = ['terminal', 'json', 'logfmt']

/** Output of log lines. */
export interface LogOutput {
  /** @default 'terminal' */
  readonly format?: LogFormat
  /** Adds ANSI colours to the terminal format. @default false */
  readonly colors?: boolean
  /** Receives one line with its end. @default stderr, synchronous */
  readonly write?: (line: string) => void
}

export interface LoggerOptions extends LogOutput {
  /** Levels for all or by module; {@link LogLevels} can change later. @default 'info' */
  readonly levels?: LogLevels | Verbosity
  /** Second output of the same lines. */
  readonly also?: LogOutput
  /** @default systemClock */
  readonly clock?: Clock
}

/** Creates a {@link Logger} that writes lines. Values under names such as `privateKey` are replaced. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { levels = 'info', also, clock = systemClock } = options
  let time = 0
  const outputs = [options, ...(also ? [also] : [])].map((output) => openOutput(output, () => time))
  const write: Output = (...line) => {
    time = clock.unixTime()
    for (const output of outputs) output(...line)
  }
  return new SinkLogger(
    { levels: levels instanceof LogLevels ? levels : new LogLevels({ verbosity: levels }), write },
    {},
  )
}

/** State shared by the loggers of one log. */
interface Sink {
  readonly levels: LogLevels
  readonly write: Output
}

type Output = (level: LogLevel, fields: LogFields, message: string) => void

function openOutput({ format = 'terminal', colors = false, ...output }: LogOutput, time: () => number): Output {
  const write = output.write ?? ((line: string) => void process.stderr.write(line))
  const line = format === 'logfmt' ? formatLogfmt : (parts: LogLine) => formatLogLine(parts, colors)
  const text = (json: string): void => write(`${line(parseLine(json))}\n`)
  const settings = {
    level: 'trace', // filtered before pino
    base: null,
    timestamp: () => `,"time":${format === 'json' ? JSON.stringify(new Date(time()).toISOString()) : time()}`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const log = pino(settings, { write: format === 'json' ? write : text })
  const shape = format === 'json' ? flat : nested
  return (level, fields, message) => log[level](shape(fields), message)
}

/** Logger of one module or peer: small, and cheap for lines that are not written, because every peer has one. */
class SinkLogger implements Logger {
  readonly #sink: Sink
  readonly #bound: LogFields
  /** Index of the highest level that is written, for one generation of the levels. */
  #least = 0
  #generation = -1

  constructor(sink: Sink, bound: LogFields) {
    this.#sink = sink
    this.#bound = bound
  }

  trace(message: string, fields?: LogFields): void {
    this.#write('trace', message, fields)
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields)
  }

  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields)
  }

  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields)
  }

  child(fields: LogFields): Logger {
    return new SinkLogger(this.#sink, { ...this.#bound, ...fields })
  }

  #write(level: LogLevel, message: string, fields: LogFields | undefined): void {
    const { levels, write } = this.#sink
    if (this.#generation !== levels.generation) {
      this.#generation = levels.generation
      this.#least = LOG_LEVELS.indexOf(levels.levelOf(String(this.#bound.module ?? '')))
    }
    if (LOG_LEVELS.indexOf(level) > this.#least) return
    write(level, plainFields({ ...this.#bound, ...fields }), message)
  }
}

const nested = (fields: LogFields): object => ({ fields })

/** Renames fields that would replace those of every line. */
const flat = (fields: LogFields): object =>
  Object.fromEntries(Object.entries(fields).map(([key, value]) => [RESERVED_KEYS.has(key) ? `${key}_` : key, value]))

const RESERVED_KEYS: ReadonlySet<string> = new Set(['level', 'time', 'msg'])

interface PinoLine {
  readonly level: LogLevel
  readonly time: number
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

function parseLine(line: string): LogLine {
  const { level, time, msg, fields } = JSON.parse(line) as PinoLine
  return { level, time, message: msg, fields }
}
