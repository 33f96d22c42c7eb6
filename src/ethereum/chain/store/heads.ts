import { Events, type SubscribeOptions, type Subscription } from '../../../base/events.ts'
import type { Operation } from '../../../storage/index.ts'
import { hasNoReceipts, type StorableBlock } from './blocks.ts'
import { canonicalKey, encodeNumber, metaKey } from './schema.ts'

/** The last complete block of the canonical chain. */
export interface ChainHead {
  readonly number: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  readonly totalDifficulty: bigint
  /** Seconds. */
  readonly timestamp: number
}

/** One part of an atomic batch, with the change in memory that belongs to it. */
export interface StagedChange {
  readonly operations: readonly Operation[]
  /** Applies the change in memory: to be called once the batch is written. */
  commit(): void
}

/** The head of the canonical chain, the range of blocks with receipts below it, and the subscribers to both. */
export class ChainHeads {
  readonly #events = new Events<ChainHead>()
  #current: ChainHead
  #firstReceipts: number

  constructor(current: ChainHead, firstReceipts: number) {
    this.#current = current
    this.#firstReceipts = firstReceipts
  }

  get current(): ChainHead {
    return this.#current
  }

  /** First block of the unbroken range, up to the head, that has receipts; head + 1 when the head has none. */
  get firstReceipts(): number {
    return this.#firstReceipts
  }

  subscribe(options?: SubscribeOptions): Subscription<ChainHead> {
    return this.#events.subscribe(options)
  }

  /** Moves the head to the last of these blocks, which follow a canonical one; blocks above are no longer canonical. */
  move(head: ChainHead, blocks: readonly StorableBlock[]): StagedChange {
    const firstReceipts = this.#receiptsAfter(blocks)
    const operations: Operation[] = []
    for (let stale = head.number + 1; stale <= this.#current.number; stale++) {
      operations.push({ type: 'del', key: canonicalKey(stale) })
    }
    operations.push({ type: 'put', key: metaKey('head'), value: head.hash })
    operations.push({ type: 'put', key: metaKey('receipts'), value: encodeNumber(firstReceipts) })
    const commit = (): void => {
      this.#current = head
      this.#firstReceipts = firstReceipts
      this.#events.emit(head)
    }
    return { operations, commit }
  }

  #receiptsAfter(blocks: readonly StorableBlock[]): number {
    const missing = blocks.findLast(({ header, receipts }) => !receipts && !hasNoReceipts(header))
    const first = (blocks[0] as StorableBlock).header.number
    return missing ? missing.header.number + 1 : Math.min(this.#firstReceipts, first)
  }
}
