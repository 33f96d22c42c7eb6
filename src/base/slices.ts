/**
 * Long work on one thread, in pieces between which others have their turn.
 * @module
 */
import { setImmediate } from 'node:timers/promises'

/** Lets sockets and timers have their turn. */
export function yieldNow(): Promise<void> {
  return setImmediate()
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
