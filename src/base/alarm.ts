/**
 * Timers for what every connection has: all alarms of a clock share one timer of it. A timer costs 0.3 KB for each that
 * is set, with its callback; an alarm a quarter of that, set or not.
 * @module
 */
import type { Clock, Timer } from './clock.ts'

/** What the queue sees of an alarm, and nobody else uses. */
interface Queued {
  /** {@link Clock.now} at which it rings. */
  at: number
  /** In the heap; -1 while it is not set. */
  place: number
  ring(): void
}

/** Rings for one owner, again and again if it is set again. `ring` is a plain function, so that all owners share it. */
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

  /** Whether it is set. */
  get pending(): boolean {
    return this.place >= 0
  }

  /** Rings once, `delay` milliseconds from now, and not when it was to ring before. */
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
  /** Each is no later than the two at twice its place. BOUNDED: by the alarms that connections have. */
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

  /** A timer that comes too early, because its alarm was cancelled, is cheaper than one that is set anew. */
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
