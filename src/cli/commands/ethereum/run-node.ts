/**
 * The node, from its settings to its end.
 * @module
 */
import { bytesTo0x, hexToBytes } from '../../../base/bytes.ts'
import { EthereumService } from '../../../ethereum/index.ts'
import { NodeKey, readKeyFile } from '../../../identity/index.ts'
import { formatEndpoint } from '../../../net/index.ts'
import { clientName, Node } from '../../../node/index.ts'
import type { Context } from '../../command.ts'
import { blamingAsync } from '../../config/parse.ts'
import type { NodeSettings } from '../../config/settings.ts'
import { SyncView } from '../../output/sync-view.ts'
import { chainOf } from './chain.ts'
import { type ChainNode, stayUp } from './stay-up.ts'

/** Syncs when it is told to, then serves until it is told to stop. Rejects with the interruption when it was to sync, and did not. */
export async function runNode(context: Context, settings: NodeSettings): Promise<object> {
  const started = await startNode(context, settings)
  await using node = started.node
  const { ethereum } = started
  const { target, exitWhenSynced } = settings.sync
  if (target === undefined) {
    await stayUp(context, started, { enode: node.enode, head: headOf(ethereum) })
    return { enode: node.enode, head: headOf(ethereum) }
  }
  const result = await syncTo(context, started, target)
  if (!exitWhenSynced) await stayUp(context, started, result)
  return result
}

async function startNode(context: Context, settings: NodeSettings): Promise<ChainNode> {
  const { log, clock, config, levels } = context
  const { dataDir, networkId, p2p } = settings
  const { maxPeers, maxPendingPeers, staticNodes, trustedNodes, netRestrict } = p2p
  const key = await nodeKey(context, settings)
  const ethereum = new EthereumService({ genesis: await chainOf(config), networkId })
  const node = await Node.start({
    dataDir,
    key,
    p2p: {
      listen: formatEndpoint(p2p.host, p2p.port),
      name: clientName(p2p.identity),
      maxPeers,
      staticNodes,
      trustedNodes,
      ...(maxPendingPeers && { maxPendingPeers }),
      ...(netRestrict && { netRestrict }),
    },
    ...rpcOptions(settings),
    services: [ethereum],
    log,
    levels,
    clock,
  })
  return { node, ethereum }
}

function rpcOptions({ http, ws, authrpc, ipc, rpc }: NodeSettings) {
  const { corsDomains: cors, ...httpOptions } = http
  const { origins, ...wsOptions } = ws
  const { jwtSecretFile: jwtSecret, ...authOptions } = authrpc
  return {
    ipc: ipc.enabled ? ipc.path : false,
    ...(http.enabled && { http: { ...httpOptions, cors } }),
    ...(ws.enabled && { ws: { ...wsOptions, ...(origins.length > 0 && { origins }) } }),
    ...(authrpc.enabled && { authrpc: { ...authOptions, jwtSecret } }),
    batchLimit: rpc.batchRequestLimit || Number.POSITIVE_INFINITY,
    batchResponseBytes: rpc.batchResponseMaxBytes || Number.POSITIVE_INFINITY,
  } as const
}

/** Undefined for the data folder's. */
async function nodeKey({ config }: Context, { p2p }: NodeSettings): Promise<NodeKey | undefined> {
  const { nodeKeyFile, nodeKeyHex } = p2p
  if (nodeKeyHex !== undefined)
    return await blamingAsync(config.nameOf('nodekeyhex'), async () => NodeKey.from(hexToBytes(nodeKeyHex)))
  return nodeKeyFile === undefined
    ? undefined
    : await blamingAsync(config.nameOf('nodekey'), () => readKeyFile(nodeKeyFile))
}

async function syncTo(context: Context, { node, ethereum }: ChainNode, target: Uint8Array): Promise<object> {
  const { terminal, signal } = context
  const { enode, dataDir } = node
  terminal.say(`going from block ${ethereum.head.number} to ${bytesTo0x(target)}`)
  terminal.emit({ type: 'started', enode, head: headOf(ethereum) })
  using view = new SyncView(context, ethereum, node.server)
  await ethereum.sync.syncTo(target, { signal })
  view[Symbol.dispose]()
  terminal.say(`synced ${view.sentence()}`)
  return { ...view.summary(), enode, dataDir }
}

function headOf({ head }: EthereumService): { readonly number: number; readonly hash: string } {
  return { number: head.number, hash: bytesTo0x(head.hash) }
}
