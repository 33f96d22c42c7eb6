/**
 * JSON shapes of `admin_peers` and `admin_nodeInfo`: go-ethereum's.
 * @module
 */
import { bytesToHex } from '../../base/bytes.ts'
import type { AnyProtocol } from '../../peer/index.ts'

export interface PeerInfo {
  /** Signed node record as text; absent unless the node was dialed by its record. */
  readonly enr?: string
  readonly enode: string
  /** keccak-256 of the public key, 64 hex digits. */
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
  /** Penalties against the node, up to 100; absent for 0. Ours, not go-ethereum's. */
  readonly score?: number
  /** `peerInfo` of each protocol by name; `handshake` while it is undefined, `unknown` for a protocol without it. */
  readonly protocols: Readonly<Record<string, unknown>>
}

export interface NodeInfo {
  readonly id: string
  readonly name: string
  readonly enode: string
  /** Signed node record as text. */
  readonly enr: string
  readonly ip: string
  readonly ports: { readonly discovery: number; readonly listener: number }
  readonly listenAddr: string
  readonly protocols: Readonly<Record<string, unknown>>
}

export interface NodeFacts {
  readonly id: Uint8Array
  readonly name: string
  readonly enode: string
  /** Signed node record as text. */
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
