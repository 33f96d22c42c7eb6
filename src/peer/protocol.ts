/**
 * A protocol is a name, a table of typed messages, and one function that runs once per {@link Peer}.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import type { PeerClosedError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { Channel, MessageTable } from './channel.ts'
import type { MessageMeter } from './meters.ts'
import type { MessageKey } from './transport.ts'

/** One live connection, as its protocols and its owner see it. `PeerConnection` implements it. */
export interface Peer extends AsyncDisposable {
  /** Hex identity, or whatever tells peers apart on this network. */
  readonly id: string
  /** Software of the remote, as the remote calls it; empty when unknown. */
  readonly name: string
  readonly inbound: boolean
  readonly clock: Clock
  readonly log: Logger
  /** Resolves with the reason once everything has ended. Never rejects. */
  readonly closed: Promise<PeerClosedError>
  /** True once the peer has begun to close. */
  readonly closing: boolean
  /** Aborts when the peer begins to close; the reason is a {@link PeerClosedError}. */
  readonly signal: AbortSignal
  /** Protocols that run on this connection. */
  readonly protocols: readonly AnyProtocol[]
  /** Traffic of this connection by protocol and message. */
  readonly meters: readonly MessageMeter[]
  /** Milliseconds in which this side had the socket paused: no deadline of the remote's runs in them. */
  readonly pausedFor: number
  /** Channel of a protocol, for code beside its `run`. Undefined when the protocol does not run on this peer. */
  channel<M extends MessageTable>(protocol: Protocol<M>): Channel<M> | undefined
  /** Begins closing. The first reason wins. A `PeerClosedError` is taken as it is; anything else counts as local. */
  close(reason?: unknown): void
  /**
   * Calls `listener` when the peer begins to close; at once when it has begun. Does the work of a listener on
   * {@link signal} for a fraction of the memory: for code that runs for every peer.
   */
  onClose(listener: () => void): void
  /**
   * Sends a control frame ahead of everything that is queued. False when the frame was dropped because the remote reads
   * nothing, or because the peer has closed.
   */
  sendControl(key: MessageKey, payload: Uint8Array): boolean
}

/** A protocol with any message table, as peers and servers hold it. */
export interface AnyProtocol {
  /** Capability name, at most 8 ASCII characters in devp2p. */
  readonly name: string
  readonly version: number
  /** Numeric keys reserved on the wire. @default the highest key of the table + 1 */
  readonly length?: number
  readonly messages: MessageTable
  /** Runs the protocol. The channel is `never`, because only the protocol itself knows its messages. */
  run(peer: Peer, channel: never): Promise<void>
  /** Entry of `peerInfo` under the protocol's name. @default 'unknown' */
  peerInfo?(peerId: string): unknown
  /** Entry of `nodeInfo` under the protocol's name. @default 'unknown' */
  nodeInfo?(): unknown
  /** Entries for this node's record (EIP-778): RLP by key, such as `eth`. */
  attributes?(): Readonly<Record<string, Uint8Array>>
}

export interface Protocol<M extends MessageTable> extends AnyProtocol {
  readonly messages: M
  /** Runs once per peer. When it returns, or throws, the whole peer closes. */
  run(peer: Peer, channel: Channel<M>): Promise<void>
}

/** A protocol and where its keys begin on this connection. A protocol with textual keys begins at 0. */
export interface Mounted {
  readonly protocol: AnyProtocol
  readonly offset: number
}

/** Infers the types of `run` from the table. Returns its argument. */
export function defineProtocol<const M extends MessageTable>(protocol: Protocol<M>): Protocol<M> {
  return protocol
}

/** Counts the numeric keys that a protocol takes on the wire. */
export function protocolLength(protocol: AnyProtocol): number {
  if (protocol.length !== undefined) return protocol.length
  let length = 0
  for (const { key } of Object.values(protocol.messages)) {
    if (typeof key === 'number') length = Math.max(length, key + 1)
  }
  return length
}
