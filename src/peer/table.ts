/**
 * A protocol's messages by key: one table for all its channels.
 * @module
 */
import { type MessageSpec, UNKNOWN_KEY } from './channel.ts'
import { type AnyProtocol, protocolLength } from './protocol.ts'
import type { MessageKey } from './transport.ts'

export interface Row {
  readonly key: MessageKey
  readonly name: string
  /** Absent for a key within the protocol's length that its table does not name: such a message is raw. */
  readonly spec: MessageSpec<unknown> | undefined
  /** Position in the table, from 0. */
  readonly index: number
}

export class Table {
  /** Numeric keys that the protocol takes on the wire. */
  readonly length: number
  readonly #declaresLength: boolean
  /** BOUNDED: by the protocol's messages and its length. */
  readonly #rows = new Map<MessageKey, Row>()
  /** Row of `unknownMessages`, if the protocol has one. */
  readonly #unknown: Row | undefined

  constructor(protocol: AnyProtocol) {
    this.length = protocolLength(protocol)
    this.#declaresLength = protocol.length !== undefined
    for (const [name, spec] of Object.entries(protocol.messages)) this.#add(spec.key, name, spec)
    this.#unknown = this.#rows.get(UNKNOWN_KEY)
  }

  get rows(): Iterable<Row> {
    return this.#rows.values()
  }

  /** @returns true if a message with this key belongs to this protocol: numbers by range, texts by the table. */
  owns(key: MessageKey): boolean {
    if (typeof key === 'number') return key >= 0 && key < this.length
    return this.#unknown !== undefined || this.#rows.has(key)
  }

  /**
   * Finds the row of a key. Keys without one get the row for unknown messages, or, within the length that a protocol
   * declares beyond its table, a row for raw ones.
   */
  row(key: MessageKey): Row | undefined {
    const row = this.#rows.get(key)
    if (row || !this.owns(key)) return row
    if (this.#unknown) return this.#unknown
    return typeof key === 'number' && this.#declaresLength ? this.#add(key, String(key), undefined) : undefined
  }

  #add(key: MessageKey, name: string, spec: MessageSpec<unknown> | undefined): Row {
    const row = { key, name, spec, index: this.#rows.size }
    this.#rows.set(key, row)
    return row
  }
}

const tables = new WeakMap<AnyProtocol, Table>()

export function tableOf(protocol: AnyProtocol): Table {
  const known = tables.get(protocol)
  if (known) return known
  const table = new Table(protocol)
  tables.set(protocol, table)
  return table
}
