import { equalBytes } from '../../../base/bytes.ts'
import type { ChainStore } from '../../chain/index.ts'
import type { Header } from '../../types/index.ts'

/** A step of a chain: a block that was added to its end, or removed from it. */
export interface ChainStep {
  readonly header: Header
  /** True if the block is no longer canonical. */
  readonly removed: boolean
}

/**
 * Position of a reader on a chain that grows and is reorganized. It holds a number and a hash, however far behind the
 * reader is: the next step is looked up on demand, so that no block is missed and none is queued in memory.
 */
export class HeadCursor {
  readonly #chain: ChainStore
  #number: number
  #hash: Uint8Array

  /** Starts after the current head. */
  constructor(chain: ChainStore) {
    this.#chain = chain
    this.#number = chain.head.number
    this.#hash = chain.head.hash
  }

  /** @returns the next step towards the head: back from a branch that was left, then forward; undefined at the head. */
  next(): ChainStep | undefined {
    const canonical = this.#chain.hashAt(this.#number)
    if (!canonical || !equalBytes(canonical, this.#hash)) return this.#back()
    const hash = this.#chain.hashAt(this.#number + 1)
    const header = hash && this.#chain.header(hash)
    if (!header) return undefined
    this.#number++
    this.#hash = hash
    return { header, removed: false }
  }

  #back(): ChainStep | undefined {
    const header = this.#chain.header(this.#hash)
    if (!header || this.#number === 0) return this.#jump()
    this.#number--
    this.#hash = header.parentHash
    return { header, removed: true }
  }

  /** Continues from the head if the block of the position is lost, which happens in a damaged store only. */
  #jump(): undefined {
    this.#number = this.#chain.head.number
    this.#hash = this.#chain.head.hash
  }
}
