/**
 * Deadlines that cost nothing per frame: activity is noted, and an alarm that rings looks at the note and is set again.
 * @module
 */
import { Alarm } from '../../base/alarm.ts'
import type { Clock } from '../../base/clock.ts'

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
  readonly #alarm: Alarm<ReadDeadline>

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
    this.#since = clock.now()
    this.#alarm = new Alarm<ReadDeadline>(clock, this, ReadDeadline.#look)
    this.#alarm.set(timeout)
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
    if (!this.#alarm.pending) this.#alarm.set(this.#since + this.#timeout - now)
  }

  cancel(): void {
    this.#alarm.cancel()
  }

  static #look(deadline: ReadDeadline): void {
    if (deadline.#pausedAt !== undefined) return
    const left = deadline.#since + deadline.#timeout - deadline.#clock.now()
    if (left > 0) deadline.#alarm.set(left)
    else deadline.#owner.readExpired()
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
  readonly #alarm: Alarm<WriteDeadline>

  constructor(clock: Clock, timeout: number, owner: DeadlineOwner) {
    this.#clock = clock
    this.#timeout = timeout
    this.#owner = owner
    this.#alarm = new Alarm<WriteDeadline>(clock, this, WriteDeadline.#look)
  }

  /** Call after a write. */
  watch(): void {
    if (this.#alarm.pending) return
    const left = this.#owner.bytesLeft()
    if (left === undefined) return
    this.#mark = left
    this.#since = this.#clock.now()
    this.#alarm.set(this.#timeout / LOOKS)
  }

  cancel(): void {
    this.#alarm.cancel()
  }

  static #look(deadline: WriteDeadline): void {
    const left = deadline.#owner.bytesLeft()
    if (left === undefined) return
    const now = deadline.#clock.now()
    if (left > deadline.#mark) {
      deadline.#mark = left
      deadline.#since = now
    } else if (now - deadline.#since >= deadline.#timeout) return deadline.#owner.writeExpired()
    deadline.#alarm.set(deadline.#timeout / LOOKS)
  }
}
