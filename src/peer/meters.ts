/**
 * What went over a connection, by protocol and message.
 * @module
 */
import type { Peer } from './peer.ts'
import type { AnyProtocol } from './protocol.ts'
import type { MessageKey } from './transport.ts'

export interface Tally {
  messages: number
  /** Payload bytes, before compression and encryption. */
  bytes: number
}

export interface MessageMeter {
  readonly protocol: string
  readonly key: MessageKey
  /** The table's name for it; the key as text when the table has none. */
  readonly name: string
  readonly received: Readonly<Tally>
  readonly sent: Readonly<Tally>
}

/** Told of each message of every peer it is given to. */
export interface MessageObserver {
  /** `key` is relative to the protocol. */
  message(peer: Peer, direction: 'received' | 'sent', protocol: AnyProtocol, key: MessageKey, bytes: number): void
}

export class Meter implements MessageMeter {
  readonly protocol: string
  readonly key: MessageKey
  readonly name: string
  readonly received: Tally = { messages: 0, bytes: 0 }
  readonly sent: Tally = { messages: 0, bytes: 0 }

  constructor(protocol: string, key: MessageKey, name: string) {
    this.protocol = protocol
    this.key = key
    this.name = name
  }
}
