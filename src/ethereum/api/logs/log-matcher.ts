import { bytesToHex } from '../../../base/bytes.ts'
import { bloomContains, type Log } from '../../types/index.ts'
import type { LogQuery } from '../params.ts'

/** One place of a query: the values it may have there. */
interface Choice {
  readonly values: readonly Uint8Array[]
  readonly hex: ReadonlySet<string>
}

/** Which logs a query is for, wherever they are. */
export class LogMatcher {
  /** Undefined: of any contract. */
  readonly #address: Choice | undefined
  /** By position; undefined: any topic. */
  readonly #topics: readonly (Choice | undefined)[]

  constructor({ addresses, topics }: Pick<LogQuery, 'addresses' | 'topics'>) {
    this.#address = choiceOf(addresses)
    this.#topics = topics.map(choiceOf)
  }

  /** False: none of the logs under this filter matches. */
  mayBeIn(bloom: Uint8Array): boolean {
    const isIn = (choice: Choice | undefined) => !choice || choice.values.some((value) => bloomContains(bloom, value))
    return isIn(this.#address) && this.#topics.every(isIn)
  }

  /** A log with fewer topics than the query has places does not match, even where the query leaves the place open. */
  matches({ address, topics }: Log): boolean {
    if (topics.length < this.#topics.length) return false
    if (this.#address && !this.#address.hex.has(bytesToHex(address))) return false
    return this.#topics.every((choice, i) => !choice || choice.hex.has(bytesToHex(topics[i] as Uint8Array)))
  }
}

function choiceOf(values: readonly Uint8Array[]): Choice | undefined {
  return values.length > 0 ? { values, hex: new Set(values.map(bytesToHex)) } : undefined
}
