/**
 * What loops on one thread wait for each other with.
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

/** A condition variable: look whether there is something to do; if not, wait, and look again. */
export class Wakeup {
  /** BOUNDED: by the loops of one sync. */
  #waiting: (() => void)[] = []

  wake(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves at the next `wake`; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(() => {
        signal.removeEventListener('abort', onAbort)
        resolve()
      })
    })
  }
}
