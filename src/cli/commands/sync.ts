import { Option } from 'commander'
import { bytesTo0x } from '../../base/bytes.ts'
import { ConfigError } from '../../base/errors.ts'
import { formatEndpoint } from '../../net/index.ts'
import { EthereumNode } from '../../node/index.ts'
import type { CommandSpec } from '../command.ts'
import {
  type ChainOptions,
  chainOf,
  datadirOption,
  genesisOption,
  hostOption,
  maxPeersOption,
  networkOption,
  parseHash,
  peerOption,
  portOption,
  required,
} from '../flags.ts'
import { stayUp } from '../stay-up.ts'
import { SyncView } from '../sync-view.ts'

interface SyncFlags extends ChainOptions {
  readonly peer: readonly string[]
  readonly target?: Uint8Array
  readonly exitWhenSynced?: true
  readonly port: number
  readonly host: string
  readonly maxPeers: number
}

export const syncCommand: CommandSpec<SyncFlags> = {
  name: 'sync',
  summary: 'downloads and verifies the chain up to a block, from go-ethereum or any other node',
  details:
    'Headers, bodies and receipts are verified and stored; started again, it goes on where it was. Then it serves what it has, until Ctrl-C.',
  examples: [
    ['sync --genesis genesis.json --datadir data --peer enode://… --target 0xb625…', 'a private chain'],
    ['sync --datadir data --peer enode://… --target 0xb625… --exit-when-synced', 'goes on, ends at the target'],
    ['sync --network sepolia --datadir data --peer enode://… --target 0x8f3a…', 'a public one'],
  ],
  options: [
    datadirOption(),
    genesisOption(),
    networkOption(),
    peerOption(),
    new Option('--target <hash>', 'hash of the block to sync to').argParser((text) => parseHash('--target', text)),
    new Option('--exit-when-synced', 'end when the target is reached'),
    portOption(30_303),
    hostOption(),
    maxPeersOption(),
  ],
  logs: 'progress',
  async run(context, options) {
    const { terminal, log, signal, clock } = context
    const target = required('--target', options.target, 'the hash of the block to sync to')
    const dataDir = required('--datadir', options.datadir, 'the folder that keeps the chain')
    if (options.peer.length === 0)
      throw new ConfigError('--peer', 'is needed', { hint: 'the enode URL of a node that has the chain' })
    const genesis = await chainOf(options)
    const { host, port, peer: staticNodes, maxPeers } = options
    const listen = formatEndpoint(host, port)
    await using node = await EthereumNode.open({ dataDir, genesis, listen, staticNodes, maxPeers, log, clock })
    terminal.say(`going from block ${node.head.number} to ${bytesTo0x(target)}`)
    terminal.emit({
      type: 'started',
      enode: node.enode,
      head: { number: node.head.number, hash: bytesTo0x(node.head.hash) },
    })
    using view = new SyncView(context, node)
    await node.syncTo(target, { signal })
    view[Symbol.dispose]()
    terminal.say(`synced ${view.sentence()}`)
    const result = { ...view.summary(), enode: node.enode, dataDir }
    if (!options.exitWhenSynced) await stayUp(context, node, result)
    return result
  },
}
