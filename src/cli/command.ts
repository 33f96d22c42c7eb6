/**
 * Specification of a command, and its translation into Commander's.
 * @module
 */
import { type Argument, type Command, CommanderError, Option } from 'commander'
import type { Clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { nearest } from '../base/nearest.ts'
import type { LogLevels } from '../node/index.ts'
import { addFlags } from './config/command-flags.ts'
import type { Config, Defaults } from './config/config.ts'
import type { FlagUse } from './config/read-config.ts'
import { COMMON_FLAGS, type FlagName } from './flags/index.ts'
import type { Terminal } from './output/terminal.ts'

/** The part of a Node stream that commands read from. */
export type InputStream = NodeJS.ReadableStream & { readonly isTTY?: boolean }

/** Everything a running command is given. */
export interface Context {
  readonly stdin: InputStream
  readonly terminal: Terminal
  /** Values and origins of all flags. */
  readonly config: Config
  readonly log: Logger
  /** Levels of the log; a command may change them while it runs. */
  readonly levels: LogLevels
  /** Aborts when the command is to stop. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** All commands, parsed or not; for completion. */
  readonly program: Command
}

/** `O`: the values of {@link CommandSpec.options}. */
export interface CommandSpec<O extends object = object> {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  /** Further paragraphs of the command's own help. */
  readonly details?: string
  /** Command lines without the program's name, each with its effect. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly arguments?: readonly Argument[]
  /** Flags besides {@link COMMON_FLAGS}; their values are in `context.config`. */
  readonly flags: readonly FlagName[]
  /** Defaults that replace those of the flag table. */
  readonly defaults?: Defaults
  /** Options of this command alone: set on the command line, neither in a file nor in the environment. */
  readonly options?: readonly Option[]
  /**
   * Default log level: `problems` is warn; `progress` is info, or warn while a progress bar is shown; `all` is info.
   * @default 'problems'
   */
  readonly logs?: 'problems' | 'progress' | 'all'
  /** Reloads the log levels on SIGHUP instead of ending, when there is no terminal. */
  readonly reloads?: true
  /** Left out of the list of commands. */
  readonly hidden?: true
  /**
   * Resolves with the result, which is the last line with `--json`; output for people goes through `terminal.print`.
   * Rejects with the signal's reason when it was interrupted before it was done; a server that is told to stop is done.
   */
  run(context: Context, options: O, ...words: string[]): Promise<object>
}

export type AnyCommandSpec = CommandSpec<never>

/** Runs a parsed command. */
export type Runner = (spec: AnyCommandSpec, options: object, words: readonly string[]) => Promise<void>

/** Handler of a parsed command, and the sink of the flags that were used. */
export interface Parsing {
  readonly run: Runner
  /** Receives the uses of flags of every command. */
  readonly uses: FlagUse[]
}

export function defaultsOf({ logs = 'problems', defaults }: AnyCommandSpec): Defaults {
  return { ...(logs === 'problems' && { verbosity: 'warn' }), ...defaults }
}

/** Adds the arguments, flags, help and action of the spec to `command`. */
export function configureCommand(command: Command, spec: AnyCommandSpec, { run, uses }: Parsing): Command {
  command.summary(spec.summary)
  command.description(spec.details ? `${spec.summary}\n\n${spec.details}` : spec.summary)
  for (const argument of spec.arguments ?? []) command.addArgument(argument)
  for (const option of spec.options ?? []) command.addOption(option)
  const flags = [...spec.flags, ...COMMON_FLAGS]
  addFlags(command, flags, uses, defaultsOf(spec))
  command.addHelpOption(new Option('-h, --help', 'shows the help').helpGroup('MISC'))
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

/** Adds the nearest known option to Commander's error. */
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

/** Commander's own error with the suggestion that all other sources of settings give. */
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

/**
 * Returns the value of a flag that the command requires. Throws a ConfigError that names the flag when it is not set.
 */
export function required<T>(name: string, value: T | undefined, what: string): T {
  if (value !== undefined) return value
  throw new ConfigError(name, 'is required', { hint: what })
}
