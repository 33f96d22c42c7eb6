import { Argument, Option } from 'commander'
import { ConfigError } from '../../../base/errors.ts'
import { ChainFolder, exportChainFile, type ImportProgress } from '../../../ethereum/files/index.ts'
import type { CommandSpec } from '../../command.ts'
import { parseWhole } from '../../config/parse.ts'
import { dataDirIn } from '../../config/settings.ts'
import { FileView } from '../../output/file-view.ts'
import { countOf, formatBytes } from '../../output/format.ts'

interface ExportOptions {
  readonly first?: number
  readonly last?: number
}

const numberOption = (flag: string, what: string, fallback: string): Option =>
  new Option(`${flag} <number>`, what)
    .argParser((text) => parseWhole(flag, text, 0, Number.MAX_SAFE_INTEGER))
    .default(undefined, fallback)

export const exportCommand: CommandSpec<ExportOptions> = {
  name: 'export',
  summary: 'writes the blocks of a data folder into a file',
  details:
    "One block's RLP after another, as `geth import` reads it, from Amsterdam on with the block access lists that the folder has. A file whose name ends in `.gz` is packed by gzip. `geth export` begins with the genesis block, which `geth import` passes over: `--first 0` writes it, too. Receipts are not in it, and era files are not written.",
  examples: [
    ['export chain.rlp --datadir data', 'all but the genesis block'],
    ['export part.rlp.gz --datadir data --first 100 --last 199', 'a hundred blocks, packed'],
  ],
  arguments: [new Argument('<file>', 'output file; an existing one is replaced')],
  flags: ['datadir', 'network'],
  options: [numberOption('--first', 'the first block', '1'), numberOption('--last', 'the last block', 'the head')],
  logs: 'progress',
  async run(context, options, file = '') {
    const { terminal, signal, config } = context
    await using folder = await ChainFolder.open(dataDirIn(config))
    const { first = 1, last = folder.chain.head.number } = options
    if (first > last && (options.first ?? options.last) !== undefined)
      throw new ConfigError('--first', `${first} is after the last block`, { hint: `the last block is ${last}` })
    using view = new FileView(context, 'exporting', undefined)
    const onProgress = (progress: ImportProgress): void => view.update(progress)
    const { blocks, bytes } = await exportChainFile(folder.chain, file, { first, last, signal, onProgress })
    view[Symbol.dispose]()
    const range = blocks > 0 ? ` from ${first} to ${last}` : ''
    terminal.print(
      `exported ${countOf(blocks, 'block')}${range} to ${file}: ${formatBytes(bytes)} (${view.throughput(blocks)})`,
    )
    return { file, blocks, first, last, bytes, seconds: view.seconds }
  },
}
