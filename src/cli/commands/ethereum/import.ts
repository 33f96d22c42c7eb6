import { stat } from 'node:fs/promises'
import { Argument } from 'commander'
import { bytesTo0x } from '../../../base/bytes.ts'
import { atFieldAsync } from '../../../base/errors.ts'
import {
  ChainFolder,
  genesisOf,
  type ImportProgress,
  importChainFile,
  logGenesisWarning,
} from '../../../ethereum/files/index.ts'
import type { GenesisWarning } from '../../../ethereum/index.ts'
import type { CommandSpec } from '../../command.ts'
import { dataDirIn } from '../../config/settings.ts'
import { CHAIN_FLAGS } from '../../flags/index.ts'
import { FileView } from '../../output/file-view.ts'
import { countOf, shortHash } from '../../output/format.ts'

const NO_RECEIPTS = 'A file of blocks has no receipts'

export const importCommand: CommandSpec = {
  name: 'import',
  summary: 'imports the blocks of a file into a data folder',
  details: [
    "The file holds one block's RLP after another, as `geth export` writes it; one whose name ends in `.gz` is packed by gzip. Headers, bodies, and the block access lists that the file has from Amsterdam on are verified. Known blocks and the genesis block are passed over; the others must follow the head.",
    `${NO_RECEIPTS}: \`eth_getLogs\` and \`eth_getTransactionReceipt\` refuse the imported blocks that have transactions, and the node tells its peers that it has no receipts of them. To have receipts, sync the chain from another node into a new data folder (\`peerloom sync\`); a sync into the folder of an import adds those of newer blocks only. Era files (\`geth import-history\`) are not read.`,
  ].join('\n\n'),
  examples: [
    ['import chain.rlp --datadir data --genesis genesis.json', 'into a new data folder'],
    ['import more.rlp.gz --datadir data', 'into an existing one, packed'],
  ],
  arguments: [new Argument('<file>', 'the blocks')],
  flags: CHAIN_FLAGS,
  logs: 'progress',
  async run(context, _options, file = '') {
    const { terminal, signal, config, log } = context
    const onWarning = (warning: GenesisWarning): void => logGenesisWarning(log, warning)
    const chain = { genesis: config.get('genesis'), network: config.get('network') }
    const genesis = await atFieldAsync('ethereum.genesis', () => genesisOf(chain, { onWarning }))
    await using folder = await ChainFolder.open(dataDirIn(config), genesis)
    const total = (await stat(file).catch(() => undefined))?.size
    using view = new FileView(context, 'importing', total)
    const onProgress = (progress: ImportProgress): void => view.update(progress)
    const { blocks, imported, bytes } = await importChainFile(folder.chain, file, { signal, onProgress })
    const { number, hash } = folder.chain.head
    const head = { number, hash: bytesTo0x(hash) }
    const knownBefore = blocks > imported ? `, ${countOf(blocks - imported, 'block')} known before` : ''
    view[Symbol.dispose]()
    terminal.print(
      `imported ${countOf(imported, 'block')}${knownBefore}; the head is block ${number}, ${shortHash(head.hash)} (${view.throughput(blocks)})`,
    )
    const { firstReceipts } = folder.chain
    if (firstReceipts > number - imported + 1) terminal.print(receiptsHint(head.hash))
    const known = blocks - imported
    return { file, imported, known, bytes, seconds: view.seconds, head, firstReceipts, dataDir: folder.path }
  },
}

/** Tells how to get what an import lacks. */
function receiptsHint(head: string): string {
  return `${NO_RECEIPTS}: logs and receipts of the imported blocks cannot be asked for; to have them, sync the same genesis into a new data folder: peerloom sync --datadir <folder> --staticnodes <enode URL of a node that has them> --synctarget ${head}`
}
