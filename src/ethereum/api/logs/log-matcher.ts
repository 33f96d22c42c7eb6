import { bytesToHex } from '../../../base/bytes.ts'
import { bloomContains, type Log } from '../../types/index.ts'
import type { LogQuery } from '../params.ts'

/** Alternative values in one position of a query. */
interface Alternatives {
  readonly values: readonly Uint8Array[]
  readonly hex: ReadonlySet<string>
}

/** Matches logs against the addresses and topics of a query. */
export class LogMatcher {
  /** Addresses; undefined matches any. */
  readonly #address: Alternatives | undefined
  /** Topics by position; undefined matches any. */
  readonly #topics: readonly (Alternatives | undefined)[]

  constructor({ addresses, topics }: Pick<LogQuery, 'addresses' | 'topics'>) {
    this.#address = alternativesOf(addresses)
    this.#topics = topics.map(alternativesOf)
  }

  /** @returns false if no log under this Bloom filter matches. */
  mayMatch(bloom: Uint8Array): boolean {
    const isIn = (alternatives: Alternatives | undefined) =>
      !alternatives || alternatives.values.some((value) => bloomContains(bloom, value))
    return isIn(this.#address) && this.#topics.every(isIn)
  }

  /**
   * @returns true if a log matches. One with fewer topics than the query has positions does not, even if those match
   * any.
   */
  matches({ address, topics }: Log): boolean {
    if (topics.length < this.#topics.length) return false
    if (this.#address && !this.#address.hex.has(bytesToHex(address))) return false
    return this.#topics.every(
      (alternatives, i) => !alternatives || alternatives.hex.has(bytesToHex(topics[i] as Uint8Array)),
    )
  }
}

function alternativesOf(values: readonly Uint8Array[]): Alternatives | undefined {
  return values.length > 0 ? { values, hex: new Set(values.map(bytesToHex)) } : undefined
}
