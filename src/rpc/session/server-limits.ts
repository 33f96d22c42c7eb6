/** Subscriptions: some 5 kB each. */
const MAX_SUBSCRIPTIONS = 10_000
/** HTTP calls that are being answered at a time, those that are answered in the tick they came in left out. */
const MAX_CALLS = 4_096
/** Bytes of answers that wait to be read. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024
/** Shorter answers fit into the buffers of the system. */
export const MIN_WATCHED_BYTES = 64 * 1024

export interface ServerLimitsOptions {
  /** Subscriptions of all connections. @default 10000 */
  readonly maxSubscriptions?: number
  /** Bytes of answers that all connections together have not read. @default 268435456 */
  readonly maxUnreadBytes?: number
}

/** What all connections of a server have together: each alone may have little, and there may be thousands. */
export class ServerLimits {
  readonly #maxSubscriptions: number
  readonly #maxUnreadBytes: number
  #subscriptions = 0
  #calls = 0
  #unreadBytes = 0

  constructor({ maxSubscriptions, maxUnreadBytes }: ServerLimitsOptions = {}) {
    this.#maxSubscriptions = maxSubscriptions ?? MAX_SUBSCRIPTIONS
    this.#maxUnreadBytes = maxUnreadBytes ?? MAX_UNREAD_BYTES
  }

  /** False when there are as many as may be. */
  acquireSubscription(): boolean {
    if (this.#subscriptions >= this.#maxSubscriptions) return false
    this.#subscriptions++
    return true
  }

  releaseSubscription(): void {
    this.#subscriptions--
  }

  get callsExhausted(): boolean {
    return this.#calls >= MAX_CALLS
  }

  /** Counts a call until it is settled. */
  countCall(call: Promise<unknown>): void {
    this.#calls++
    const done = (): void => {
      this.#calls--
    }
    call.then(done, done)
  }

  /** Whether an answer of so many bytes may wait to be read. */
  canBuffer(bytes: number): boolean {
    return bytes < MIN_WATCHED_BYTES || this.#unreadBytes + bytes <= this.#maxUnreadBytes
  }

  /** So many more bytes wait to be read, or fewer. */
  addUnread(bytes: number): void {
    this.#unreadBytes += bytes
  }
}
