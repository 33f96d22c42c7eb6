/**
 * Events of a server.
 * @module
 */
import type { PeerClosedError } from '../../base/errors.ts'
import type { ServerPeer } from './server-peer.ts'

export type ServerEvent =
  /** Peer added. */
  | { readonly type: 'add'; readonly peer: ServerPeer }
  /** Peer dropped: by `reason.side`, with `reason.disconnectReason`. */
  | { readonly type: 'drop'; readonly peer: ServerPeer; readonly reason: PeerClosedError }
  /** Dial ended, with a peer or an error. */
  | { readonly type: 'dial'; readonly enode: string; readonly error?: unknown }
  /** Inbound connection set up or rejected. `remote`: `ip:port`. */
  | { readonly type: 'serve'; readonly remote: string; readonly id?: string; readonly error?: unknown }
  /** Message of a sub-protocol; `code` is relative to the protocol, `bytes` the payload size. */
  | {
      readonly type: 'msgsend' | 'msgrecv'
      readonly peer: ServerPeer
      readonly protocol: string
      readonly code: number
      readonly bytes: number
    }
