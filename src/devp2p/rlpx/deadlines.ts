/**
 * Deadlines that cost nothing per frame: activity is noted, and a timer that runs out looks at the note and is set again.
 * @module
 */
import type { Clock, Timer } from '../../base/clock.ts'

/** Whom both deadlines belong to: an object instead of a closure each, because every connection has them. */
export interface DeadlineOwner {
  /** How many bytes have left in all, or undefined when none are waiting to. */
  bytesLeft(): number | undefined
  readExpired(): void
  writeExpired(): void
}

/** Time between two frames of the remote. Stands still while we are the side that does not read. */
export class ReadDeadline {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #owner: DeadlineOwner
  #since: number
  #pausedAt: number | undefined
  #timer: Timer | undefined

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
    this.#since = clock.now()
    this.#arm(timeout)
  }

  /** A frame was read to its end. */
  touch(): void {
    this.#since = this.#clock.now()
  }

  pause(): void {
    this.#pausedAt ??= this.#clock.now()
  }

  resume(): void {
    if (this.#pausedAt === undefined) return
    const now = this.#clock.now()
    this.#since += now - Math.max(this.#pausedAt, this.#since)
    this.#pausedAt = undefined
    if (!this.#timer) this.#arm(this.#since + this.#timeout - now)
  }

  cancel(): void {
    this.#timer?.cancel()
  }

  #arm(delay: number): void {
    this.#timer = this.#clock.setTimer(delay, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    if (this.#pausedAt !== undefined) return
    const left = this.#since + this.#timeout - this.#clock.now()
    if (left > 0) this.#arm(left)
    else this.#owner.readExpired()
  }
}

/** How often in a timeout the progress of writing is looked at. */
const LOOKS = 4

/** Time in which something that was written has to leave. Runs only while something waits to leave. */
export class WriteDeadline {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #owner: DeadlineOwner
  #mark = 0
  #since = 0
  #timer: Timer | undefined

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
  }

  /** Call after a write. */
  watch(): void {
    if (this.#timer) return
    const left = this.#owner.bytesLeft()
    if (left === undefined) return
    this.#mark = left
    this.#since = this.#clock.now()
    this.#arm()
  }

  cancel(): void {
    this.#timer?.cancel()
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#timeout / LOOKS, () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    const left = this.#owner.bytesLeft()
    if (left === undefined) return
    const now = this.#clock.now()
    if (left > this.#mark) {
      this.#mark = left
      this.#since = now
    } else if (now - this.#since >= this.#timeout) return this.#owner.writeExpired()
    this.#arm()
  }
}
