/**
 * Timers for deadlines that every connection has: all alarms of a clock share one timer of it. A timer that is set
 * costs 0.3 KB with its callback; an alarm a quarter of that, set or not.
 * @module
 */
import type { Clock, Timer } from './clock.ts'

/** An alarm as its queue sees it. */
interface Queued {
  /** Time of {@link Clock.now} at which it rings. */
  at: number
  /** Index in the heap; -1 while it is not set. */
  place: number
  ring(): void
}

/** Calls `ring` for one owner each time it was set. `ring` is a plain function, so that all owners share it. */
export class Alarm<T> implements Queued {
  readonly #queue: AlarmQueue
  readonly #owner: T
  readonly #ring: (owner: T) => void
  at = 0
  place = -1

  constructor(clock: Clock, owner: T, ring: (owner: T) => void) {
    this.#queue = queueOf(clock)
    this.#owner = owner
    this.#ring = ring
  }

  /** True while it is set. */
  get pending(): boolean {
    return this.place >= 0
  }

  /** Sets the alarm to ring once, `delay` milliseconds from now; replaces a time set before. */
  set(delay: number): void {
    this.#queue.remove(this)
    this.#queue.add(this, delay)
  }

  cancel(): void {
    this.#queue.remove(this)
  }

  ring(): void {
    this.#ring(this.#owner)
  }
}

/** A binary heap by the time of ringing, on one timer of the clock. */
class AlarmQueue {
  readonly #clock: Clock
  /** Binary heap: an entry is no later than the two at twice its place. BOUNDED: by the alarms of connections. */
  readonly #heap: Queued[] = []
  #timer: Timer | undefined
  #timerAt = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(alarm: Queued, delay: number): void {
    alarm.at = this.#clock.now() + delay
    this.#rise(alarm, this.#heap.length)
    this.#arm()
  }

  remove(alarm: Queued): void {
    const { place } = alarm
    if (place < 0) return
    alarm.place = -1
    const last = this.#heap.pop() as Queued
    if (last !== alarm) this.#settle(last, place)
    if (this.#heap.length === 0) this.#disarm()
  }

  #settle(alarm: Queued, place: number): void {
    const above = this.#heap[(place - 1) >> 1]
    if (place > 0 && above && above.at > alarm.at) this.#rise(alarm, place)
    else this.#sink(alarm, place)
  }

  #rise(alarm: Queued, place: number): void {
    while (place > 0) {
      const above = this.#heap[(place - 1) >> 1] as Queued
      if (above.at <= alarm.at) break
      this.#put(above, place)
      place = (place - 1) >> 1
    }
    this.#put(alarm, place)
  }

  #sink(alarm: Queued, place: number): void {
    const heap = this.#heap
    for (;;) {
      let below = place * 2 + 1
      const [left, right] = [heap[below], heap[below + 1]]
      if (left && right && right.at < left.at) below++
      const next = heap[below]
      if (!next || next.at >= alarm.at) break
      this.#put(next, place)
      place = below
    }
    this.#put(alarm, place)
  }

  #put(alarm: Queued, place: number): void {
    this.#heap[place] = alarm
    alarm.place = place
  }

  /** Sets the timer for the first alarm. One that is too early, its alarm cancelled, is cheaper than a new one. */
  #arm(): void {
    const first = this.#heap[0]
    if (!first || first.at >= this.#timerAt) return
    this.#timer?.cancel()
    this.#timerAt = first.at
    this.#timer = this.#clock.setTimer(first.at - this.#clock.now(), () => this.#ring())
  }

  #disarm(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#timerAt = Number.POSITIVE_INFINITY
  }

  #ring(): void {
    this.#disarm()
    try {
      for (let first = this.#heap[0]; first && first.at <= this.#clock.now(); first = this.#heap[0]) {
        this.remove(first)
        first.ring()
      }
    } finally {
      this.#arm() // also when one of them threw
    }
  }
}

const queues = new WeakMap<Clock, AlarmQueue>()

function queueOf(clock: Clock): AlarmQueue {
  const known = queues.get(clock)
  if (known) return known
  const queue = new AlarmQueue(clock)
  queues.set(clock, queue)
  return queue
}
