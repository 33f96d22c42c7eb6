/**
 * Record of this node: its entries, signed, under a sequence number that grows when they change. go-ethereum's
 * `enode.LocalNode`.
 *
 * Entries come from named sources: one per protocol, and `endpoint`. Discovery is to count the endpoints that other nodes
 * report (go-ethereum's endpoint votes), and to set `endpoint` accordingly.
 * @module
 */
import { equalBytes } from '../base/bytes.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { Enr } from './enr.ts'
import type { NodeKey } from './node-key.ts'

/** Record entries by key, as RLP. */
export type EnrEntries = Readonly<Record<string, Uint8Array>>

export interface LocalNodeOptions {
  readonly key: NodeKey
  /**
   * Last record of this key, as {@link LocalNodeOptions.onRecord} got it before a restart: it stays while its entries
   * do, and the sequence goes on from its own. One of another key is ignored. @default none
   */
  readonly kept?: Enr | undefined
  /** Called with each newly signed record: for a file that keeps it. @default nothing */
  readonly onRecord?: ((record: Enr) => void) | undefined
  /** @default systemClock */
  readonly clock?: Clock | undefined
}

export class LocalNode {
  readonly key: NodeKey
  readonly #clock: Clock
  readonly #onRecord: ((record: Enr) => void) | undefined
  /** Entries by source. BOUNDED: by the program's protocols; a record over 300 bytes cannot be signed. */
  readonly #sources = new Map<string, EnrEntries>()
  #record: Enr | undefined
  /** True when entries may differ from those of the record. */
  #changed = true

  constructor(options: LocalNodeOptions) {
    const { key, kept } = options
    this.key = key
    this.#clock = options.clock ?? systemClock
    this.#onRecord = options.onRecord
    if (kept && equalBytes(kept.publicKey, key.publicKey)) this.#record = kept
  }

  /** Replaces all entries of a source; of two sources with the same key, the later one counts. Signs nothing. */
  set(source: string, entries: EnrEntries): void {
    const known = this.#sources.get(source)
    if (known && equalEntries(known, entries)) return
    this.#sources.set(source, { ...entries })
    this.#changed = true
  }

  /**
   * Signed record of the current entries; signed again only when one has changed. Without a kept record the sequence begins
   * with the Unix time in milliseconds, so that a node that lost its files does not repeat numbers. Throws `CodecError` `ERR_ENR` when the record has over 300 bytes.
   */
  get record(): Enr {
    if (this.#record && !this.#changed) return this.#record
    const entries: EnrEntries = Object.assign({}, ...this.#sources.values())
    if (!this.#record || !holds(this.#record, entries)) this.#sign(entries)
    this.#changed = false
    return this.#record as Enr
  }

  #sign(entries: EnrEntries): void {
    const sequence = this.#record ? this.#record.sequence + 1n : BigInt(Math.floor(this.#clock.unixTime()))
    this.#record = Enr.sign(this.key, { sequence, entries })
    this.#onRecord?.(this.#record)
  }
}

/** Entries that {@link Enr.sign} adds by itself. */
const IDENTITY_KEYS: ReadonlySet<string> = new Set(['id', 'secp256k1'])

function holds(record: Enr, entries: EnrEntries): boolean {
  const keys = record.keys.filter((key) => !IDENTITY_KEYS.has(key))
  return equalEntries(Object.fromEntries(keys.map((key) => [key, record.get(key) as Uint8Array])), entries)
}

function equalEntries(a: EnrEntries, b: EnrEntries): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => {
    const other = b[key]
    return other !== undefined && equalBytes(a[key] as Uint8Array, other)
  })
}
