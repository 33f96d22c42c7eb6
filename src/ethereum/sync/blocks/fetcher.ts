/**
 * Distributes requests for one kind of part among the peers, and verifies the responses.
 * @module
 */

import { describeError, type ErrorCode, PeerloomError } from '../../../base/errors.ts'
import { YieldBudget, yieldNow } from '../../../base/yield-budget.ts'
import type { Worker, Workers } from '../peers/workers.ts'
import type { Part } from './parts.ts'
import type { Slot, Window } from './window.ts'

export interface FetcherOptions<T> {
  readonly part: Part<T>
  readonly window: Window
  readonly workers: Workers
  readonly signal: AbortSignal
  /** Called when parts have arrived, or can be requested from other peers. */
  readonly onChange: () => void
}

export class Fetcher<T> {
  readonly #options: FetcherOptions<T>
  /** Workers that lack a part, for parts that may be missing. */
  readonly #unavailableFrom = new WeakMap<Slot, Set<Worker>>()
  /** Bytes of verified parts. */
  bytes = 0

  constructor(options: FetcherOptions<T>) {
    this.#options = options
  }

  /** Makes requests to all free workers. */
  schedule(): void {
    const { part, workers, signal } = this.#options
    if (signal.aborted) return
    for (let more = true; more; ) {
      more = false
      for (const worker of workers.free(part.kind)) {
        const slots = this.#reserve(worker)
        if (slots.length === 0) continue
        more = true
        void this.#fetch(worker, slots)
      }
    }
  }

  /** @returns true if this block's part may still arrive from some peer. */
  mayArrive(slot: Slot): boolean {
    const { part, workers } = this.#options
    if (slot.state[part.kind] === 'requested') return true
    const lacking = this.#unavailableFrom.get(slot)
    return workers.available(part.kind, slot.header.number).some((worker) => !lacking?.has(worker))
  }

  #reserve(worker: Worker): Slot[] {
    const { part, window, workers } = this.#options
    const limit = Math.min(part.maxItems, workers.items(worker, part.kind))
    const slots = window.wanted(
      part.kind,
      limit,
      (slot) => worker.mayHave(part.kind, slot.header.number) && !this.#unavailableFrom.get(slot)?.has(worker),
    )
    for (const slot of slots) window.set(slot, part.kind, 'requested')
    return slots
  }

  async #fetch(worker: Worker, slots: readonly Slot[]): Promise<void> {
    const { part, window, workers, signal, onChange } = this.#options
    await workers.request(worker, part.kind, signal, {
      request: (how) => part.request(worker.peer, slots, how),
      use: async (items) => {
        if (items) await this.#deliver(worker, slots, items)
        for (const slot of slots) if (slot.state[part.kind] === 'requested') window.set(slot, part.kind, 'wanted')
        onChange()
      },
    })
  }

  async #deliver(worker: Worker, slots: readonly Slot[], items: readonly (T | undefined)[]): Promise<void> {
    const { part, workers } = this.#options
    const budget = new YieldBudget()
    let accepted = 0
    for (const [i, item] of items.entries()) {
      const slot = slots[i]
      if (!slot) break
      if (slot.state[part.kind] !== 'requested') continue // waived in the meantime
      if (item === undefined) {
        this.#markUnavailable(slot, worker)
        continue
      }
      const bytes = this.#accept(worker, slots, i, item)
      if (bytes === undefined) break
      accepted++
      if (budget.spend(bytes)) await yieldNow()
    }
    if (accepted > 0) workers.delivered(worker, part.kind)
    else if (!worker.peer.peer.closing) this.#reportEmpty(worker, slots)
  }

  /** @returns the bytes of an accepted part; undefined if it, and all after it, is rejected. */
  #accept(worker: Worker, slots: readonly Slot[], i: number, item: T): number | undefined {
    const { part, window, workers } = this.#options
    const slot = slots[i] as Slot
    try {
      const bytes = part.accept(slot, item)
      window.set(slot, part.kind, 'held', bytes)
      this.bytes += bytes
      return bytes
    } catch (error) {
      if (!this.#matchesAny(slots.slice(i + 1), item)) {
        workers.drop(worker, codeOf(error), describeError(error), { penalty: penaltyOf(error), cause: error })
      }
      return undefined
    }
  }

  #matchesAny(slots: readonly Slot[], item: T): boolean {
    try {
      return this.#options.part.matchesAny(slots, item)
    } catch {
      return false
    }
  }

  #reportEmpty(worker: Worker, slots: readonly Slot[]): void {
    const { part, workers } = this.#options
    const announced = slots.every(({ header }) => worker.announced(part.kind, header.number))
    workers.empty(worker, part.kind, announced)
  }

  #markUnavailable(slot: Slot, worker: Worker): void {
    const lacking = this.#unavailableFrom.get(slot)
    if (lacking) lacking.add(worker)
    else this.#unavailableFrom.set(slot, new Set([worker]))
  }
}

/**
 * @returns the penalty of a part that was rejected. Another root is proof; malformed data may be of a fork unknown
 * here; any other error is a fault of this node.
 */
function penaltyOf(error: unknown): number {
  return error instanceof PeerloomError ? error.penalty : 0
}

function codeOf(error: unknown): ErrorCode {
  return error instanceof PeerloomError ? error.code : 'ERR_SYNC_BAD_ANSWER'
}
