/**
 * Cooperative scheduling: long work on one thread is done in slices, between which sockets and timers have their turn.
 * @module
 */

/** Resolve functions of the waiting calls of {@link yieldNow}. BOUNDED: by the long work in flight. */
const waiting: (() => void)[] = []

/**
 * Yields to sockets and timers. One of the waiting calls goes on in each turn of the event loop, so that a turn is as
 * long as one slice, however much long work is in flight.
 */
export function yieldNow(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(next)
  })
}

function next(): void {
  const first = waiting.shift()
  if (waiting.length > 0) setImmediate(next)
  first?.()
}

/** Size of a slice: some milliseconds of work, so that pings are answered. */
const SLICE_BYTES = 256 * 1024
const SLICE_ITEMS = 64

/** Divides a long loop into slices. */
export class YieldBudget {
  #bytes = 0
  #items = 0

  /** Counts an item of `bytes`. @returns true when the slice is used up: then `await yieldNow()`. */
  spend(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes < SLICE_BYTES && ++this.#items < SLICE_ITEMS) return false
    this.#bytes = this.#items = 0
    return true
  }
}
