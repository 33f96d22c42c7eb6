import { relative } from 'node:path'
import { Option } from 'commander'
import { bytesTo0x, equalBytes } from '../../base/bytes.ts'
import { ConfigError } from '../../base/errors.ts'
import {
  type DemoChain,
  demoChain,
  EthereumNode,
  type EthereumNodeOptions,
  loadDemoChain,
  removeChain,
} from '../../node/index.ts'
import type { CommandSpec, Context } from '../command.ts'
import { dataDirIn } from '../config/settings.ts'
import { stayUp } from '../stay-up.ts'
import { SyncView } from '../sync-view.ts'

interface DemoOptions {
  readonly reset?: true
}

/** Visible, under the current folder, and ignored by git. */
const DATADIR = 'data/demo'
const LOOPBACK = '127.0.0.1:0'
const RPC_PORT = 8545

export const demoCommand: CommandSpec<DemoOptions> = {
  name: 'demo',
  summary: 'two nodes on this machine: one holds a bundled chain, the other downloads and verifies it',
  details:
    'Needs no network. Ctrl-C ends it; started again it goes on where it was. `npm start -- <options>` runs this command.',
  examples: [
    ['demo', 'syncs, then stays up'],
    ['demo --reset --exitwhensynced', 'begins anew, ends at the head'],
  ],
  flags: ['datadir', 'exitwhensynced'],
  defaults: { datadir: DATADIR },
  options: [new Option('--reset', 'begin anew: removes what the demo has stored there')],
  logs: 'progress',
  async run(context, options) {
    const { terminal, log, levels, clock, config } = context
    const dataDir = dataDirIn(config)
    const demo = await demoChain()
    if (options.reset) await removeChain(dataDir, demo.genesis)
    const common = { genesis: demo.genesis, listen: LOOPBACK, clock }
    const store = await loadDemoChain(demo)
    await using source = await EthereumNode.open({ ...common, store, log: log.child({ node: 'source' }) })
    const staticNodes = [source.enode]
    const fresh = { ...common, dataDir, staticNodes, log: log.child({ node: 'fresh' }), levels }
    await using node = await openWithRpc(fresh)
    terminal.say(`a node on loopback holds a bundled chain of ${demo.headNumber} blocks`)
    terminal.say(`a fresh node syncs it over RLPx into ${dataDir}`)
    const result = await syncFrom(context, node, demo)
    if (config.get('exitwhensynced')) return result
    terminal.say(`attach to it: npx peerloom attach --datadir ${relative('.', dataDir) || '.'}`)
    await stayUp(context, node, result)
    return result
  },
}

/** With HTTP and WebSocket where they are looked for, or where there is room. */
async function openWithRpc(options: EthereumNodeOptions): Promise<EthereumNode> {
  const at = (port: number) => ({ http: { port }, ws: { port } })
  try {
    return await EthereumNode.open({ ...options, ...at(RPC_PORT) })
  } catch (error) {
    if (!(error instanceof ConfigError) || error.field !== 'http.port') throw error
    const node = await EthereumNode.open({ ...options, http: { port: 0 } })
    await node.node.endpoints.startWs({ port: Number(new URL(node.node.endpoints.url('http') ?? '').port) })
    return node
  }
}

async function syncFrom(context: Context, node: EthereumNode, demo: DemoChain): Promise<object> {
  const { terminal, signal } = context
  const { number, hash } = node.head
  const atHead = equalBytes(hash, demo.headHash)
  const going = number === 0 ? 'beginning at the genesis block' : `going on from block ${number}`
  terminal.say(atHead ? `already at the head: block ${number} (--reset begins anew)` : going)
  terminal.emit({ type: 'started', head: { number, hash: bytesTo0x(hash) }, target: demo.headNumber })
  using view = new SyncView(context, node)
  await node.syncTo(demo.headHash, { signal })
  view[Symbol.dispose]()
  if (!atHead) terminal.say(`synced ${view.sentence()}`)
  return { ...view.summary(), dataDir: node.dataDir }
}
