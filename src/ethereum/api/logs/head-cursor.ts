import { equalBytes } from '../../../base/bytes.ts'
import type { ChainStore } from '../../chain/index.ts'
import type { Header } from '../../types/index.ts'

/** One step of a chain: a block that came to the end of it, or one that was taken from its end. */
export interface ChainStep {
  readonly header: Header
  /** The block is canonical no more. */
  readonly removed: boolean
}

/**
 * A reader's place on a chain that grows and turns. It holds a number and a hash, however far behind the reader is:
 * what comes next is looked up when it is asked for, so that no block is missed and none waits in memory.
 */
export class HeadCursor {
  readonly #chain: ChainStore
  #number: number
  #hash: Uint8Array

  /** Begins behind the present head. */
  constructor(chain: ChainStore) {
    this.#chain = chain
    this.#number = chain.head.number
    this.#hash = chain.head.hash
  }

  /** The next step towards the head: back from a branch that was left, then forward. Undefined at the head. */
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

  /** The block it stood at is lost, which only a damaged store does: it goes on from the head. */
  #jump(): undefined {
    this.#number = this.#chain.head.number
    this.#hash = this.#chain.head.hash
  }
}
