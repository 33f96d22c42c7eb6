/**
 * Runs a node with a chain, from its settings until it closes.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import { EthereumService } from '../../../ethereum/index.ts'
import { Node } from '../../../node/index.ts'
import type { Context } from '../../command.ts'
import { settingsOf } from '../../config/settings.ts'
import { countOf, formatCount } from '../../output/format.ts'
import { SyncView } from '../../output/sync-view.ts'

/** A node and the service of its chain. */
export interface ChainNode {
  readonly node: Node
  readonly ethereum: EthereumService
}

/**
 * Syncs to the target when there is one, then serves until the command is interrupted. Rejects with the interruption
 * when the sync did not reach its target.
 */
export async function runNode(context: Context): Promise<object> {
  const { config } = context
  const started = await startNode(context)
  await using node = started.node
  const { ethereum } = started
  const target = config.get('synctarget')
  if (target === undefined) {
    await serve(context, started, { enode: node.enode, head: headOf(ethereum) })
    return { enode: node.enode, head: headOf(ethereum) }
  }
  const result = await syncTo(context, started, target)
  if (!config.get('exitwhensynced')) await serve(context, started, result)
  return result
}

async function startNode({ config, log, levels, clock }: Context): Promise<ChainNode> {
  const { ethereum: chain, ...options } = settingsOf(config)
  const ethereum = new EthereumService(chain)
  return { node: await Node.start({ ...options, services: [ethereum], log, levels, clock }), ethereum }
}

async function syncTo(context: Context, { node, ethereum }: ChainNode, target: Uint8Array): Promise<object> {
  const { terminal, signal } = context
  const { enode, dataDir } = node
  terminal.print(`going from block ${ethereum.head.number} to ${bytesTo0x(target)}`)
  terminal.emit({ type: 'started', enode, head: headOf(ethereum) })
  using view = new SyncView(context, ethereum, node.server)
  await ethereum.sync.syncTo(target, { signal })
  view[Symbol.dispose]()
  terminal.print(`synced ${view.summaryLine()}`)
  return { ...view.summary(), enode, dataDir }
}

/** Prints the endpoints of the node and serves until the command is interrupted, which ends it without an error. */
export async function serve(context: Context, { node, ethereum }: ChainNode, state: object): Promise<void> {
  const { terminal, signal } = context
  const { urls } = node.endpoints
  terminal.emit({ type: 'serving', ...state, rpc: urls })
  terminal.print(`serving as ${node.enode}`)
  for (const url of urls) terminal.print(`JSON-RPC at ${url}`)
  terminal.print('Ctrl-C stops it')
  terminal.show((width) =>
    `serving  block ${formatCount(ethereum.head.number)}  ${countOf(node.server.peers.size, 'peer')}`.slice(
      0,
      width - 1,
    ),
  )
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function headOf({ head }: EthereumService): { readonly number: number; readonly hash: string } {
  return { number: head.number, hash: bytesTo0x(head.hash) }
}
