import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Clock, systemClock, type Timer } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { queuedBytes } from './node-internals.ts'
import { parseJson } from './parse-json.ts'
import type { Wire, WireSink } from './wire.ts'

/** Time between pings, and deadline of a pong, in milliseconds; go-ethereum's `wsPingInterval`, `wsPongTimeout`. */
export const PING_INTERVAL = 30_000

/** Unsent bytes at which pings are ignored: a remote that does not read gets no pong. */
const MAX_PONG_BACKLOG = 64 * 1024

export interface WsWireOptions {
  /** @default systemClock */
  readonly clock?: Clock
  /** Number of values in one message, as in {@link parseJson}. @default no limit */
  readonly maxValues?: number
}

/** A WebSocket; each message is one text frame. */
export class WsWire implements Wire {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #clock: Clock
  #corked = false
  readonly #maxValues: number | undefined
  #closed = false
  /** Runs until the end. */
  #keepalive: Timer | undefined

  /** `socket` is the one that `ws` uses. */
  constructor(ws: WebSocket, socket: Duplex, { clock = systemClock, maxValues }: WsWireOptions = {}) {
    this.#ws = ws
    this.#socket = socket
    this.#clock = clock
    this.#maxValues = maxValues
  }

  open(sink: WireSink): void {
    const ws = this.#ws
    let failure: unknown
    ws.on('message', (data: Buffer) => {
      let value: unknown
      try {
        value = parseJson(data.toString(), this.#maxValues)
      } catch {
        return sink.parseError()
      }
      sink.message(value, data.length)
    })
    this.#socket.on('drain', () => sink.drain())
    ws.on('ping', (data: Buffer) => {
      if (ws.bufferedAmount < MAX_PONG_BACKLOG && ws.readyState === ws.OPEN) ws.pong(data)
    })
    ws.on('error', (error) => {
      failure ??= error
    })
    ws.on('close', (code, reason) => {
      this.#closed = true
      this.#keepalive?.cancel() // it would hold the connection until its next turn
      if (reason.length > 0) failure ??= new Error(`closed with code ${code}: ${reason}`)
      sink.end(failure)
    })
    ws.resume()
    this.#keepAlive((error) => {
      failure ??= error
    })
  }

  get queuedBytes(): number {
    return queuedBytes(this.#socket)
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  send(text: string): void {
    if (this.#closed || this.#ws.readyState !== this.#ws.OPEN) return
    if (!this.#corked) {
      this.#corked = true
      this.#socket.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#socket.uncork()
      })
    }
    this.#ws.send(text)
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  close(reason = ''): void {
    this.#ws.close(1000, reason)
  }

  destroy(): void {
    this.#ws.terminate()
  }

  /** Ends a connection whose remote has vanished without closing it. */
  #keepAlive(fail: (error: unknown) => void): void {
    let answered = true
    this.#ws.on('pong', () => {
      answered = true
    })
    const tick = (): void => {
      if (!answered && !this.#ws.isPaused) {
        fail(new TimeoutError('WebSocket ping', PING_INTERVAL))
        return this.#ws.terminate()
      }
      answered = false
      if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
      this.#keepalive = this.#clock.setTimer(PING_INTERVAL, tick)
    }
    this.#keepalive = this.#clock.setTimer(PING_INTERVAL, tick)
  }
}
