/**
 * Traffic of a connection, by protocol and message.
 * @module
 */
import type { MessageKey } from './transport.ts'

export interface MessageTotals {
  messages: number
  /** Payload bytes, before compression and encryption. */
  bytes: number
}

export interface MessageMeter {
  readonly protocol: string
  readonly key: MessageKey
  /** Name in the table; the key as text when the table has none. */
  readonly name: string
  readonly received: Readonly<MessageTotals>
  readonly sent: Readonly<MessageTotals>
}

export class Meter implements MessageMeter {
  readonly protocol: string
  readonly key: MessageKey
  readonly name: string
  readonly received: MessageTotals = { messages: 0, bytes: 0 }
  readonly sent: MessageTotals = { messages: 0, bytes: 0 }

  constructor(protocol: string, key: MessageKey, name: string) {
    this.protocol = protocol
    this.key = key
    this.name = name
  }
}
