/**
 * What a port owes: calls that are not answered yet, and answers that nobody has read.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock, Timer } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import { WRITE_TIMEOUT } from './session.ts'

/** Calls of one port that are being answered at a time, those that are answered in the tick they came in left out. */
const MAX_CALLS = 4_096
/** Bytes of answers that wait to be read. */
const MAX_UNREAD_BYTES = 256 * 1024 * 1024
/** Shorter ones fit into the buffers of the system. */
const MIN_WATCHED_BYTES = 64 * 1024

export class HttpBacklog {
  readonly #clock: Clock
  readonly #log: Logger
  #calls = 0
  #unreadBytes = 0

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  get tooManyCalls(): boolean {
    return this.#calls >= MAX_CALLS
  }

  /** Counts a call until it is settled. */
  count(call: Promise<unknown>): void {
    this.#calls++
    const done = (): void => {
      this.#calls--
    }
    call.then(done, done)
  }

  /** Whether an answer of so many bytes has room. */
  hasRoom(bytes: number): boolean {
    return bytes < MIN_WATCHED_BYTES || this.#unreadBytes + bytes <= MAX_UNREAD_BYTES
  }

  /** Counts an answer until it has left. Who takes nothing of it for {@link WRITE_TIMEOUT} is disconnected. */
  watch(bytes: number, response: ServerResponse, { socket }: IncomingMessage): void {
    if (bytes < MIN_WATCHED_BYTES || response.writableFinished || response.destroyed) return
    this.#unreadBytes += bytes
    let timer: Timer | undefined
    const look = (before: number): void => {
      timer = this.#clock.setTimer(WRITE_TIMEOUT, () => {
        const waiting = socket.writableLength
        if (waiting !== before) return look(waiting)
        this.#log.warn('closing a connection that does not read', { transport: 'http', waiting })
        socket.destroy()
      })
    }
    look(socket.writableLength)
    response.once('close', () => {
      this.#unreadBytes -= bytes
      timer?.cancel()
    })
  }
}
