import { bytesTo0x } from '../../../base/bytes.ts'
import { ChainFolder } from '../../../ethereum/files/index.ts'
import type { CommandSpec } from '../../command.ts'
import { dataDirIn } from '../../config/settings.ts'
import { countOf, formatBytes, formatCount } from '../../output/format.ts'

export const inspectCommand: CommandSpec = {
  name: 'inspect',
  summary: 'shows the contents of a data folder and checks that the chain is complete',
  examples: [
    ['inspect --datadir data', 'for people'],
    ['inspect --datadir data --json', 'for scripts'],
  ],
  flags: ['datadir', 'network'],
  async run({ terminal, config }) {
    await using folder = await ChainFolder.open(dataDirIn(config))
    const { chain } = folder
    const { head, genesis, repaired } = chain
    const stats = await chain.stats()
    const bytes = await folder.size()
    const missing = { headers: head.number + 1 - stats.headers, bodies: head.number + 1 - stats.bodies }
    const whole = missing.headers <= 0 && missing.bodies <= 0 && stats.blocks === head.number + 1
    const result = {
      dataDir: folder.path,
      genesis: bytesTo0x(genesis.hash),
      chainId: numberOrDigits(genesis.config.chainId),
      head: { number: head.number, hash: bytesTo0x(head.hash), timestamp: head.timestamp },
      ...stats,
      firstReceipts: chain.firstReceipts,
      bytes,
      health: whole ? (repaired ? 'repaired' : 'ok') : 'damaged',
      ...(repaired && { repaired }),
    }
    terminal.print(`folder    ${folder.path}`)
    terminal.print(`chain     ${result.chainId}, genesis ${result.genesis}`)
    terminal.print(`head      ${formatCount(head.number)} ${result.head.hash}`)
    terminal.print(`time      ${timeOf(head.timestamp)}`)
    const counts = [countOf(stats.headers, 'header'), `${formatCount(stats.bodies)} bodies`]
    counts.push(
      `receipts of ${countOf(stats.receipts, 'block')}`,
      `access lists of ${countOf(stats.accessLists, 'block')}`,
    )
    terminal.print(`holds     ${counts.join(', ')}`)
    terminal.print(`receipts  ${receiptsLine(chain.firstReceipts, head.number)}`)
    terminal.print(`size      ${formatBytes(bytes)}`)
    terminal.print(`health    ${healthLine(whole, repaired)}`)
    return result
  },
}

function receiptsLine(first: number, head: number): string {
  return first > head
    ? 'none complete enough to be offered to peers'
    : `complete from block ${formatCount(first)} to the head`
}

function healthLine(
  whole: boolean,
  repaired: { readonly from: number | undefined; readonly to: number } | undefined,
): string {
  if (!whole) return 'damaged: blocks are missing; remove the folder and sync again'
  if (!repaired) return 'ok'
  const from = repaired.from === undefined ? 'a lost head' : `block ${repaired.from}`
  return `ok, head rewound from ${from} to block ${repaired.to}, the last complete one`
}

/** @returns a number, or every digit of one above 2^53. */
function numberOrDigits(value: bigint): number | string {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value)
}

/** @returns the time of a block in ISO 8601; the plain number where a chain counts in other units than seconds. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString()
}
