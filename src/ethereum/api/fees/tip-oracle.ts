/**
 * Suggested tip: a percentile of the lowest tips of the last blocks. Source: go-ethereum eth/gasprice, with the
 * settings of its full node.
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import type { Header, Transaction } from '../../types/index.ts'
import type { BlockReader } from '../block-reader.ts'
import { priorityFee, senderOf } from '../transactions/transaction-json.ts'

const BLOCKS = 20
const PERCENTILE = 60
/** Tips sampled from each block. */
const SAMPLES = 3
/** Lowest tip that counts, in wei. */
const IGNORED_BELOW = 2n
/** Highest suggestion, in wei. */
const MAX_TIP = 500_000_000_000n
/** Suggestion before any block had tips, in wei. */
const INITIAL_TIP = 1_000_000n

export class TipOracle {
  readonly #reader: BlockReader
  #tip = INITIAL_TIP
  /** Hash of the head that the tip was computed for. */
  #head: Uint8Array | undefined

  constructor(reader: BlockReader) {
    this.#reader = reader
  }

  /** @returns a tip in wei per gas, computed once for each head. */
  suggest(): bigint {
    const { hash, number } = this.#reader.chain.head
    if (this.#head && equalBytes(this.#head, hash)) return this.#tip
    const tips = this.#sample(number).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    const tip = tips[Math.trunc(((tips.length - 1) * PERCENTILE) / 100)] ?? this.#tip
    this.#tip = tip < MAX_TIP ? tip : MAX_TIP
    this.#head = hash
    return this.#tip
  }

  /** Samples the last blocks; each with at most one tip adds one more block, up to twice as many tips. */
  #sample(head: number): bigint[] {
    const tips: bigint[] = []
    let number = head
    for (let waiting = Math.min(BLOCKS, head); waiting > 0; waiting--, number--) {
      const ofBlock = this.#tipsOf(number)
      const found = ofBlock.length > 0 ? ofBlock : [this.#tip]
      const left = waiting - 1
      if (found.length === 1 && tips.length + 1 + left < 2 * BLOCKS && number - left > 1) waiting++
      tips.push(...found)
    }
    return tips
  }

  /** @returns the lowest tips of a block that count, without those of the miner's own transactions. */
  #tipsOf(number: number): bigint[] {
    const block = this.#reader.block(this.#reader.hashOfTag(number))
    if (!block) return []
    const { header, body } = block
    const offers = body.transactions
      .map((transaction) => ({ transaction, tip: priorityFee(transaction.fields, header) }))
      .filter(({ tip }) => tip >= IGNORED_BELOW)
      .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
    const tips: bigint[] = []
    for (const { transaction, tip } of offers) {
      if (tips.length === SAMPLES) break
      if (!this.#isOfMiner(transaction, header)) tips.push(tip)
    }
    return tips
  }

  #isOfMiner(transaction: Transaction, header: Header): boolean {
    return equalBytes(senderOf(transaction, header, this.#reader.chain.chainConfig), header.coinbase)
  }
}
