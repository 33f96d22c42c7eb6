import { stat } from 'node:fs/promises'
import { Argument } from 'commander'
import { bytesTo0x } from '../../../base/bytes.ts'
import { atFieldAsync } from '../../../base/errors.ts'
import { ChainFolder, genesisOf, type ImportProgress, importChainFile } from '../../../ethereum/files/index.ts'
import type { CommandSpec } from '../../command.ts'
import { dataDirIn } from '../../config/settings.ts'
import { CHAIN_FLAGS } from '../../flags/index.ts'
import { FileView } from '../../output/file-view.ts'
import { countOf, shortHash } from '../../output/format.ts'

export const importCommand: CommandSpec = {
  name: 'import',
  summary: 'imports the blocks of a file into a data folder',
  details:
    "The file holds one block's RLP after another, as `geth export` writes it. Headers and bodies are verified. Imported blocks have no receipts, and the node tells its peers so: a peer that needs receipts must sync from another node.",
  examples: [
    ['import chain.rlp --datadir data --genesis genesis.json', 'into a new data folder'],
    ['import more.rlp --datadir data', 'into an existing one'],
  ],
  arguments: [new Argument('<file>', 'the blocks')],
  flags: CHAIN_FLAGS,
  logs: 'progress',
  async run(context, _options, file = '') {
    const { terminal, signal, config } = context
    const chain = { genesis: config.get('genesis'), network: config.get('network') }
    const genesis = await atFieldAsync('ethereum.genesis', () => genesisOf(chain))
    await using folder = await ChainFolder.open(dataDirIn(config), genesis)
    const total = (await stat(file).catch(() => undefined))?.size
    using view = new FileView(context, 'importing', total)
    const onProgress = (progress: ImportProgress): void => view.update(progress)
    const { blocks, imported, bytes } = await importChainFile(folder.chain, file, { signal, onProgress })
    const { number, hash } = folder.chain.head
    const head = { number, hash: bytesTo0x(hash) }
    const known = blocks > imported ? `, ${countOf(blocks - imported, 'block')} known before` : ''
    view[Symbol.dispose]()
    terminal.print(
      `imported ${countOf(imported, 'block')}${known}; the head is block ${number}, ${shortHash(head.hash)} (${view.throughput(blocks)})`,
    )
    return { file, imported, known: blocks - imported, bytes, seconds: view.seconds, head, dataDir: folder.path }
  },
}
