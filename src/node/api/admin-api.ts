/**
 * Namespace `admin`: peers, endpoints and the folder of the node. Source: go-ethereum node/api.go.
 * @module
 */
import { z } from 'zod'
import { disconnectText, type Server, type ServerEvent } from '../../devp2p/index.ts'
import { formatEndpoint } from '../../net/index.ts'
import { type CallContext, method, param } from '../../rpc/index.ts'
import type { Endpoints } from '../endpoints.ts'
import { enodeParam, host, list, port } from './params.ts'

const url = [param('url', enodeParam)] as const

export interface AdminApiOptions {
  readonly endpoints: Endpoints
  readonly dataDir: string | undefined
}

/** Methods of any node: its endpoints and its folder. */
export function adminApi({ endpoints, dataDir }: AdminApiOptions) {
  return {
    datadir: method({ summary: 'path of the data folder', params: [] }, () => dataDir ?? ''),
    ...endpointMethods(endpoints),
  }
}

export interface AdminPeerApiOptions {
  readonly server: Server
}

/** Methods of a node with a devp2p server: its peers. */
export function adminPeerApi({ server }: AdminPeerApiOptions) {
  return {
    addPeer: method({ summary: 'keeps a node connected', params: url }, (enode) => {
      server.unban(enode)
      server.addStatic(enode)
      return true
    }),
    removePeer: method({ summary: 'disconnects a node and stops dialing it', params: url }, (enode) => {
      server.removeStatic(enode)
      return true
    }),
    addTrustedPeer: method({ summary: 'admits a node even when all slots are taken', params: url }, (enode) => {
      server.unban(enode)
      server.addTrusted(enode)
      return true
    }),
    removeTrustedPeer: method({ summary: 'removes a node from the trusted ones', params: url }, (enode) => {
      server.removeTrusted(enode)
      return true
    }),
    banPeer: method(
      {
        summary: "disconnects a node and bans its IP for that many seconds, by default a day; btcd's ban",
        params: [param('url', enodeParam), param('seconds', z.number().positive().optional())],
      },
      (enode, seconds) => server.ban(enode, seconds === undefined ? undefined : seconds * 1_000),
    ),
    unbanPeer: method({ summary: 'lifts the bans of a node and of its addresses', params: url }, (enode) =>
      server.unban(enode),
    ),
    bannedPeers: method({ summary: 'bans of nodes and of addresses, until when, and why', params: [] }, () =>
      server.bans(),
    ),
    peers: method({ summary: 'the connected peers', params: [] }, () => server.peerInfos()),
    nodeInfo: method({ summary: 'information about this node', params: [] }, () => server.nodeInfo()),
  }
}

function endpointMethods(endpoints: Endpoints) {
  const startHTTP = method(
    {
      summary: 'opens the HTTP endpoint',
      params: [
        param('host', host),
        param('port', port),
        param('cors', list),
        param('apis', list),
        param('vhosts', list),
      ],
    },
    async (at, number, cors, modules, vhosts) => {
      await endpoints.startHttp(defined({ host: at, port: number, cors, modules, vhosts }))
      return true
    },
  )
  const startWS = method(
    {
      summary: 'opens the WebSocket endpoint',
      params: [param('host', host), param('port', port), param('allowedOrigins', list), param('apis', list)],
    },
    async (at, number, origins, modules) => {
      await endpoints.startWs(defined({ host: at, port: number, origins, modules }))
      return true
    },
  )
  return {
    startHTTP,
    startWS,
    startRPC: startHTTP,
    stopHTTP: method({ summary: 'closes the HTTP endpoint', params: [] }, () => endpoints.stop('http')),
    stopRPC: method({ summary: 'closes the HTTP endpoint', params: [] }, () => endpoints.stop('http')),
    stopWS: method({ summary: 'closes the WebSocket endpoint', params: [] }, () => endpoints.stop('ws')),
  }
}

/** Copy without undefined values, so that the defaults apply. */
function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}

export function adminPeerSubscriptions(server: Server) {
  return {
    peerEvents: method(
      { summary: 'new peers, dropped peers, and their messages', params: [] },
      async function* ({ signal }: CallContext) {
        for await (const event of server.events({ signal })) {
          const shown = toPeerEvent(event)
          if (shown) yield shown
        }
      },
    ),
  }
}

/** go-ethereum's `p2p.PeerEvent`; undefined for an event that it does not have. */
function toPeerEvent(event: ServerEvent): object | undefined {
  if (event.type === 'dial' || event.type === 'serve') return undefined
  const { type, peer } = event
  const ends = {
    local: formatEndpoint(peer.local.ip, peer.local.port),
    remote: formatEndpoint(peer.remote.ip, peer.remote.port),
  }
  if (type === 'add') return { type, peer: peer.id, ...ends }
  if (type === 'drop') {
    const { disconnectReason, message } = event.reason
    const error = disconnectReason === undefined ? message : disconnectText(disconnectReason)
    return { type, peer: peer.id, error, ...ends }
  }
  return { type, peer: peer.id, protocol: event.protocol, msg_code: event.code, msg_size: event.bytes, ...ends }
}
