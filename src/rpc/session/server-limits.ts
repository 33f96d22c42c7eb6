/** Number of subscriptions; each takes some 5 kB. */
const MAX_SUBSCRIPTIONS = 10_000
/** Number of HTTP calls in flight, without those that finish in the tick they began in. */
const MAX_CALLS = 4_096
/** Bytes of responses that have not been read. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024
/** Size from which a response is counted: shorter ones fit into the socket buffers of the system. */
export const MIN_WATCHED_BYTES = 64 * 1024

export interface ServerLimitsOptions {
  /** Number of subscriptions. @default 10000 */
  readonly maxSubscriptions?: number
  /** Bytes of responses that have not been read. @default 268435456 */
  readonly maxUnreadBytes?: number
}

/** Limits over all connections of a server: each alone may use little, but there may be thousands. */
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

  /** @returns false when the limit is reached */
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

  /** Counts a call until its promise settles. */
  countCall(call: Promise<unknown>): void {
    this.#calls++
    const done = (): void => {
      this.#calls--
    }
    call.then(done, done)
  }

  /** @returns true when a response of this size may be buffered until it is read */
  canBuffer(bytes: number): boolean {
    return bytes < MIN_WATCHED_BYTES || this.#unreadBytes + bytes <= this.#maxUnreadBytes
  }

  /** Adds to the number of unread bytes; a negative number subtracts. */
  addUnread(bytes: number): void {
    this.#unreadBytes += bytes
  }
}
