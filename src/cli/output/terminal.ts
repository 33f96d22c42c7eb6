/**
 * Output of a command: results to stdout, all else to stderr, with a status line at the bottom that is redrawn in
 * place.
 * @module
 */

import { bytesTo0x } from '../../base/bytes.ts'
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import type { Interruption } from '../interruption.ts'

/** The part of a Node stream that is used. */
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
  /** Writes one JSON object a line to stdout, and nothing for people. */
  readonly json: boolean
  readonly clock?: Clock
}

const DEFAULT_COLUMNS = 80
/** Milliseconds between redraws. */
const REDRAW_INTERVAL = 100
const CLEAR_LINE = '\r\x1b[K'
const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'

export class Terminal {
  readonly json: boolean
  /** True if stderr is a terminal. */
  readonly tty: boolean
  /** True if there is a status line. */
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

  /** Prints a line for people to stdout; nothing with `--json`. */
  print(line = ''): void {
    if (!this.json) this.#writeLine(this.#stdout, line)
  }

  /** Writes text to stdout unchanged, also with `--json`: help and the version. */
  write(text: string): void {
    this.#stdout.write(text)
  }

  /** Writes an object for programs to stdout, with `--json` only. */
  emit(value: object): void {
    if (this.json) this.#writeLine(this.#stdout, JSON.stringify(value, jsonValue))
  }

  /** Prints a line for people to stderr, also with `--json`. */
  warn(line: string): void {
    this.#writeLine(this.#stderr, line)
  }

  /** Sets the renderer of the status line, called at each redraw. No effect unless {@link live}. */
  show(render: (width: number) => string): void {
    if (!this.live) return
    if (!this.#render) this.#stderr.write(HIDE_CURSOR)
    this.#render = render
    this.#draw()
    this.#timer ??= this.#tick()
  }

  /** Removes the status line and shows the cursor again. */
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

/** Replacer for `JSON.stringify`: bytes as hex, big numbers as text. */
function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? bytesTo0x(value) : value
}

function supportsUnicode(env: TerminalOptions['env']): boolean {
  if (process.platform === 'win32') return env.WT_SESSION !== undefined || env.TERM_PROGRAM === 'vscode'
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')
}
