/**
 * Long work on one thread, in pieces between which others have their turn.
 * @module
 */

/** Who waits to go on. BOUNDED: by the long work that is going on. */
const waiting: (() => void)[] = []

/**
 * Lets sockets and timers have their turn. Of all that wait, one goes on in each turn of the event loop: however much long work
 * there is, a turn is as long as one slice of it.
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

/** Work between two turns of the event loop: some milliseconds, so that pings are answered. */
const SLICE_BYTES = 256 * 1024
const SLICE_ITEMS = 64

/** Divides a long loop over small pieces of work. */
export class Slices {
  #bytes = 0
  #items = 0

  /** Counts a piece of work; true when the others are due: then `await yieldNow()`. */
  spent(bytes: number): boolean {
    this.#bytes += bytes
    if (this.#bytes < SLICE_BYTES && ++this.#items < SLICE_ITEMS) return false
    this.#bytes = this.#items = 0
    return true
  }
}
