/**
 * What a shell can complete, in no shell's own form: read off the commands.
 * @module
 */
import type { Command, Option } from 'commander'
import { FLAG_NAMES, flagOf } from '../flags/index.ts'

export interface OptionNode {
  /** `--http.addr` */
  readonly flag: string
  readonly help: string
  /** What follows it; `any` is what cannot be known. */
  readonly value: 'none' | 'any' | 'file' | 'folder' | readonly string[]
}

export interface CommandNode {
  /** The words that lead to it: none for the program itself. */
  readonly path: readonly string[]
  readonly summary: string
  readonly options: readonly OptionNode[]
  /** Those that can follow. */
  readonly commands: readonly CommandNode[]
  /** Words that can follow. */
  readonly words: readonly string[]
}

/** What is hidden is left out. */
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

/** With all below it, itself first. */
export function withDescendants(command: CommandNode): CommandNode[] {
  return [command, ...command.commands.flatMap(withDescendants)]
}

/** Every option that takes a value, once: a name means the same wherever it stands. */
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
