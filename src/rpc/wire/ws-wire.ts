import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Clock, systemClock } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { queuedBytes } from './node-internals.ts'
import { parseJson } from './parse-json.ts'
import type { Wire, WireSink } from './wire.ts'

/** How often a ping is sent, and how long a pong may take, in milliseconds; go-ethereum's `wsPingInterval`, `wsPongTimeout`. */
export const PING_INTERVAL = 30_000

/** Unsent bytes at which pings are not answered any more: who does not read needs no pong. */
const MAX_PONG_BACKLOG = 64 * 1024

export interface WsWireOptions {
  /** @default systemClock */
  readonly clock?: Clock
  /** In one message, as in `parseJson`. @default no limit */
  readonly maxValues?: number
}

/** One message is one text frame of a WebSocket. */
export class WsWire implements Wire {
  readonly #ws: WebSocket
  readonly #socket: Duplex
  readonly #clock: Clock
  #corked = false
  readonly #maxValues: number | undefined
  #closed = false

  /** `socket` is what `ws` runs on. */
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
      if (reason.length > 0) failure ??= new Error(`closed with ${code}: ${reason}`)
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

  /** A connection whose other end has silently gone would otherwise be held for ever. */
  #keepAlive(fail: (error: unknown) => void): void {
    let answered = true
    this.#ws.on('pong', () => {
      answered = true
    })
    const tick = (): void => {
      if (this.#closed) return
      if (!answered && !this.#ws.isPaused) {
        fail(new TimeoutError('WebSocket ping', PING_INTERVAL))
        return this.#ws.terminate()
      }
      answered = false
      if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping()
      this.#clock.setTimer(PING_INTERVAL, tick)
    }
    this.#clock.setTimer(PING_INTERVAL, tick)
  }
}
