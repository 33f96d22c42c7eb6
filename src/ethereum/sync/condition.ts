/** A condition variable: a loop checks for work, waits when there is none, and checks again. */
export class Condition {
  /** BOUNDED: by the loops of one sync. */
  #waiting: (() => void)[] = []

  notifyAll(): void {
    const waiting = this.#waiting
    if (waiting.length === 0) return
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** Resolves at the next `notifyAll`; rejects with the signal's reason. */
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
