/**
 * What a command is, and how one becomes Commander's.
 * @module
 */
import { type Argument, Command, type Option } from 'commander'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { type CommonOptions, commonOptions } from './flags.ts'
import type { Terminal } from './terminal.ts'

/** What a running command is given. */
export interface Context {
  readonly terminal: Terminal
  readonly log: Logger
  /** Aborts when the command is to stop. */
  readonly signal: AbortSignal
  readonly clock: Clock
}

export interface CommandSpec<O extends CommonOptions = CommonOptions> {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** More, for the command's own help. */
  readonly details?: string
  /** Command lines without the program's name, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[]
  readonly arguments?: readonly Argument[]
  readonly options: readonly Option[]
  /** What is logged when nobody says: `progress` is info unless a bar is shown instead. @default 'problems' */
  readonly logs?: 'problems' | 'progress'
  /**
   * Resolves with the result: the last line with `--json`. What is said to people goes through `terminal.say`. Rejects
   * with the signal's reason when it was interrupted.
   */
  run(context: Context, options: O, ...words: string[]): Promise<object>
}

export type AnyCommandSpec = CommandSpec<never>

/** Runs a command that has been parsed. */
export type Runner = (spec: AnyCommandSpec, options: CommonOptions, words: readonly string[]) => Promise<void>

export function toCommand(spec: AnyCommandSpec, run: Runner): Command {
  const command = new Command(spec.name).summary(spec.summary)
  command.description(spec.details ? `${spec.summary}\n\n${spec.details}` : spec.summary)
  for (const argument of spec.arguments ?? []) command.addArgument(argument)
  for (const option of [...spec.options, ...commonOptions()]) command.addOption(option)
  const width = Math.max(...spec.examples.map(([line]) => line.length))
  const examples = spec.examples.map(([line, what]) => `  peerloom ${line.padEnd(width)}  # ${what}`)
  command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`)
  return command.action((...args: unknown[]) => {
    const words = command.processedArgs.filter((word): word is string => typeof word === 'string')
    return run(spec, args.at(-2) as CommonOptions, words)
  })
}
