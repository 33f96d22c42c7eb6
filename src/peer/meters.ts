/**
 * What went over a connection, by protocol and message.
 * @module
 */
import type { Key } from './transport.ts'

export interface Tally {
  messages: number
  /** Payload bytes, before compression and encryption. */
  bytes: number
}

export interface MessageMeter {
  readonly protocol: string
  readonly key: Key
  /** The table's name for it; the key as text when the table has none. */
  readonly name: string
  readonly received: Readonly<Tally>
  readonly sent: Readonly<Tally>
}

/** Told of each message, when somebody looks. */
export interface MessageObserver {
  message(direction: 'received' | 'sent', protocol: string, key: Key, bytes: number): void
}

export class Meter implements MessageMeter {
  readonly protocol: string
  readonly key: Key
  readonly name: string
  readonly received: Tally = { messages: 0, bytes: 0 }
  readonly sent: Tally = { messages: 0, bytes: 0 }

  constructor(protocol: string, key: Key, name: string) {
    this.protocol = protocol
    this.key = key
    this.name = name
  }
}
