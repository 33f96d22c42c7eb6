/**
 * Settings of a peer, and the two interfaces through which its owner takes part: {@link Control} and
 * {@link PeerObserver}.
 * @module
 */
import type { Clock } from '../base/clock.ts'
import type { PeerClosedError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { AnyProtocol, Mounted, Peer } from './protocol.ts'
import type { MessageKey } from './transport.ts'

/** Owns the frames that belong to no protocol: devp2p's Disconnect, Ping and Pong. */
export interface Control {
  /** Takes a frame; what it throws closes the peer. */
  frame(peer: Peer, key: MessageKey, payload: Uint8Array): void
  /** The last message, when this side closes. */
  farewell?(reason: PeerClosedError): { readonly key: MessageKey; readonly payload: Uint8Array } | undefined
}

/** Told what happens to peers: one object for all peers of an owner. */
export interface PeerObserver {
  /** `key` is relative to the protocol, `bytes` the payload's. Called for every message, before it goes its way. */
  message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, key: MessageKey, bytes: number): void
  /** Everything has ended; `closed` resolves behind it. */
  closed(peer: Peer, reason: PeerClosedError): void
}

export interface PeerOptions {
  /** Hex identity, or whatever tells peers apart on this network. */
  readonly id: string
  /** What the remote calls its software. @default '' */
  readonly name?: string
  readonly inbound: boolean
  readonly mounted: readonly Mounted[]
  readonly control?: Control
  /** Closes the peer when it aborts. */
  readonly signal?: AbortSignal | undefined
  readonly observer?: PeerObserver
  /** Bytes a protocol may leave unread before the socket is paused. @default 8 MiB */
  readonly receiveBudgetBytes?: number
  /** Bytes a protocol may have waiting before `send` asks it to wait. @default 1 MiB */
  readonly sendBudgetBytes?: number
  /** Milliseconds a protocol may keep the socket paused before the peer is given up. @default 30000 */
  readonly stallTimeout?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}
