import { Argument } from 'commander'
import type { CommandSpec } from '../command.ts'
import { commandTree } from '../completion/command-tree.ts'
import { completionScripts, SHELLS } from '../completion/scripts.ts'
import { parseOneOf } from '../config/parse.ts'

export const completionCommand: CommandSpec = {
  name: 'completion',
  summary: 'prints a completion script for a shell',
  examples: [
    ['completion bash >> ~/.bash_completion', 'bash'],
    ['completion zsh > ~/.zfunc/_peerloom', 'zsh, if in fpath'],
    ['completion fish > ~/.config/fish/completions/peerloom.fish', 'fish'],
  ],
  arguments: [new Argument('<shell>', SHELLS.join(', ')).choices(SHELLS).argParser((text) => text)],
  flags: [],
  async run({ terminal, program }, _options, word = '') {
    const shell = parseOneOf('shell', word, SHELLS)
    const script = completionScripts[shell](commandTree(program))
    terminal.print(script.trimEnd())
    return { shell, script }
  },
}
