/**
 * Runs a command line and returns its exit code.
 * @module
 */
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { type Command, CommanderError } from 'commander'
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import { LogLevels } from '../node/index.ts'
import { type AnyCommandSpec, defaultsOf, type InputStream, unknownNameError } from './command.ts'
import { normalizeSwitches } from './config/command-flags.ts'
import type { Config } from './config/config.ts'
import { type FlagUse, readConfig } from './config/read-config.ts'
import { EXIT, type Failure, failureOf } from './failure.ts'
import { OPTION_FLAGS } from './flags/index.ts'
import { InterruptedError, Interruption } from './interruption.ts'
import { CommandLog, verbosityOf } from './output/log.ts'
import { type OutputStream, Terminal } from './output/terminal.ts'
import { buildProgram, COMMAND_NAMES } from './program.ts'

export interface MainOptions {
  /** @default nothing to read */
  readonly stdin?: InputStream
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Source of signals: called once with the listener, at the start. */
  readonly onSignals: (listener: (signal: string) => void) => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
  readonly clock?: Clock
}

/** Milliseconds that a command may take to stop after the first signal: less than supervisors give. */
const STOP_TIMEOUT = 25_000

/** Runs a command line, given without the program's name. Resolves with the exit code and never rejects. */
export function main(args: readonly string[], options: MainOptions): Promise<number> {
  return new Run(args, options).run()
}

/** State of one command line. */
class Run {
  readonly #args: readonly string[]
  readonly #options: MainOptions
  readonly #clock: Clock
  readonly #interruption: Interruption
  readonly #terminal: Terminal
  readonly #program: Command
  readonly #uses: FlagUse[] = []
  readonly #levels = new LogLevels()
  #config: Config | undefined
  #spec: AnyCommandSpec | undefined
  #log: CommandLog | undefined
  #deadline: Timer | undefined
  #reload: (() => Promise<void>) | undefined

  constructor(args: readonly string[], options: MainOptions) {
    this.#args = normalizeSwitches(args)
    this.#options = options
    const clock = options.clock ?? systemClock
    this.#clock = clock
    const interruption: Interruption = new Interruption({
      clock,
      onInterrupt: () => this.#onInterrupt(),
      onForce: () => {
        this.#terminal.clear()
        options.exit(EXIT.interrupted)
      },
    })
    this.#interruption = interruption
    this.#terminal = new Terminal({ ...options, clock, interruption, json: this.#args.includes('--json') })
    const output = { columns: options.stdout.columns, print: (text: string) => this.#terminal.write(text) }
    this.#program = buildProgram(output, { uses: this.#uses, run: (...parsed) => this.#runCommand(...parsed) })
  }

  /** Limits the time to stop, so that a supervisor need not kill the process. */
  #onInterrupt(): void {
    if (this.#terminal.live) this.#terminal.warn('stopping (Ctrl-C again exits at once)')
    this.#deadline = this.#clock.setTimer(STOP_TIMEOUT, () => {
      this.#terminal.clear()
      this.#terminal.warn(`error: not stopped within ${STOP_TIMEOUT / 1000} s, exiting`)
      this.#options.exit(EXIT.failed)
    })
  }

  async run(): Promise<number> {
    this.#options.onSignals((signal) => this.#onSignal(signal))
    const { signal } = this.#interruption
    try {
      await this.#program.parseAsync([...this.#args], { from: 'user' }).catch(ignoreHelp)
      await setImmediate() // the outcome of the last write is known one turn later
      if (signal.aborted && !(signal.reason instanceof InterruptedError)) throw signal.reason
      return EXIT.done
    } catch (error) {
      this.#terminal.clear()
      this.#log?.logger.debug('Command failed', { stack: error instanceof Error ? error.stack : undefined })
      return this.#report(signal.aborted ? signal.reason : error)
    } finally {
      this.#deadline?.cancel()
      this.#log?.[Symbol.dispose]()
    }
  }

  async #runCommand(spec: AnyCommandSpec, options: object, words: readonly string[]): Promise<void> {
    this.#spec = spec
    await this.#configure(spec)
    const config = this.#config as Config
    this.#log = new CommandLog(config, this.#levels, this.#terminal)
    if (spec.reloads && !this.#terminal.tty) this.#reload = () => this.#reloadLevels(spec)
    const context = {
      stdin: this.#options.stdin ?? Readable.from([]),
      terminal: this.#terminal,
      config,
      log: this.#log.logger,
      levels: this.#levels,
      signal: this.#interruption.signal,
      clock: this.#clock,
      program: this.#program,
    }
    const result = await spec.run(context, options as never, ...words)
    this.#terminal.clear()
    this.#terminal.emit({ type: 'result', ...result })
  }

  /** Reads the configuration. A later call changes only the log levels. */
  async #configure(spec: AnyCommandSpec): Promise<void> {
    const { env } = this.#options
    const config = await readConfig({ uses: this.#uses, env, defaults: defaultsOf(spec) })
    this.#levels.verbosity(verbosityOf(spec, config, this.#terminal))
    this.#levels.vmodule(config.get('vmodule'))
    this.#config ??= config
  }

  async #reloadLevels(spec: AnyCommandSpec): Promise<void> {
    const log = this.#log?.logger
    try {
      await this.#configure(spec)
      log?.info('Log levels reloaded', { verbosity: this.#levels.level, vmodule: this.#levels.pattern })
    } catch (error) {
      log?.warn('Log levels not reloaded', { error })
    }
  }

  /** Reloads the log levels at SIGHUP where there is no terminal that could hang up. */
  #onSignal(signal: string): void {
    if (signal === 'SIGHUP' && this.#reload) void this.#reload()
    else this.#interruption.onSignal(signal)
  }

  #report(error: unknown): number {
    const { exitCode, code, message } = this.#failureOf(error)
    if (message) this.#terminal.warn(`error: ${message}`)
    this.#terminal.emit({ type: 'error', code, message: message || describeError(error), exitCode })
    return exitCode
  }

  #failureOf(error: unknown): Failure {
    const isEmpty = error instanceof CommanderError && error.code === 'commander.help'
    const nameOf = (field: string) => this.#optionName(field)
    const [first, unknown] = this.#program.args
    if (isEmpty && first === 'help' && unknown !== undefined) {
      return failureOf(unknownNameError('command', unknown, COMMAND_NAMES), nameOf)
    }
    const group = this.#program.commands.find((command) => this.#args.includes(command.name()))
    if (isEmpty && group) return missingCommand(group)
    return failureOf(error, nameOf)
  }

  /** Name of the flag, or of the command's own option, that sets an option. */
  #optionName(field: string): string | undefined {
    const flag = OPTION_FLAGS.get(field)
    if (flag !== undefined) return this.#config?.nameOf(flag) ?? `--${flag}`
    return this.#spec?.options?.find(({ long }) => long === `--${field}`)?.long
  }
}

/** Ignores the errors by which Commander reports that it printed help or the version. */
function ignoreHelp(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error
}

/** Error of a group without a command, such as `peerloom key`. */
function missingCommand(group: Command): Failure {
  const names = group.commands.map((command) => command.name()).filter((name) => name !== 'help')
  const message = `command: missing (one of ${names.join(', ')}; see --help)`
  return { exitCode: EXIT.usage, code: 'ERR_USAGE', message }
}
