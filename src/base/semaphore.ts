/** Lets so many at a time work; the others wait, in the order in which they came. */
export class Gate {
  #free: number
  readonly #maxWaiting: number
  /** BOUNDED: by #maxWaiting. */
  readonly #waiting = new Set<() => void>()

  constructor(atATime: number, maxWaiting: number) {
    this.#free = atATime
    this.#maxWaiting = maxWaiting
  }

  /** Whether nobody else may even wait. */
  get full(): boolean {
    return this.#free === 0 && this.#waiting.size >= this.#maxWaiting
  }

  /** Runs `work` when it is its turn. Rejects with the signal's reason when that aborts before. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--
    else await this.#turn(signal)
    try {
      return await work()
    } finally {
      const [next] = this.#waiting
      if (next) next()
      else this.#free++
    }
  }

  /** Resolves when somebody who is done hands over. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
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
