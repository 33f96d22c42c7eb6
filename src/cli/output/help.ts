/**
 * `--help` in go-ethereum's form: usage, commands, options by category.
 * @module
 */
import type { Command, Help, Option } from 'commander'
import { CATEGORIES } from '../config/flag.ts'

/** Columns of a help at most; wider lines are hard to read. */
export const MAX_HELP_WIDTH = 100

const INDENT = '   '
const DEFAULTS_COLUMN = 44
const HELP_COLUMN = 10
/** Category of options of the command alone. */
const OWN = 'COMMAND'

/** Implements Commander's `formatHelp`; help added with `addHelpText` follows it. */
export function formatHelp(command: Command, helper: Help): string {
  const width = Math.min(helper.helpWidth ?? MAX_HELP_WIDTH, MAX_HELP_WIDTH)
  const [summary = '', ...details] = command.description().split('\n\n')
  const sections = [
    section('NAME', wrap(`${nameOf(command)} - ${summary}`, width, INDENT)),
    section('USAGE', `${INDENT}${usageOf(command)}`),
    section('DESCRIPTION', details.map((text) => wrap(text, width, INDENT)).join('\n\n')),
    section('ARGUMENTS', table(argumentsOf(command, helper), width)),
    section('COMMANDS', table(commandsOf(command, helper), width)),
    section('OPTIONS', optionsByCategory(helper.visibleOptions(command), width)),
  ]
  return `${sections.filter((text) => text !== '').join('\n')}\n`
}

function section(title: string, text: string): string {
  return text === '' ? '' : `${title}:\n${text}\n`
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name()
}

function usageOf(command: Command): string {
  const words = command.registeredArguments.map((each) => {
    const name = `${each.name()}${each.variadic ? '...' : ''}`
    return each.required ? `<${name}>` : `[${name}]`
  })
  const commands = command.commands.length > 0 ? ['[command]'] : []
  return [nameOf(command), '[options]', ...commands, ...words].join(' ')
}

type Row = readonly [term: string, text: string]

function argumentsOf(command: Command, helper: Help): Row[] {
  return helper.visibleArguments(command).map((argument) => [argument.name(), argument.description])
}

function commandsOf(command: Command, helper: Help): Row[] {
  return helper.visibleCommands(command).map((each) => [each.name(), each.summary() || each.description()])
}

function table(rows: readonly Row[], width: number): string {
  const column = Math.max(0, ...rows.map(([term]) => term.length)) + INDENT.length + 2
  const indent = ' '.repeat(column)
  return rows
    .map(([term, text]) => `${INDENT}${term}`.padEnd(column) + wrap(text, width, indent).trimStart())
    .join('\n')
}

function optionsByCategory(options: readonly Option[], width: number): string {
  return [OWN, ...CATEGORIES]
    .map((category) => [category, options.filter((each) => (each.helpGroupHeading ?? OWN) === category)] as const)
    .filter(([, members]) => members.length > 0)
    .map(([category, members]) =>
      [`${INDENT}${category}`, ...members.map((option) => optionText(option, width))].join('\n'),
    )
    .join('\n\n')
}

/** Two lines or more: the flag with its default, and its description. */
function optionText({ flags, description, defaultValue, defaultValueDescription }: Option, width: number): string {
  const fallback = defaultValueDescription ?? defaultValue
  const flag = `${INDENT} ${flags}`
  const head = fallback === undefined ? flag : `${flag.padEnd(DEFAULTS_COLUMN)} (default: ${fallback})`
  return `${head}\n${wrap(description, width, ' '.repeat(HELP_COLUMN))}`
}

function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => indent + each).join('\n')
}
