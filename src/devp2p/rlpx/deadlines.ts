/**
 * Deadlines without a timer per frame: activity only moves a timestamp, which the alarm checks before it is set again.
 * @module
 */
import { Alarm } from '../../base/alarm.ts'
import type { Clock } from '../../base/clock.ts'

/** Owner of both deadlines: an object instead of a closure each, because every connection has them. */
export interface DeadlineOwner {
  /** @returns the total of bytes that have left; undefined when none are buffered. */
  bytesLeft(): number | undefined
  readExpired(): void
  writeExpired(): void
}

/** Limits the time between two frames of the remote. Stands still while this side has paused reading. */
export class ReadDeadline {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #owner: DeadlineOwner
  #since: number
  #pausedAt: number | undefined
  readonly #alarm: Alarm<ReadDeadline>

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
    this.#since = clock.now()
    this.#alarm = new Alarm<ReadDeadline>(clock, this, ReadDeadline.#check)
    this.#alarm.set(timeout)
  }

  /** Starts the time anew: a frame has been read to its end. */
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
    if (!this.#alarm.pending) this.#alarm.set(this.#since + this.#timeout - now)
  }

  cancel(): void {
    this.#alarm.cancel()
  }

  static #check(deadline: ReadDeadline): void {
    if (deadline.#pausedAt !== undefined) return
    const left = deadline.#since + deadline.#timeout - deadline.#clock.now()
    if (left > 0) deadline.#alarm.set(left)
    else deadline.#owner.readExpired()
  }
}

/** Checks of the progress of writing per timeout. */
const CHECKS = 4

/** Limits the time without progress of what was written. Runs only while bytes are buffered. */
export class WriteDeadline {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #owner: DeadlineOwner
  #mark = 0
  #since = 0
  readonly #alarm: Alarm<WriteDeadline>

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
    this.#alarm = new Alarm<WriteDeadline>(clock, this, WriteDeadline.#check)
  }

  /** Starts the deadline after a write, unless it runs already. */
  watch(): void {
    if (this.#alarm.pending) return
    const left = this.#owner.bytesLeft()
    if (left === undefined) return
    this.#mark = left
    this.#since = this.#clock.now()
    this.#alarm.set(this.#timeout / CHECKS)
  }

  cancel(): void {
    this.#alarm.cancel()
  }

  static #check(deadline: WriteDeadline): void {
    const left = deadline.#owner.bytesLeft()
    if (left === undefined) return
    const now = deadline.#clock.now()
    if (left > deadline.#mark) {
      deadline.#mark = left
      deadline.#since = now
    } else if (now - deadline.#since >= deadline.#timeout) return deadline.#owner.writeExpired()
    deadline.#alarm.set(deadline.#timeout / CHECKS)
  }
}
