/**
 * Tree of commands and options for completion, read from Commander's, independent of a shell.
 * @module
 */
import type { Command, Option } from 'commander'
import { FLAG_NAMES, flagOf } from '../flags/index.ts'

export interface OptionNode {
  /** `--http.addr` */
  readonly flag: string
  readonly help: string
  /** Values that may follow the option; `any` stands for values that are not known. */
  readonly value: 'none' | 'any' | 'file' | 'folder' | readonly string[]
}

export interface CommandNode {
  /** Words that lead to the command: none for the program itself. */
  readonly path: readonly string[]
  readonly summary: string
  readonly options: readonly OptionNode[]
  /** Sub-commands. */
  readonly commands: readonly CommandNode[]
  /** Choices of the arguments. */
  readonly words: readonly string[]
}

/** Builds the tree of a command without its hidden parts. */
export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  const helper = command.createHelp()
  const commands = helper.visibleCommands(command).filter((each) => each.name() !== 'help')
  return {
    path,
    summary: command.summary(),
    options: helper.visibleOptions(command).map(optionNode),
    commands: commands.map((each) => commandTree(each, [...path, each.name()])),
    words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  }
}

/** The command and all of its descendants, in pre-order. */
export function withDescendants(command: CommandNode): CommandNode[] {
  return [command, ...command.commands.flatMap(withDescendants)]
}

/** Options that take a value, each once: a name has the same meaning in all commands. */
export function valueOptions(root: CommandNode): OptionNode[] {
  const options = withDescendants(root).flatMap((command) => command.options.filter(({ value }) => value !== 'none'))
  return [...new Map(options.map((option) => [option.flag, option])).values()]
}

function optionNode(option: Option): OptionNode {
  const flag = option.long ?? option.flags
  const help = option.description.replace(/ \[\$\w+\]$/, '')
  return { flag, help, value: option.required ? valueAfter(flag) : 'none' }
}

function valueAfter(flag: string): OptionNode['value'] {
  const name = FLAG_NAMES.find((each) => `--${each}` === flag)
  if (name === undefined) return 'any'
  const { choices, completes } = flagOf(name).type
  return choices ?? completes ?? 'any'
}
