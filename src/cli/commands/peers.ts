import { Argument, Option } from 'commander'
import type { BanInfo, PeerInfo } from '../../devp2p/index.ts'
import { parseEnode } from '../../identity/index.ts'
import { printable } from '../../node/index.ts'
import { type RpcClient, RpcError, RpcErrorCode } from '../../rpc/index.ts'
import type { CommandSpec, Context } from '../command.ts'
import { CLIENT_FLAGS, connectTo, endpointOf } from '../connect.ts'
import { banTable, peerLine, peerTable } from '../output/peer-table.ts'
import { urlOption } from './rpc.ts'

interface PeersOptions {
  readonly url?: string
  readonly watch?: true
}

export const peersCommand: CommandSpec<PeersOptions> = {
  name: 'peers',
  summary: 'lists the peers of a node, and its bans',
  details:
    'In the column DIR, s is a static node and t a trusted one. With --watch it prints new and dropped peers until Ctrl-C; not over HTTP, which has no subscriptions.',
  examples: [
    ['peers --datadir data', 'once'],
    ['peers --watch --json', 'one JSON object for each new or dropped peer'],
  ],
  flags: CLIENT_FLAGS,
  options: [urlOption(), new Option('--watch', 'prints changes until Ctrl-C')],
  async run(context, { url, watch }) {
    const { terminal } = context
    await using client = await connectTo(context, endpointOf(context, url))
    const changes = watch && client.subscribe<PeerChange>('admin', ['peerEvents'], { signal: context.signal })
    await changes?.ready()
    const peers = await client.call<PeerInfo[]>('admin_peers')
    const banned = await bansOf(client)
    for (const line of [...peerTable(peers), ...banTable(banned)]) terminal.print(line)
    if (changes) await follow(context, client, changes, { peers, banned })
    return { peers, banned }
  },
}

interface Snapshot {
  readonly peers: readonly PeerInfo[]
  readonly banned: readonly BanInfo[]
}

/** Bans of the node; none from other software, which does not have the method. */
async function bansOf(client: RpcClient): Promise<readonly BanInfo[]> {
  return await client.call<BanInfo[]>('admin_bannedPeers').catch((error: unknown) => {
    if (error instanceof RpcError && error.errorCode === RpcErrorCode.MethodNotFound) return []
    throw error
  })
}

interface PeerChange {
  readonly type: string
  readonly peer: string
  readonly error?: string
}

async function follow(
  { terminal, signal }: Context,
  client: RpcClient,
  changes: AsyncIterable<PeerChange>,
  known: Snapshot,
): Promise<void> {
  terminal.emit({ type: 'peers', ...known })
  const lines = new Map(known.peers.map((peer) => [peer.id, peerLine(peer)]))
  for await (const { type, peer: id, error } of changes) {
    if (type === 'add') {
      const peer = (await client.call<PeerInfo[]>('admin_peers')).find((each) => each.id === id)
      if (!peer) continue // disconnected meanwhile
      lines.set(id, peerLine(peer))
      terminal.print(`+ ${peerLine(peer)}`)
      terminal.emit({ type, peer })
    } else if (type === 'drop' && lines.has(id)) {
      terminal.print(`- ${lines.get(id)}${error ? `  ${printable(error)}` : ''}`)
      terminal.emit({ type, peer: id, error })
      lines.delete(id)
    }
  }
  throw signal.reason
}

const enodeArgument = (): Argument => new Argument('<enode>', 'enode://…')

function peerAction(name: string, method: string, summary: string, said: string): CommandSpec<PeersOptions> {
  return {
    name,
    summary,
    examples: [[`peer ${name} enode://…`, summary]],
    arguments: [enodeArgument()],
    flags: CLIENT_FLAGS,
    options: [urlOption()],
    async run(context, { url }, enode = '') {
      parseEnode(enode)
      await using client = await connectTo(context, endpointOf(context, url))
      const value = await client.call(method, [enode], { signal: context.signal })
      context.terminal.print(`${said} ${enode}`)
      return { enode, value }
    },
  }
}

/** Commands of the group `peer`. */
export const peerCommands: readonly CommandSpec<PeersOptions>[] = [
  peerAction('add', 'admin_addPeer', 'keeps a node connected', 'dialing'),
  peerAction('remove', 'admin_removePeer', 'disconnects a node and stops dialing it', 'removed'),
  peerAction('trust', 'admin_addTrustedPeer', 'admits a node even when all slots are taken', 'trusted'),
  peerAction('untrust', 'admin_removeTrustedPeer', 'removes a node from the trusted ones', 'no longer trusted'),
  peerAction('unban', 'admin_unbanPeer', 'lifts the bans of a node and of its addresses', 'no longer banned'),
  peerAction('ban', 'admin_banPeer', 'disconnects a node and bans its IP for a day', 'banned'),
]
