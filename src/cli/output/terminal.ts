/**
 * Where a command writes: results to stdout, all else to stderr, with one line at the bottom that is redrawn in place.
 * @module
 */

import { bytesTo0x } from '../../base/bytes.ts'
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import type { Interruption } from '../interruption.ts'

/** What is used of a Node stream. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

export interface TerminalOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly interruption: Interruption
  /** One JSON object a line on stdout, nothing for people. */
  readonly json: boolean
  readonly clock?: Clock
}

const DEFAULT_COLUMNS = 80
/** At most ten times a second, in milliseconds. */
const REDRAW_INTERVAL = 100
const CLEAR_LINE = '\r\x1b[K'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'

export class Terminal {
  readonly json: boolean
  /** Whether people see what is written to stderr, as far as one can know. */
  readonly tty: boolean
  /** Whether there is a line at the bottom to draw in. */
  readonly live: boolean
  readonly colors: boolean
  readonly unicode: boolean
  readonly #stdout: OutputStream
  readonly #stderr: OutputStream
  readonly #clock: Clock
  #render: ((width: number) => string) | undefined
  #drawn = ''
  #timer: Timer | undefined

  constructor(options: TerminalOptions) {
    const { stdout, stderr, env } = options
    this.json = options.json
    this.#stdout = stdout
    this.#stderr = stderr
    this.#clock = options.clock ?? systemClock
    this.tty = stderr.isTTY === true
    this.live = !options.json && this.tty && env.TERM !== 'dumb'
    this.colors = this.tty && env.TERM !== 'dumb' && !env.NO_COLOR
    this.unicode = supportsUnicode(env)
    for (const stream of [stdout, stderr]) stream.on('error', (error) => options.interruption.outputFailed(error))
  }

  /** A line for people on stdout; nothing with `--json`. */
  print(line = ''): void {
    if (!this.json) this.#writeLine(this.#stdout, line)
  }

  /** Text on stdout as it is, whatever the form of the output: help and the version. */
  write(text: string): void {
    this.#stdout.write(text)
  }

  /** A line for programs on stdout, with `--json` only. */
  emit(value: object): void {
    if (this.json) this.#writeLine(this.#stdout, JSON.stringify(value, jsonValue))
  }

  /** A line on stderr, for people, whatever the form of the output. */
  warn(line: string): void {
    this.#writeLine(this.#stderr, line)
  }

  /** What the line at the bottom shows from now on; asked anew at each drawing. Only when {@link live}. */
  show(render: (width: number) => string): void {
    if (!this.live) return
    if (!this.#render) this.#stderr.write(HIDE_CURSOR)
    this.#render = render
    this.#draw()
    this.#timer ??= this.#tick()
  }

  /** Takes the line at the bottom away and gives the cursor back. */
  clear(): void {
    if (!this.#render) return
    this.#timer?.cancel()
    this.#timer = undefined
    this.#render = undefined
    this.#drawn = ''
    this.#stderr.write(CLEAR_LINE + SHOW_CURSOR)
  }

  #tick(): Timer {
    return this.#clock.setTimer(REDRAW_INTERVAL, () => {
      this.#draw()
      this.#timer = this.#tick()
    })
  }

  #draw(): void {
    const line = this.#render?.(this.#stderr.columns || DEFAULT_COLUMNS) ?? ''
    if (line === this.#drawn) return
    this.#drawn = line
    this.#stderr.write(CLEAR_LINE + line)
  }

  #writeLine(stream: OutputStream, line: string): void {
    if (this.#drawn) this.#stderr.write(CLEAR_LINE)
    stream.write(`${line}\n`)
    if (this.#drawn) this.#stderr.write(this.#drawn)
  }
}

/** Bytes as hex, big numbers as text: what `JSON.stringify` has no form for. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? bytesTo0x(value) : value
}

function supportsUnicode(env: TerminalOptions['env']): boolean {
  if (process.platform === 'win32') return env.WT_SESSION !== undefined || env.TERM_PROGRAM === 'vscode'
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
