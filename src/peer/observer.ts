import type { PeerClosedError } from '../base/errors.ts'
import type { Peer } from './peer-connection.ts'
import type { AnyProtocol } from './protocol.ts'
import type { MessageKey } from './transport.ts'

/** Told what happens to peers: one object for all peers of an owner. */
export interface PeerObserver {
  /** `key` is relative to the protocol, `bytes` the payload's. Called for every message, before it goes its way. */
  message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, key: MessageKey, bytes: number): void
  /** Everything has ended; `closed` resolves behind it. */
  closed(peer: Peer, reason: PeerClosedError): void
}
