import { writeFile } from 'node:fs/promises'
import { Argument } from 'commander'
import { ConfigError } from '../../base/errors.ts'
import type { CommandSpec } from '../command.ts'
import { dumpObject, dumpToml } from '../config/dump.ts'
import { NODE_FLAGS } from '../flags/index.ts'

export const dumpconfigCommand: CommandSpec = {
  name: 'dumpconfig',
  summary: "prints the node's settings as a file for --config, each with its source",
  details: 'Flags, environment and --config have the same precedence as for the node. Secrets are left out.',
  examples: [
    ['dumpconfig --sepolia --http', 'to stdout'],
    ['dumpconfig --config old.toml new.toml', 'into a file, which is replaced'],
  ],
  arguments: [new Argument('[file]', 'where to write it')],
  flags: NODE_FLAGS,
  logs: 'all',
  async run({ terminal, config }, _options, file) {
    const text = dumpToml(config)
    if (file === undefined) terminal.print(text.trimEnd())
    else {
      await writeFile(file, text).catch((error: NodeJS.ErrnoException) => {
        throw new ConfigError('file', `${file} cannot be written (${error.code ?? error.message})`, { cause: error })
      })
      terminal.print(`written to ${file}`)
    }
    return { ...(file !== undefined && { file }), settings: dumpObject(config) }
  },
}
