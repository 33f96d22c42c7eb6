/**
 * Last error of dialing, shown while a command waits for peers.
 * @module
 */
import { describeError } from '../../base/errors.ts'
import type { Server } from '../../devp2p/index.ts'
import { printable } from '../../node/index.ts'

/** Watches the server only while it has no peers: a watched server emits an event for every message. */
export class LastDialError implements Disposable {
  readonly #server: Server
  #watching: AbortController | undefined
  #reason: string | undefined

  constructor(server: Server) {
    this.#server = server
  }

  /** Error of the last attempt to dial; undefined while there are peers, and before the first attempt has failed. */
  reason(peers: number): string | undefined {
    if (peers > 0) this[Symbol.dispose]()
    else if (!this.#watching) {
      this.#watching = new AbortController()
      void this.#watch(this.#watching.signal)
    }
    return this.#reason
  }

  [Symbol.dispose](): void {
    this.#watching?.abort()
    this.#watching = undefined
    this.#reason = undefined
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const event of this.#server.events({ signal })) {
      if (signal.aborted) return
      if (event.type === 'dial' && event.error) this.#reason = printable(describeError(event.error))
      if (event.type === 'drop' && event.peer.static) this.#reason = printable(describeError(event.reason))
    }
  }
}
