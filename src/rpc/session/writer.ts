/**
 * The outgoing side of a connection: sends texts, reports when the wire is full, and ends a connection that takes nothing.
 * @module
 */
import type { Clock, Timer } from '../../base/clock.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import type { Wire } from '../wire/wire.ts'
import { MIN_WATCHED_BYTES, type ServerLimits } from './server-limits.ts'

/** Unsent bytes at which the wire counts as full. Reading stops then: a remote that takes no answers asks nothing more. */
export const MAX_BUFFERED_BYTES = 1024 * 1024
/**
 * Time in which a wire with {@link MIN_WATCHED_BYTES} unsent must send something, in milliseconds; go-ethereum's
 * `defaultWriteTimeout`.
 */
export const WRITE_TIMEOUT = 10_000

export interface SessionWriterOptions {
  readonly wire: Wire
  readonly clock: Clock
  readonly limits: ServerLimits
  /** Called each time the wire becomes full. */
  readonly onFull: () => void
  /** Called when the connection has to be cut, with the reason. The owner calls {@link SessionWriter.close}. */
  readonly onFailure: (reason: string) => void
}

export class SessionWriter {
  readonly #options: SessionWriterOptions
  readonly #wire: Wire
  readonly #limits: ServerLimits
  /** Bytes that #limits counts for this connection. */
  #unread = 0
  /** Characters of all texts sent. */
  #sentLength = 0
  /** Set while the wire is full; resolves when it has drained. */
  #full: Deferred<void> | undefined
  /** Runs while unsent bytes are watched. */
  #watchdog: Timer | undefined
  #closed = false

  constructor(options: SessionWriterOptions) {
    this.#options = options
    this.#wire = options.wire
    this.#limits = options.limits
  }

  get isFull(): boolean {
    return this.#full !== undefined
  }

  /** Resolves when the wire has drained, or the connection has ended; undefined while the wire is not full. */
  get drained(): Promise<void> | undefined {
    return this.#full?.promise
  }

  /** Sends a text. Does nothing after the end. */
  send(text: string): void {
    if (this.#closed) return
    if (!this.#limits.canBuffer(text.length)) return this.#options.onFailure('too many unread bytes on this server')
    this.#wire.send(text)
    this.#sentLength += text.length
    const waiting = this.#wire.bufferedBytes
    if (waiting >= MIN_WATCHED_BYTES) this.#hold(waiting)
  }

  /** Marks the wire as drained. */
  drain(): void {
    this.#countUnread(0)
    this.#watchdog?.cancel()
    this.#watchdog = undefined
    this.#full?.resolve()
    this.#full = undefined
  }

  close(): void {
    this.#closed = true
    this.#countUnread(0)
    this.#watchdog?.cancel()
    this.#full?.resolve()
  }

  /** Counts and watches unsent bytes until {@link drain}. */
  #hold(waiting: number): void {
    this.#countUnread(waiting)
    if (!this.#watchdog) this.#watch(this.#sentLength - waiting, this.#wire.queuedBytes)
    if (this.#full || waiting < MAX_BUFFERED_BYTES) return
    this.#full = deferred()
    this.#options.onFull()
  }

  /** Cuts a connection that has sent nothing for WRITE_TIMEOUT. Of one large message it may send a part. */
  #watch(sentBefore: number, queuedBefore: number): void {
    this.#watchdog = this.#options.clock.setTimer(WRITE_TIMEOUT, () => {
      const sent = this.#sentLength - this.#wire.bufferedBytes
      const queued = this.#wire.queuedBytes
      if (sent > sentBefore || queued !== queuedBefore) return this.#watch(sent, queued)
      this.#options.onFailure('the remote does not read')
    })
  }

  #countUnread(waiting: number): void {
    this.#limits.addUnread(waiting - this.#unread)
    this.#unread = waiting
  }
}
