/**
 * What a server lets others see.
 * @module
 */
import type { PeerClosedError } from '../../base/errors.ts'
import type { ServerPeer } from './server-peer.ts'

export type ServerEvent =
  /** A node has become a peer. */
  | { readonly type: 'add'; readonly peer: ServerPeer }
  /** A peer has ended: `reason.side` says by whom, `reason.disconnectReason` with which code. */
  | { readonly type: 'drop'; readonly peer: ServerPeer; readonly reason: PeerClosedError }
  /** An attempt to connect to a node has ended, in a peer or with an error. */
  | { readonly type: 'dial'; readonly enode: string; readonly error?: unknown }
  /** A connection that came in has become a peer, or not. `remote` is `ip:port`. */
  | { readonly type: 'serve'; readonly remote: string; readonly id?: string; readonly error?: unknown }
  /** A message of a sub-protocol; `code` is relative to the protocol, `bytes` its payload's. */
  | {
      readonly type: 'msgsend' | 'msgrecv'
      readonly peerId: string
      readonly protocol: string
      readonly code: number
      readonly bytes: number
    }
