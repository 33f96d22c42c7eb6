import { relative } from 'node:path'
import { Option } from 'commander'
import { bytesTo0x, equalBytes } from '../../../base/bytes.ts'
import { ConfigError } from '../../../base/errors.ts'
import { type DemoChain, demoChain, loadDemoChain, removeChain } from '../../../ethereum/files/index.ts'
import { EthereumService } from '../../../ethereum/index.ts'
import { ENDPOINT_DEFAULTS, Node, type NodeOptions } from '../../../node/index.ts'
import type { CommandSpec, Context } from '../../command.ts'
import { dataDirIn } from '../../config/settings.ts'
import { SyncView } from '../../output/sync-view.ts'
import { type ChainNode, serve } from './run-node.ts'

interface DemoOptions {
  readonly reset?: true
}

/** Default data folder: visible, below the current folder, ignored by git. */
const DATADIR = 'data/demo'
const LOOPBACK = '127.0.0.1:0'

export const demoCommand: CommandSpec<DemoOptions> = {
  name: 'demo',
  summary: 'runs two nodes on this machine: one holds a bundled chain, the other downloads and verifies it',
  details:
    'Needs no network. Ctrl-C stops it; started again, it resumes where it stopped. `npm start -- <options>` runs this command.',
  examples: [
    ['demo', 'syncs, then stays up'],
    ['demo --reset --exitwhensynced', 'starts over, exits at the head'],
  ],
  flags: ['datadir', 'exitwhensynced'],
  defaults: { datadir: DATADIR },
  options: [new Option('--reset', 'starts over: removes what the demo has stored')],
  logs: 'progress',
  async run(context, options) {
    const { terminal, log, levels, clock, config } = context
    const dataDir = dataDirIn(config)
    const demo = await demoChain()
    if (options.reset) await removeChain(dataDir, demo.genesis)
    const { genesis } = demo
    const holder = new EthereumService({ genesis, store: await loadDemoChain(demo) })
    const p2p = { listen: LOOPBACK }
    await using source = await Node.start({ clock, p2p, services: [holder], log: log.child({ node: 'source' }) })
    const ethereum = new EthereumService({ genesis })
    await using node = await startWithRpc({
      clock,
      dataDir,
      p2p: { ...p2p, staticNodes: [source.enode] },
      services: [ethereum],
      log: log.child({ node: 'fresh' }),
      levels,
    })
    terminal.print(`a node on loopback holds a bundled chain of ${demo.headNumber} blocks`)
    terminal.print(`a fresh node syncs it over RLPx into ${dataDir}`)
    const result = await syncFrom(context, { node, ethereum }, demo)
    if (config.get('exitwhensynced')) return result
    terminal.print(`attach to it: npx peerloom attach --datadir ${relative('.', dataDir) || '.'}`)
    await serve(context, { node, ethereum }, result)
    return result
  },
}

/** Starts the node with HTTP and WebSocket on the default ports, or on free ones when those are taken. */
async function startWithRpc(options: NodeOptions): Promise<Node> {
  const at = (port: number) => ({ http: { port }, ws: { port } })
  try {
    return await Node.start({ ...options, ...at(ENDPOINT_DEFAULTS.http.port) })
  } catch (error) {
    if (!(error instanceof ConfigError) || error.field !== 'http.port') throw error
    const node = await Node.start({ ...options, http: { port: 0 } })
    await node.endpoints.startWs({ port: Number(new URL(node.endpoints.url('http') ?? '').port) })
    return node
  }
}

async function syncFrom(context: Context, { node, ethereum }: ChainNode, demo: DemoChain): Promise<object> {
  const { terminal, signal } = context
  const { number, hash } = ethereum.head
  const atHead = equalBytes(hash, demo.headHash)
  const going = number === 0 ? 'beginning at the genesis block' : `going on from block ${number}`
  terminal.print(atHead ? `already at the head: block ${number} (--reset starts over)` : going)
  terminal.emit({ type: 'started', head: { number, hash: bytesTo0x(hash) }, target: demo.headNumber })
  using view = new SyncView(context, ethereum, node.server)
  await ethereum.sync.syncTo(demo.headHash, { signal })
  view[Symbol.dispose]()
  if (!atHead) terminal.print(`synced ${view.summaryLine()}`)
  return { ...view.summary(), dataDir: node.dataDir }
}
