/** Limits how many calls work at a time. The others wait in a bounded queue, in the order in which they came. */
export class Semaphore {
  #free: number
  readonly #maxWaiting: number
  /** BOUNDED: by #maxWaiting. */
  readonly #waiting = new Set<() => void>()

  constructor(permits: number, maxWaiting: number) {
    this.#free = permits
    this.#maxWaiting = maxWaiting
  }

  /** True when the wait queue is full. */
  get full(): boolean {
    return this.#free === 0 && this.#waiting.size >= this.#maxWaiting
  }

  /** Runs `work` when a permit is free. Rejects with the signal's reason when that aborts before. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#acquire(signal)
    try {
      return await work()
    } finally {
      const [next] = this.#waiting
      if (next) next()
      else this.#free++
    }
  }

  /** Resolves when a call that has ended passes its permit on. */
  #acquire(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const leave = (): void => {
        this.#waiting.delete(go)
        signal?.removeEventListener('abort', onAbort)
      }
      const go = (): void => {
        leave()
        resolve()
      }
      const onAbort = (): void => {
        leave()
        reject(signal?.reason)
      }
      this.#waiting.add(go)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }
}
