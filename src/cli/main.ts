/**
 * From the words of a command line to an exit code.
 * @module
 */
import { setImmediate } from 'node:timers/promises'
import { Command, CommanderError } from 'commander'
import { type Clock, systemClock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { createLogger, packageVersion } from '../node/index.ts'
import { type AnyCommandSpec, type Runner, toCommand } from './command.ts'
import { demoCommand } from './commands/demo.ts'
import { exportCommand } from './commands/export.ts'
import { importCommand } from './commands/import.ts'
import { inspectCommand } from './commands/inspect.ts'
import { keyGenerateCommand, keyShowCommand } from './commands/key.ts'
import { pingCommand } from './commands/ping.ts'
import { serveCommand } from './commands/serve.ts'
import { syncCommand } from './commands/sync.ts'
import { EXIT, type Failure, failureOf } from './failure.ts'
import type { CommonOptions } from './flags.ts'
import { InterruptedError, Interruption } from './interruption.ts'
import { type OutputStream, Terminal } from './terminal.ts'

export interface MainOptions {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where signals come from: given the listener once, at the beginning. */
  readonly onSignals: (listener: (signal: string) => void) => void
  /** Ends the process at once. */
  readonly exit: (code: number) => void
  readonly clock?: Clock
}

/** Runs a command line, without the program's own name. Resolves with the exit code and never rejects. */
export async function main(words: readonly string[], options: MainOptions): Promise<number> {
  const { clock = systemClock, exit, onSignals } = options
  const interruption: Interruption = new Interruption({
    clock,
    onInterrupt: () => terminal.live && terminal.warn('stopping (Ctrl-C again ends it at once)'),
    onForce: () => {
      terminal.clear()
      exit(EXIT.interrupted)
    },
  })
  const terminal = new Terminal({ ...options, clock, interruption, json: words.includes('--json') })
  const { signal } = interruption
  let log: Logger | undefined
  const program = buildProgram(terminal, async (spec, flags, args) => {
    log = makeLog(spec, flags, terminal)
    const result = await spec.run({ terminal, clock, signal, log }, flags as never, ...args)
    terminal.clear()
    terminal.emit({ type: 'result', ...result })
  })
  onSignals(interruption.onSignal)
  try {
    await program.parseAsync([...words], { from: 'user' }).catch(passHelp)
    await setImmediate() // what has become of the last line is known one turn later
    if (signal.aborted && !(signal.reason instanceof InterruptedError)) throw signal.reason
    return EXIT.done
  } catch (error) {
    terminal.clear()
    log?.debug('stack', { stack: error instanceof Error ? error.stack : undefined })
    const named = program.commands.find((command) => command.name() === words[0])
    return report(signal.aborted ? signal.reason : error, terminal, named ?? program)
  }
}

function buildProgram(terminal: Terminal, run: Runner): Command {
  const program = new Command('peerloom')
  program
    .description('The peer-to-peer networks of Ethereum: syncs a chain, serves it, pings nodes.')
    .version(packageVersion(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text), writeErr: () => {}, outputError: () => {} })
    .helpCommand(true)
  const add = (parent: Command, spec: AnyCommandSpec): void => {
    parent.addCommand(toCommand(spec, run).copyInheritedSettings(program))
  }
  for (const spec of [demoCommand, syncCommand, serveCommand, importCommand, exportCommand, inspectCommand]) {
    add(program, spec)
  }
  const key = program.command('key').description('makes and shows node keys')
  for (const spec of [keyGenerateCommand, keyShowCommand]) add(key, spec)
  add(program, pingCommand)
  return program
}

function makeLog(spec: AnyCommandSpec, flags: CommonOptions, terminal: Terminal): Logger {
  const verbose = spec.logs === 'progress' && !terminal.live
  return createLogger({
    levels: flags.verbosity ?? (verbose ? 'info' : 'warn'),
    format: flags.json || flags.logFormat === 'json' ? 'json' : 'terminal',
    colors: terminal.colors,
    write: (line) => terminal.warn(line.trimEnd()),
  })
}

/** Help and the version were printed: commander has no other way to say that it is done. */
function passHelp(error: unknown): void {
  if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error
}

function report(error: unknown, terminal: Terminal, command: Command): number {
  const nothing = error instanceof CommanderError && error.code === 'commander.help'
  const { exitCode, code, message } = nothing ? noCommand(command) : failureOf(error)
  if (message) terminal.warn(`error: ${message}`)
  terminal.emit({ type: 'error', code, message: message || describeError(error), exitCode })
  return exitCode
}

/** Nothing but `peerloom`, or `peerloom key`. */
function noCommand(group: Command): Failure {
  const names = group.commands.map((command) => command.name()).filter((name) => name !== 'help')
  const message = `command: missing (one of ${names.join(', ')}; or --help)`
  return { exitCode: EXIT.usage, code: 'ERR_USAGE', message }
}
