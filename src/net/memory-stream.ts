/**
 * One end of a connection inside this process.
 * @module
 */
import type { Clock, Timer } from '../base/clock.ts'
import { brokenConnection } from './failures.ts'
import { type ByteStream, CLOSE_TIMEOUT, type Endpoint, STREAM_HIGH_WATER_BYTES, type StreamSink } from './network.ts'

/** Services of a memory network that its streams use. */
export interface Wires {
  readonly clock: Clock
  /** Calls `callback` after `delay` ms; with 0, as soon as the running code is done. Never inside the call. */
  later(delay: number, callback: () => void): void
  latency(from: Endpoint, to: Endpoint): number
  /** @returns true if bytes get from one to the other now. */
  connected(from: Endpoint, to: Endpoint): boolean
  forget(stream: MemoryStream): void
}

/** Bytes in flight, or the end of the stream. */
interface Parcel {
  readonly at: number
  readonly bytes: Uint8Array | undefined
}

export class MemoryStream implements ByteStream {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly #wires: Wires
  #peer: MemoryStream = this
  #sink: StreamSink | undefined
  /** Bytes that the peer wrote and this end has not delivered. BOUNDED: by a peer that heeds the result of `write`. */
  #inbox: Parcel[] = []
  #inboxBytes = 0
  #lastArrival = 0
  #scheduled = false
  #paused = false
  #owesDrain = false
  /** Set once nothing is written or delivered any more. */
  #over = false
  /** Set once nothing moves any more; `end` has been, or will be, delivered. */
  #closed = false
  /** Set once {@link #sink} has been told of the end. */
  #ended = false
  #error: unknown
  #closing: Promise<void> | undefined
  #resolveClosing: (() => void) | undefined
  #closeTimer: Timer | undefined

  static pair(wires: Wires, a: Endpoint, b: Endpoint): [MemoryStream, MemoryStream] {
    const left = new MemoryStream(wires, a, b)
    const right = new MemoryStream(wires, b, a)
    left.#peer = right
    right.#peer = left
    return [left, right]
  }

  private constructor(wires: Wires, local: Endpoint, remote: Endpoint) {
    this.#wires = wires
    this.local = local
    this.remote = remote
  }

  get bufferedBytes(): number {
    return this.#over ? 0 : this.#peer.#inboxBytes
  }

  open(sink: StreamSink): void {
    this.#sink = sink
    this.#ended = false
    if (this.#closed) this.#wires.later(0, () => this.#deliverEnd())
    else this.#schedule()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#over) return true
    if (bytes.length > 0) this.#peer.#receive(bytes)
    if (this.#peer.#inboxBytes < STREAM_HIGH_WATER_BYTES) return true
    this.#owesDrain = true
    return false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  end(): Promise<void> {
    this.#closing ??= this.#closed ? Promise.resolve() : new Promise((resolve) => (this.#resolveClosing = resolve))
    if (this.#over) return this.#closing
    this.#over = true
    this.#peer.#receive(undefined)
    this.#schedule()
    this.#closeTimer = this.#wires.clock.setTimer(CLOSE_TIMEOUT, () => this.#close(), { ref: true })
    return this.#closing
  }

  destroy(error?: unknown): void {
    if (this.#closed) return
    if (!this.#over) this.#error = error
    this.#peer.#clear()
    this.#peer.#receive(undefined)
    this.#breakOff()
  }

  /** Breaks the connection at both ends; bytes in flight are lost. */
  cut(): void {
    for (const end of [this, this.#peer]) {
      if (end.#closed) continue
      if (!end.#over) end.#error = brokenConnection(end.remote)
      end.#breakOff()
    }
  }

  /** Delivers what waits. Called by the network when a path that was closed has opened again. */
  wake(): void {
    this.#schedule()
  }

  #receive(bytes: Uint8Array | undefined): void {
    if (this.#closed) return
    const { clock } = this.#wires
    this.#lastArrival = Math.max(this.#lastArrival, clock.now() + this.#wires.latency(this.remote, this.local))
    this.#inbox.push({ at: this.#lastArrival, bytes })
    this.#inboxBytes += bytes?.length ?? 0
    this.#schedule()
  }

  #takes(): boolean {
    if (this.#closed || !this.#wires.connected(this.remote, this.local)) return false
    return this.#over || (this.#sink !== undefined && !this.#paused)
  }

  #schedule(): void {
    const first = this.#inbox[0]
    if (this.#scheduled || !first || !this.#takes()) return
    this.#scheduled = true
    this.#wires.later(Math.max(0, first.at - this.#wires.clock.now()), () => {
      this.#scheduled = false
      this.#pump()
    })
  }

  /**
   * Delivers what has arrived by now. Bytes that handlers send meanwhile wait for the next round: no stream starves.
   */
  #pump(): void {
    const now = this.#wires.clock.now()
    for (let left = this.#inbox.length; left > 0 && this.#takes(); left--) {
      const first = this.#inbox[0]
      if (!first || first.at > now) break
      this.#inbox.shift()
      if (first.bytes) this.#take(first.bytes)
      else this.#takeEnd()
    }
    this.#schedule()
  }

  #take(bytes: Uint8Array): void {
    this.#inboxBytes -= bytes.length
    if (!this.#over) this.#guard((sink) => sink.data(bytes))
    this.#peer.#drained()
  }

  /** Ends this end because the peer has ended, and lets the peer close. */
  #takeEnd(): void {
    this.#over = true
    this.#close()
    this.#peer.#close()
  }

  #drained(): void {
    if (!this.#owesDrain || this.#over || this.#peer.#inboxBytes > 0) return
    this.#owesDrain = false
    this.#guard((sink) => sink.drain())
  }

  #guard(call: (sink: StreamSink) => void): void {
    try {
      if (this.#sink) call(this.#sink)
    } catch (error) {
      this.destroy(error)
    }
  }

  #breakOff(): void {
    this.#over = true
    this.#clear()
    this.#closed = true
    this.#wires.later(0, () => this.#finish())
  }

  #clear(): void {
    this.#inbox = []
    this.#inboxBytes = 0
  }

  #close(): void {
    if (this.#closed || !this.#over) return
    this.#closed = true
    this.#clear()
    this.#finish()
  }

  #finish(): void {
    this.#closeTimer?.cancel()
    this.#wires.forget(this)
    this.#deliverEnd()
    this.#resolveClosing?.()
  }

  #deliverEnd(): void {
    if (this.#ended || !this.#sink) return
    this.#ended = true
    this.#guard((sink) => sink.end(this.#error))
  }
}
