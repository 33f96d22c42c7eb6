/**
 * Polls the sockets for a moment before the event loop goes to sleep: waking it costs some 30 µs, which is more than a
 * small message and its answer take otherwise.
 *
 * Polling goes on as long as chunks arrive within that moment; where they do not, the loop soon sleeps at once, as it
 * would without this. A loop that has other work never polls.
 * @module
 */

/** Turns of an idle loop: about 150 µs, in which a remote that had to be woken has answered, too. */
const TURNS = 100
/** Polls without a chunk after which the loop sleeps at once. */
const MAX_CREDIT = 8
/** Chunks between two trials while the loop sleeps at once. */
const PROBE_INTERVAL = 256

export class BusyPoll {
  #credit = MAX_CREDIT
  #unpolled = 0
  #polling = false
  #turnsLeft = 0

  /** True while the loop is kept from sleeping. */
  get polling(): boolean {
    return this.#polling
  }

  /** Starts or extends polling: a socket has delivered a chunk, and the next may follow soon. */
  arrived(): void {
    if (this.#polling) {
      this.#turnsLeft = TURNS
      this.#credit = MAX_CREDIT
      return
    }
    if (this.#credit === 0 && ++this.#unpolled < PROBE_INTERVAL) return
    this.#unpolled = 0
    this.#polling = true
    this.#turnsLeft = TURNS
    setImmediate(turn, this)
  }

  /** Counts a turn of the event loop. @internal */
  turn(): void {
    if (--this.#turnsLeft > 0) {
      setImmediate(turn, this)
      return
    }
    this.#polling = false
    if (this.#credit > 0) this.#credit--
  }
}

function turn(poll: BusyPoll): void {
  poll.turn()
}
