/**
 * Download of blocks for verified headers. Three loops share a window: one adds headers, one makes requests to peers,
 * one drains it into the store, in order and in atomic batches.
 * @module
 */
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/log.ts'
import { Scope } from '../../../base/scope.ts'
import { YieldBudget, yieldNow } from '../../../base/yield-budget.ts'
import { type ChainStore, type StorableBlock, verifyHeader } from '../../chain/index.ts'
import type { BlockReceipts } from '../../eth/index.ts'
import type { BlockBody, Header } from '../../types/index.ts'
import type { Condition } from '../condition.ts'
import { invalidChain } from '../errors.ts'
import type { Skeleton } from '../headers/skeleton.ts'
import type { Workers } from '../peers/workers.ts'
import { Fetcher } from './fetcher.ts'
import { accessLists, bodies, newSlot, receipts } from './parts.ts'
import { isComplete, isSettled, type Slot, Window, type WindowLimits } from './window.ts'

/** Limits of one batch; a reorganization exceeds them to be atomic. */
const BATCH: WindowLimits = { blocks: 256, bytes: 4 * 1024 * 1024 }
/** Milliseconds that a block waits for its access list when all other parts are held. */
const ACCESS_LIST_GRACE = 3_000

export interface FillOptions {
  readonly store: ChainStore
  readonly skeleton: Skeleton
  readonly workers: Workers
  readonly condition: Condition
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
  readonly target: Header
  readonly receipts: 'required' | 'none'
  readonly limits?: WindowLimits | undefined
  /** Called after each batch of blocks that was stored. */
  readonly onStored: (blocks: number) => void
}

/** Fills a chain store up to a target. */
export class Fill {
  readonly window: Window
  readonly #options: FillOptions
  readonly #scope: Scope
  readonly #bodies: Fetcher<BlockBody>
  readonly #receipts: Fetcher<BlockReceipts>
  readonly #accessLists: Fetcher<Uint8Array>
  /** Number of the last block that is in the store. */
  #stored: number
  /** The block that waits for its access list only, and the start of the wait. */
  #waitingFor: { readonly slot: Slot; readonly since: number } | undefined

  /** The last block that was logged as not available. */
  #reported: Slot | undefined

  /** The skeleton must link to a canonical block. */
  constructor(options: FillOptions) {
    const { skeleton, workers, condition, clock, log, signal, target, limits } = options
    this.#options = options
    this.window = new Window(limits)
    this.#scope = new Scope({ signal, clock, log })
    this.#stored = (skeleton.current?.first ?? target.number + 1) - 1
    const common = { window: this.window, workers, signal: this.#scope.signal, onChange: () => condition.notifyAll() }
    this.#bodies = new Fetcher({ ...common, part: bodies })
    this.#receipts = new Fetcher({ ...common, part: receipts })
    this.#accessLists = new Fetcher({ ...common, part: accessLists })
  }

  /** Number of the last block that is in the store. */
  get stored(): number {
    return this.#stored
  }

  /** Bytes of verified bodies, receipts and access lists. */
  get bytes(): number {
    return this.#bodies.bytes + this.#receipts.bytes + this.#accessLists.bytes
  }

  /** Resolves when the target is the head. Throws `ERR_SYNC_INVALID_CHAIN`, a `StorageError`, the signal's reason. */
  async run(): Promise<void> {
    const scope = this.#scope
    scope.fork('sync: headers', () => this.#feed())
    scope.fork('sync: requests', () => this.#request())
    scope.fork('sync: store', () => this.#store())
    await scope.done()
    const failed = scope.signal.aborted
    scope.close()
    if (failed) throw scope.signal.reason
  }

  get #done(): boolean {
    return this.#stored >= this.#options.target.number
  }

  async #feed(): Promise<void> {
    const { skeleton, store, target, condition, receipts } = this.#options
    const budget = new YieldBudget()
    let parent = store.headerAt(this.#stored) as Header
    while (parent.number < target.number) {
      while (this.window.room === 0) {
        condition.notifyAll()
        await condition.wait(this.#scope.signal)
      }
      const header = skeleton.headerAt(parent.number + 1)
      this.#verify(parent, header)
      this.window.add(newSlot(header, store, receipts === 'required'))
      parent = header
      if (!budget.spend(header.raw.length)) continue
      condition.notifyAll()
      await yieldNow()
      this.#scope.signal.throwIfAborted()
    }
    condition.notifyAll()
  }

  #verify(parent: Header, header: Header): void {
    const { store, clock, target } = this.#options
    try {
      verifyHeader(store.chainConfig, parent, header, { unixTime: Math.floor(clock.unixTime() / 1000) })
    } catch (error) {
      throw invalidChain(target.hash, error)
    }
  }

  async #request(): Promise<void> {
    while (!this.#done) {
      this.#bodies.schedule()
      this.#receipts.schedule()
      this.#accessLists.schedule()
      this.#reportMissing()
      await this.#options.condition.wait(this.#scope.signal)
    }
  }

  /** Logs, once for each block, that no peer has the next part. */
  #reportMissing(): void {
    const { workers, log } = this.#options
    const front = this.window.front
    if (!front || front === this.#reported || workers.count === 0) return
    const { number } = front.header
    const kind = (['bodies', 'receipts'] as const).find((part) => front.state[part] === 'wanted')
    if (!kind || workers.available(kind, number).length > 0) return
    this.#reported = front
    log.info('Sync stalled', { missing: kind, number, peers: workers.count })
  }

  async #store(): Promise<void> {
    const { store, skeleton, condition, onStored } = this.#options
    while (!this.#done) {
      this.#waive()
      const slots = this.#next()
      const last = slots.at(-1)?.header.number
      if (last === undefined) {
        await condition.wait(this.#scope.signal)
        continue
      }
      await store.extend(slots.map(storable), skeleton.changesFor(last))
      skeleton.stored(last)
      this.window.shift(slots.length)
      this.#stored = last
      condition.notifyAll()
      onStored(slots.length)
    }
  }

  /** @returns complete blocks from the first on; in a reorganization all that replace canonical ones, if they fit. */
  #next(): readonly Slot[] {
    const { store, target } = this.#options
    const replaced = Math.min(store.head.number + 1, target.number) - this.#stored
    const isReorg = replaced > 1 && store.head.number > this.#stored
    const fits = !this.window.overBudget && (this.window.room > 0 || replaced <= this.window.length)
    const least = isReorg && fits ? replaced : 1
    const limit = least > 1 ? { blocks: Math.max(least, BATCH.blocks), bytes: Number.POSITIVE_INFINITY } : BATCH
    const slots = this.window.leading(isComplete, limit)
    return slots.length < least ? [] : slots
  }

  /** Waives access lists that no peer has, or that do not come in time: they never hold a block up. */
  #waive(): void {
    const ready = this.window.leading(lacksAccessListAtMost, BATCH)
    for (const slot of ready) {
      if (slot.state.accessLists !== 'wanted' || this.#accessLists.mayArrive(slot)) continue
      this.window.set(slot, 'accessLists', 'waived')
    }
    const slot = ready[0]
    if (slot && !isSettled(slot.state.accessLists)) this.#limitGrace(slot)
  }

  #limitGrace(slot: Slot): void {
    const { clock, condition, log } = this.#options
    if (this.#waitingFor?.slot !== slot) {
      this.#waitingFor = { slot, since: clock.now() }
      clock.setTimer(ACCESS_LIST_GRACE, () => condition.notifyAll())
    } else if (clock.now() - this.#waitingFor.since >= ACCESS_LIST_GRACE) {
      log.info('Block access lists skipped', { from: slot.header.number, blocks: this.window.length })
      this.window.waive('accessLists')
    }
  }
}

function lacksAccessListAtMost({ state }: Slot): boolean {
  return isSettled(state.bodies) && isSettled(state.receipts)
}

function storable({ header, body, receipts, accessList }: Slot): StorableBlock {
  return { header, body: (body as BlockBody).raw, receipts, accessList }
}
