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

Names and defaults are go-ethereum's where it has the flag. Differences that its users meet:

- \`config.toml\`: keys are the names of the flags, not go-ethereum's \`[Node.P2P] MaxPeers\`; the error for such a key names
  ours. Keys are in lower case.
- Environment: an unknown variable is an error, of which go-ethereum warns; an empty one counts as unset for texts, too.
- A switch takes go-ethereum's words (\`true\`, \`1\`, \`t\`, …); a number is decimal: 0x hex, and a leading zero,
  which go-ethereum reads as octal, are refused.
- \`static-nodes.json\` and \`trusted-nodes.json\` are read; go-ethereum v1.17.8 ignores them. They are plain JSON,
  without comments or trailing commas, and an invalid URL is an error. Blank entries are passed over.
- \`genesis.json\` is read by go-ethereum's rules: names in any case, the last duplicate counts, unknown fields are passed
  over, with a warning. More is read than there: older forks, \`gasLimit\`, \`difficulty\`, \`alloc\` and \`balance\` may be
  missing, numbers of \`config\` may be strings, hex may lack 0x. Less is read: negative numbers, which go-ethereum takes in
  \`config\` and for a balance, \`enableUBTAtGenesis\`, a config without \`chainId\`, extra data above 100 KiB, and
  \`excessBlobGas\` before Shanghai, which go-ethereum cannot read back.
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
