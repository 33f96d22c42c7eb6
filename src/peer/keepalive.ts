/**
 * Asks a quiet remote whether it is still there, and how far away it is.
 * @module
 */

import type { Timer } from '../base/clock.ts'
import { TimeoutError } from '../base/errors.ts'
import type { Peer } from './peer.ts'

export interface KeepaliveOptions {
  /** Milliseconds between two pings. */
  readonly interval: number
  /** Milliseconds a pong may take; undefined leaves that to the transport's read deadline, as go-ethereum does. */
  readonly timeout?: number
  /** Sends a ping. */
  readonly ping: () => void
}

/** Runs as long as its peer. */
export class Keepalive {
  readonly #peer: Peer
  readonly #options: KeepaliveOptions
  #timer: Timer
  #sentAt: number | undefined
  #roundTrip: number | undefined

  constructor(peer: Peer, options: KeepaliveOptions) {
    this.#peer = peer
    this.#options = options
    this.#timer = peer.clock.setTimer(options.interval, () => this.#ping())
    peer.signal.addEventListener('abort', () => this.#timer.cancel(), { once: true })
  }

  /** Milliseconds the last pong took; undefined before the first one. */
  get roundTrip(): number | undefined {
    return this.#roundTrip
  }

  /** To be called when a pong came. One that nobody asked for is ignored. */
  pong(): void {
    if (this.#sentAt === undefined) return
    this.#roundTrip = this.#peer.clock.now() - this.#sentAt
    this.#sentAt = undefined
    if (this.#options.timeout !== undefined) this.#arm()
  }

  #ping(): void {
    const { timeout, ping } = this.#options
    this.#sentAt ??= this.#peer.clock.now()
    ping()
    if (timeout === undefined) return this.#arm()
    this.#timer = this.#peer.clock.setTimer(timeout, () => this.#peer.close(new TimeoutError('pong', timeout)))
  }

  #arm(): void {
    this.#timer.cancel()
    this.#timer = this.#peer.clock.setTimer(this.#options.interval, () => this.#ping())
  }
}
