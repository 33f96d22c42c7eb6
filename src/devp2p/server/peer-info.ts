/**
 * What `admin_peers` and `admin_nodeInfo` show: go-ethereum's JSON shapes.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import { formatEndpoint } from '../../net/index.ts'
import type { AnyProtocol } from '../../peer/index.ts'
import { formatCapability } from '../capabilities.ts'
import type { ServerPeer } from './server-peer.ts'

export interface PeerInfo {
  readonly enode: string
  /** 64 hex digits: keccak-256 of the public key. */
  readonly id: string
  readonly name: string
  /** `["eth/69", "snap/1"]` */
  readonly caps: readonly string[]
  readonly network: {
    readonly localAddress: string
    readonly remoteAddress: string
    readonly inbound: boolean
    readonly trusted: boolean
    readonly static: boolean
  }
  /** By protocol name: what the protocol says, `handshake` while it has nothing to say yet, `unknown` when it never has. */
  readonly protocols: Readonly<Record<string, unknown>>
}

export interface NodeInfo {
  readonly id: string
  readonly name: string
  readonly enode: string
  /** The signed record of the above. */
  readonly enr: string
  readonly ip: string
  readonly ports: { readonly discovery: number; readonly listener: number }
  readonly listenAddr: string
  readonly protocols: Readonly<Record<string, unknown>>
}

export function peerInfoOf(peer: ServerPeer): PeerInfo {
  return {
    enode: peer.enode,
    id: peer.id,
    name: peer.name,
    caps: peer.hello.capabilities.map(formatCapability),
    network: {
      localAddress: formatEndpoint(peer.local.ip, peer.local.port),
      remoteAddress: formatEndpoint(peer.remote.ip, peer.remote.port),
      inbound: peer.inbound,
      trusted: peer.trusted,
      static: peer.static,
    },
    protocols: Object.fromEntries(peer.peer.protocols.map((p) => [p.name, protocolInfo(p, peer.id)])),
  }
}

function protocolInfo(protocol: AnyProtocol, peerId: string): unknown {
  return protocol.peerInfo ? (protocol.peerInfo(peerId) ?? 'handshake') : 'unknown'
}

export interface NodeFacts {
  readonly id: Uint8Array
  readonly name: string
  readonly enode: string
  /** The signed record of the above. */
  readonly enr: string
  readonly ip: string
  readonly port: number
  readonly listenAddr: string
  readonly protocols: readonly AnyProtocol[]
}

export function nodeInfoOf(facts: NodeFacts): NodeInfo {
  const { name, enode, enr, ip, port, listenAddr } = facts
  const protocols = Object.fromEntries(facts.protocols.map((p) => [p.name, p.nodeInfo?.() ?? 'unknown']))
  return {
    id: bytesToHex(facts.id),
    name,
    enode,
    enr,
    ip,
    ports: { discovery: 0, listener: port },
    listenAddr,
    protocols,
  }
}
