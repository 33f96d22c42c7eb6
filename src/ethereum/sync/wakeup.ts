/**
 * What loops on one thread wait for each other with.
 * @module
 */

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
