/**
 * Pings the remote, to measure the round trip and to notice when it is gone.
 * @module
 */
import { Alarm } from '../base/alarm.ts'
import type { Timer } from '../base/clock.ts'
import { TimeoutError } from '../base/errors.ts'
import { deadline } from './deadline.ts'
import type { Peer } from './protocol.ts'

export interface KeepaliveOptions {
  /** Milliseconds between two pings. */
  readonly interval: number
  /**
   * Milliseconds for a pong, not counting those in which this side had paused the socket; undefined leaves the limit to
   * the transport's read deadline, as go-ethereum does.
   */
  readonly timeout?: number
  /** Sends a ping. */
  readonly ping: (peer: Peer) => void
}

/** Runs as long as its peer. */
export class Keepalive {
  readonly #peer: Peer
  readonly #options: KeepaliveOptions
  /** Time of the next ping. */
  readonly #alarm: Alarm<Keepalive>
  /** Deadline of the outstanding pong. */
  #deadline: Timer | undefined
  #sentAt: number | undefined
  #roundTrip: number | undefined

  constructor(peer: Peer, options: KeepaliveOptions) {
    this.#peer = peer
    this.#options = options
    this.#alarm = new Alarm<Keepalive>(peer.clock, this, Keepalive.#ring)
    this.#arm()
    peer.onClose(() => this.#cancel())
  }

  /** Milliseconds that the last pong took; undefined before the first one. */
  get roundTrip(): number | undefined {
    return this.#roundTrip
  }

  /** Reports a pong. One without a ping is ignored. */
  pong(): void {
    if (this.#sentAt === undefined) return
    this.#roundTrip = this.#peer.clock.now() - this.#sentAt
    this.#sentAt = undefined
    if (this.#options.timeout !== undefined) this.#arm()
  }

  static #ring(keepalive: Keepalive): void {
    keepalive.#ping()
  }

  #ping(): void {
    const { timeout, ping } = this.#options
    this.#sentAt ??= this.#peer.clock.now()
    ping(this.#peer)
    if (this.#peer.closing) return
    if (timeout === undefined) return this.#arm()
    this.#deadline = deadline(this.#peer, timeout, () => this.#peer.close(new TimeoutError('pong', timeout)))
  }

  #arm(): void {
    this.#cancel()
    if (!this.#peer.closing) this.#alarm.set(this.#options.interval)
  }

  #cancel(): void {
    this.#alarm.cancel()
    this.#deadline?.cancel()
  }
}
