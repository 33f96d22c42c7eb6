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

/** Handler of the frames that belong to no protocol: devp2p's Disconnect, Ping and Pong. */
export interface Control {
  /** Takes a frame; an error that it throws closes the peer. */
  frame(peer: Peer, key: MessageKey, payload: Uint8Array): void
  /** Makes the last message, when this side closes. */
  farewell?(reason: PeerClosedError): { readonly key: MessageKey; readonly payload: Uint8Array } | undefined
}

/** Observer of peers: one object for all peers of an owner. */
export interface PeerObserver {
  /**
   * Called for every message, before it is delivered or sent. `key` is relative to the protocol, `bytes` the payload's.
   */
  message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, key: MessageKey, bytes: number): void
  /** Called once everything has ended, before `closed` resolves. */
  closed(peer: Peer, reason: PeerClosedError): void
}

export interface PeerOptions {
  /** Hex identity, or whatever tells peers apart on this network. */
  readonly id: string
  /** Software of the remote, as the remote calls it. @default '' */
  readonly name?: string
  readonly inbound: boolean
  readonly mounted: readonly Mounted[]
  readonly control?: Control
  /** Closes the peer when it aborts. */
  readonly signal?: AbortSignal | undefined
  readonly observer?: PeerObserver
  /** Bytes that a protocol may leave unread before the socket is paused. @default 8 MiB */
  readonly receiveBudgetBytes?: number
  /** Bytes that a protocol may have queued before `send` makes it wait. @default 1 MiB */
  readonly sendBudgetBytes?: number
  /** Milliseconds for which a protocol may keep the socket paused before the peer is closed. @default 30000 */
  readonly stallTimeout?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}
