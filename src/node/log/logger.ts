/**
 * The log of a program, on pino: lines as go-ethereum writes them, or one JSON object a line.
 * @module
 */
import { pino } from 'pino'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { LogFields, Logger, LogLevel } from '../../base/log.ts'
import { LOG_LEVELS, LogLevels, type Verbosity } from './levels.ts'
import { formatLogfmt, formatLogLine, type LogLine, plainFields } from './line.ts'

/** go-ethereum's: lines for people, one JSON object a line, `key=value` pairs. */
export type LogFormat = 'terminal' | 'json' | 'logfmt'
export const LOG_FORMATS: readonly LogFormat[] = ['terminal', 'json', 'logfmt']

/** A place for log lines. */
export interface LogOutput {
  /** @default 'terminal' */
  readonly format?: LogFormat
  /** The form for terminals with ANSI colours. @default false */
  readonly colors?: boolean
  /** Takes one line, with its end. @default stderr, at once */
  readonly write?: (line: string) => void
}

export interface LoggerOptions extends LogOutput {
  /** What is written, for all or by module; {@link LogLevels} can be changed later. @default 'info' */
  readonly levels?: LogLevels | Verbosity
  /** A second place for the same lines. */
  readonly also?: LogOutput
  /** @default systemClock */
  readonly clock?: Clock
}

/** A {@link Logger} that writes. Values under names such as `privateKey` are never written. */
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

/** What all loggers of one log share. */
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
    level: 'trace', // decided before pino is asked
    base: null,
    timestamp: () => `,"time":${format === 'json' ? JSON.stringify(new Date(time()).toISOString()) : time()}`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const log = pino(settings, { write: format === 'json' ? write : text })
  const shape = format === 'json' ? flat : nested
  return (level, fields, message) => log[level](shape(fields), message)
}

/** Small, and cheap for what is not written: every peer has one. */
class SinkLogger implements Logger {
  readonly #sink: Sink
  readonly #bound: LogFields
  /** Place of the least level that is written, as of a generation of the levels. */
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

/** No field takes the place of what every line has. */
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
