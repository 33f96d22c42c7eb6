/**
 * Completion scripts for the shells.
 * @module
 */
import { type CommandNode, type OptionNode, valueOptions, withDescendants } from './command-tree.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** Generates the script that completes the program's command lines in a shell. */
export const completionScripts: Readonly<Record<Shell, (root: CommandNode) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

/** Generates bash's script. Without a match, bash falls back to file names. */
function bashScript(root: CommandNode): string {
  const words = withDescendants(root).map(
    (command) => `    ${quote(command.path.join(' '))}) words=${quote(wordsOf(command))} ;;`,
  )
  return `# Completion of peerloom for bash: source <(peerloom completion bash)
_peerloom() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local path='' words='' word
  COMPREPLY=()
  case "$previous" in
${valueCases(root, (choices) => `COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$current"))`, {
  folder: 'COMPREPLY=($(compgen -d -- "$current"))',
  file: ':',
})}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
${pathCases(root)}
  done
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _peerloom peerloom
`
}

function zshScript(root: CommandNode): string {
  const cases = withDescendants(root).map((command) => {
    const options = command.options.map(({ flag, help }) => quote(`${flag}:${help}`))
    const commands = command.commands.map(({ path, summary }) => quote(`${path.at(-1)}:${summary}`))
    const words = [...commands, ...command.words.map(quote)]
    return `    ${quote(command.path.join(' '))})
      options=(${options.join(' ')})
      commands=(${words.join(' ')})
      ;;`
  })
  return `#compdef peerloom
# Completion of peerloom for zsh: source <(peerloom completion zsh), or as the file _peerloom in a folder of fpath
_peerloom() {
  local path_='' word
  local -a options commands
  case "\${words[CURRENT - 1]}" in
${valueCases(root, (choices) => `compadd -- ${choices.map(quote).join(' ')}`, { folder: '_files -/', file: '_files' })}
  esac
  for word in "\${(@)words[2,CURRENT - 1]}"; do
${pathCases(root, 'path_')}
  done
  case "$path_" in
${cases.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe option options
  else
    (( \${#commands} )) && _describe command commands
    _files
  fi
}
if [[ "\${funcstack[1]}" == _peerloom ]]; then
  _peerloom "$@"
else
  compdef _peerloom peerloom
fi
`
}

function fishScript(root: CommandNode): string {
  const lines = withDescendants(root).flatMap((command) => {
    const line = `complete -c peerloom -n ${quote(fishCondition(command))}`
    const commands = command.commands.map(({ path, summary }) => `${line} -f -a ${path.at(-1)} -d ${quote(summary)}`)
    const words = command.words.map((word) => `${line} -f -a ${word}`)
    const options = command.options.map((option) => `${line} -l ${option.flag.slice(2)}${fishOption(option)}`)
    return [...commands, ...words, ...options]
  })
  return `# Completion of peerloom for fish: peerloom completion fish | source\n${lines.join('\n')}\n`
}

function fishCondition({ path, commands }: CommandNode): string {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
  const next = commands.map((command) => command.path.at(-1)).join(' ')
  return [...seen, ...(next ? [`not __fish_seen_subcommand_from ${next}`] : [])].join('; and ')
}

function fishOption({ help, value }: OptionNode): string {
  const description = ` -d ${quote(help)}`
  if (value === 'none') return description
  if (value === 'file') return ` -r -F${description}`
  if (value === 'folder') return ` -x -a '(__fish_complete_directories)'${description}`
  return value === 'any' ? ` -x${description}` : ` -x -a ${quote(value.join(' '))}${description}`
}

/** Branches of a `case` over the preceding word: the completion of an option's value. */
function valueCases(
  root: CommandNode,
  offer: (choices: readonly string[]) => string,
  paths: Readonly<Record<'file' | 'folder', string>>,
): string {
  const groups = new Map<string, string[]>()
  for (const { flag, value } of valueOptions(root)) {
    const action = Array.isArray(value) ? offer(value) : value === 'file' || value === 'folder' ? paths[value] : ':'
    groups.set(action, [...(groups.get(action) ?? []), flag])
  }
  return [...groups].map(([action, flags]) => `    ${flags.join(' | ')}) ${action}; return ;;`).join('\n')
}

/** Loop body that descends from a command to its sub-command. */
function pathCases(root: CommandNode, variable = 'path'): string {
  const steps = withDescendants(root).flatMap(({ path, commands }) =>
    commands.map((command) => quote(`${path.join(' ')}/${command.path.at(-1)}`)),
  )
  return `    case "$${variable}/$word" in
      ${steps.join(' | ')}) ${variable}="\${${variable}:+$${variable} }$word" ;;
    esac`
}

function wordsOf({ commands, options, words }: CommandNode): string {
  return [...commands.map(({ path }) => path.at(-1)), ...words, ...options.map(({ flag }) => flag)].join(' ')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
