/**
 * Set of keys that expire: recent dials, recent inbound addresses.
 * @module
 */
import type { Clock } from '../base/clock.ts'

export interface ExpiringSetOptions {
  readonly clock: Clock
  /** Milliseconds until a key expires. */
  readonly lifetime: number
  /** Most keys held; beyond it the oldest are dropped. @default 10000 */
  readonly maxEntries?: number
}

const MAX_ENTRIES = 10_000

export class ExpiringSet {
  readonly #clock: Clock
  readonly #lifetime: number
  readonly #maxEntries: number
  /** Expiry by key, in order of expiry, since all lifetimes are equal. BOUNDED: by `maxEntries`. */
  readonly #expiries = new Map<string, number>()

  constructor(options: ExpiringSetOptions) {
    this.#clock = options.clock
    this.#lifetime = options.lifetime
    this.#maxEntries = options.maxEntries ?? MAX_ENTRIES
  }

  /** Adds a key, or renews it. */
  add(key: string): void {
    this.#expire()
    this.#expiries.delete(key)
    this.#expiries.set(key, this.#clock.now() + this.#lifetime)
    if (this.#expiries.size > this.#maxEntries) this.#expiries.delete(this.#expiries.keys().next().value as string)
  }

  delete(key: string): void {
    this.#expiries.delete(key)
  }

  has(key: string): boolean {
    this.#expire()
    return this.#expiries.has(key)
  }

  get size(): number {
    this.#expire()
    return this.#expiries.size
  }

  #expire(): void {
    const now = this.#clock.now()
    for (const [key, expiry] of this.#expiries) {
      if (expiry > now) return
      this.#expiries.delete(key)
    }
  }
}
