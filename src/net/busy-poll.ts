/**
 * Looks at the sockets again for a moment before the event loop falls asleep: to wake it costs some 30 µs, which is more
 * than a small message and its answer take otherwise.
 *
 * Where answers do come within that moment, each next one is waited for in the same way; where they do not, the loop soon
 * sleeps as it would without this. A loop that has other work never gets here.
 * @module
 */

/** Turns of an idle loop: about 150 µs, in which a remote that had to be woken has answered, too. */
const TURNS = 100
/** Moments that may be in vain before the loop sleeps at once. */
const MAX_CREDIT = 8
/** While it sleeps at once, every so many chunks it tries again. */
const PROBE_INTERVAL = 256

export class BusyPoll {
  #credit = MAX_CREDIT
  #unpolled = 0
  #polling = false
  #turnsLeft = 0

  /** Whether the loop is kept from sleeping now. */
  get polling(): boolean {
    return this.#polling
  }

  /** A socket has brought something: what follows may be near. */
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

  /** @internal for {@link turn} */
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
