/**
 * Log of a command: on stderr, and in a file when one is set.
 * @module
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import { ConfigError, describeError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { createLogger, type LogLevels, type Verbosity } from '../../node/index.ts'
import type { AnyCommandSpec } from '../command.ts'
import type { Config } from '../config/config.ts'
import type { Terminal } from './terminal.ts'

/** Log level of the command; a progress bar replaces messages at info. */
export function verbosityOf({ logs }: AnyCommandSpec, config: Config, { live }: Terminal): Verbosity {
  const isSaid = config.originOf('verbosity').from !== 'default'
  return !isSaid && live && logs === 'progress' ? 'warn' : config.get('verbosity')
}

export class CommandLog implements Disposable {
  readonly logger: Logger
  readonly #file: LogFile | undefined

  /** Throws a ConfigError when the file cannot be opened. */
  constructor(config: Config, levels: LogLevels, terminal: Terminal) {
    const path = config.get('log.file')
    this.#file = path === undefined ? undefined : new LogFile(path, config.nameOf('log.file'), terminal)
    const form = config.get('log.format')
    const format = form ?? (terminal.tty && !terminal.json ? 'terminal' : 'json')
    const write = (line: string): void => terminal.warn(line.trimEnd())
    const also = this.#file && { format: form ?? 'json', write: this.#file.write }
    const logger = createLogger({ levels, format, write, colors: terminal.colors, ...(also && { also }) })
    this.logger = logger.child({ module: 'node' })
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]()
  }
}

/** Writes each line synchronously, so that the lines before a crash are in the file. */
class LogFile implements Disposable {
  readonly #file: number
  readonly #path: string
  readonly #terminal: Terminal
  #open = true

  constructor(path: string, name: string, terminal: Terminal) {
    this.#path = path
    this.#terminal = terminal
    try {
      this.#file = openSync(path, 'a', 0o600)
    } catch (error) {
      throw new ConfigError(name, `cannot be opened: ${describeError(error)}`, { cause: error })
    }
  }

  /** Closes the file at its first failure; the program continues. */
  readonly write = (line: string): void => {
    if (!this.#open) return
    try {
      writeSync(this.#file, line)
    } catch (error) {
      this[Symbol.dispose]()
      this.#terminal.warn(`warning: log file ${this.#path} closed: ${describeError(error)}`)
    }
  };

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#file)
    this.#open = false
  }
}
