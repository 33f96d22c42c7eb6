/**
 * What a command is, and how one becomes Commander's.
 * @module
 */
import { type Argument, type Command, CommanderError, Option } from 'commander'
import type { Clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { LogLevels } from '../node/index.ts'
import { addFlags } from './config/command-flags.ts'
import type { Config, Defaults } from './config/config.ts'
import { nearest } from './config/nearest.ts'
import type { FlagUse } from './config/read-config.ts'
import { COMMON_FLAGS, type FlagName } from './flags/index.ts'
import type { Terminal } from './output/terminal.ts'

/** The part of a Node stream that commands read from. */
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean }

/** What a running command is given. */
export interface Context {
  readonly stdin: InputStream
  readonly terminal: Terminal
  /** The values of all flags, and where they came from. */
  readonly config: Config
  readonly log: Logger
  /** What is logged: for whoever changes it while the command runs. */
  readonly levels: LogLevels
  /** Aborts when the command is to stop. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** All commands, parsed or not: for completion. */
  readonly program: Command
}

/** `O`: the values of {@link CommandSpec.options}. */
export interface CommandSpec<O extends object = object> {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** More, for the command's own help. */
  readonly details?: string
  /** Command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly arguments?: readonly Argument[]
  /** Of the table, besides those that every command takes: read them from `context.config`. */
  readonly flags: readonly FlagName[]
  /** In place of the table's. */
  readonly defaults?: Defaults
  /** What only this command knows: on the command line alone, neither in a file nor in the environment. */
  readonly options?: readonly Option[]
  /** What is logged when nobody says: `progress` is info unless a bar is shown instead. @default 'problems' */
  readonly logs?: 'problems' | 'progress' | 'all'
  /** Without a terminal, SIGHUP has it read its log levels again instead of ending it. */
  readonly reloads?: true
  /** It works, but is not listed. */
  readonly hidden?: true
  /**
   * Resolves with the result: the last line with `--json`. What is said to people goes through `terminal.print`. Rejects
   * with the signal's reason when it was interrupted before it was done: a server that is told to stop is done.
   */
  run(context: Context, options: O, ...words: string[]): Promise<object>
}

export type AnyCommandSpec = CommandSpec<never>

/** Runs a command that has been parsed. */
export type Runner = (spec: AnyCommandSpec, options: object, words: readonly string[]) => Promise<void>

/** A command, and what is done with what is read of its command line. */
export interface Parsing {
  readonly run: Runner
  /** Takes what flags are used, of every command. */
  readonly uses: FlagUse[]
}

export function defaultsOf({ logs = 'problems', defaults }: AnyCommandSpec): Defaults {
  return { ...(logs === 'problems' && { verbosity: 'warn' }), ...defaults }
}

/** Gives `command` what the spec says: arguments, flags, help, action. */
export function configureCommand(command: Command, spec: AnyCommandSpec, { run, uses }: Parsing): Command {
  command.summary(spec.summary)
  command.description(spec.details ? `${spec.summary}\n\n${spec.details}` : spec.summary)
  for (const argument of spec.arguments ?? []) command.addArgument(argument)
  for (const option of spec.options ?? []) command.addOption(option)
  const flags = [...spec.flags, ...COMMON_FLAGS]
  addFlags(command, flags, uses, defaultsOf(spec))
  command.addHelpOption(new Option('-h, --help', 'show help').helpGroup('MISC'))
  command.addHelpText('after', examplesOf(spec)).exitOverride((error) => {
    throw withSuggestion(error, command)
  })
  return command.action((...args: unknown[]) => {
    const stray = uses.find(({ name }) => !flags.includes(name))
    if (stray) throw new ConfigError(stray.flag, `cannot be used with the command ${spec.name}`)
    const words = command.processedArgs.flat().filter((word: unknown): word is string => typeof word === 'string')
    return run(spec, args.at(-2) as object, words)
  })
}

/** An option that is unknown: the one that was meant. */
function withSuggestion(error: CommanderError, command: Command): Error {
  const [, flag] = /unknown option '([^']*)'/.exec(error.message) ?? []
  if (flag === undefined) return error
  const [name] = flag.split('=', 1)
  if (name !== flag && command.options.some(({ long }) => long === name)) {
    return new ConfigError(name as string, 'takes no value', { hint: `use ${name}, or ${name}=false to turn it off` })
  }
  const visible = command.options.filter((option) => !option.hidden)
  return unknownNameError('option', flag, [...visible.map(({ long }) => long ?? ''), '--help'])
}

/** Commander's own error, but with the suggestion that all other sources of settings give. */
export function unknownNameError(
  what: 'option' | 'command',
  name: string,
  candidates: readonly string[],
): CommanderError {
  const meant = nearest(name, candidates)
  const code = what === 'option' ? 'commander.unknownOption' : 'commander.unknownCommand'
  return new CommanderError(1, code, `error: unknown ${what} '${name}'${meant ? `\n(Did you mean ${meant}?)` : ''}`)
}

function examplesOf({ examples }: AnyCommandSpec): string {
  const width = Math.max(...examples.map(([line]) => line.length))
  const lines = examples.map(([line, what]) => `   peerloom ${line.padEnd(width)}  # ${what}\n`)
  return `EXAMPLES:\n${lines.join('')}`
}

/** A flag the command does not work without. */
export function required<T>(name: string, value: T | undefined, what: string): T {
  if (value !== undefined) return value
  throw new ConfigError(name, 'is required', { hint: what })
}
