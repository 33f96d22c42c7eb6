import { bytesTo0x } from '../../base/bytes.ts'
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
  peerOption,
  portOption,
  required,
} from '../flags.ts'
import { stayUp } from '../stay-up.ts'

interface ServeFlags extends ChainOptions {
  readonly port: number
  readonly host: string
  readonly maxPeers: number
  readonly peer: readonly string[]
}

export const serveCommand: CommandSpec<ServeFlags> = {
  name: 'serve',
  summary: 'answers others from a data folder, and prints its enode',
  details: 'With --json the line of type "serving" says the enode, as soon as it listens.',
  examples: [
    ['serve --datadir data', 'on port 30303'],
    ['serve --datadir data --host 127.0.0.1 --port 0 --json', 'for scripts, on a free port'],
  ],
  options: [
    datadirOption(),
    genesisOption(),
    networkOption(),
    portOption(30_303),
    hostOption(),
    maxPeersOption(),
    peerOption(),
  ],
  logs: 'progress',
  async run(context, options) {
    const { log, clock } = context
    const dataDir = required('--datadir', options.datadir, 'the folder that keeps the chain')
    const genesis = await chainOf(options)
    const { host, port, peer: staticNodes, maxPeers } = options
    const listen = formatEndpoint(host, port)
    await using node = await EthereumNode.open({ dataDir, genesis, listen, staticNodes, maxPeers, log, clock })
    const { number, hash } = node.head
    return await stayUp(context, node, { enode: node.enode, head: { number, hash: bytesTo0x(hash) } })
  },
}
