/**
 * Generates the page docs/flags.md.
 * @module
 */

import { FLAG_NAMES, type FlagName, flagOf } from '../flags/index.ts'
import { displayedDefault } from './command-flags.ts'
import { CATEGORIES, type Category, keyOf, variableOf } from './flag.ts'

const HEAD = `# Flags

Generated from the flag table (src/cli/flags) by \`npm run docs\`.

A setting is read from the command line, from the environment, from the TOML file that \`--config\` or \`PEERLOOM_CONFIG\`
names, or it has its default: the first source that sets it takes precedence. \`peerloom dumpconfig\` prints all settings as
such a file, each with its source. In a file a key \`http.addr\` is \`addr\` in the table \`[http]\`. The items of a list are
separated by commas, or are an array in a file. A switch is \`--http\`, \`--http=false\`, \`PEERLOOM_HTTP=true\`,
\`enabled = true\`. An empty variable counts as unset. An unknown flag, variable or key ends the program with exit code 2.

Names and defaults are go-ethereum's where it has the flag.
`

export function flagsPage(): string {
  return [HEAD, ...CATEGORIES.map(categorySection)].join('\n')
}

function categorySection(category: Category): string {
  const names = FLAG_NAMES.filter((name) => flagOf(name).category === category)
  const head = ['flag', 'default', 'description', 'variable', 'key in a file']
  const rows = [head, head.map(() => '---'), ...names.map(rowOf)]
  return `## ${category}\n\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}

function rowOf(name: FlagName): string[] {
  const { type, help, sources, switches = [] } = flagOf(name)
  const flags = [`--${name} ${type.placeholder}`.trim(), ...switches.map((each) => `--${each}`)]
  return [
    flags.map(code).join(' '),
    displayedDefault(name) ?? '',
    help,
    sources === 'command line' ? '' : code(variableOf(name)),
    sources === 'all' ? code(keyOf(name, FLAG_NAMES)) : '',
  ].map((cell) => cell.replaceAll('|', '\\|'))
}

function code(text: string): string {
  return `\`${text}\``
}
