import type { Socket } from 'node:net'
import { JsonFramer, type JsonLimits } from './json-framer.ts'
import { queuedBytes } from './node-internals.ts'
import type { Wire, WireSink } from './wire.ts'

/** Newline-delimited JSON over a Unix domain socket or a named pipe. */
export class IpcWire implements Wire {
  readonly #socket: Socket
  /** Texts sent in this tick, which leave in one write. BOUNDED: by the tick. */
  #parts: string[] = []
  #partsLength = 0

  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** Starts delivery to the sink. */
  open(sink: WireSink, limits: JsonLimits): void {
    const socket = this.#socket
    const framer = new JsonFramer(limits, (value, length) => sink.message(value, length))
    let failure: unknown
    socket.on('data', (chunk: Uint8Array) => {
      if (failure !== undefined) return
      try {
        framer.push(chunk)
      } catch (error) {
        failure = error
        sink.parseError(error)
      }
    })
    socket.on('drain', () => sink.drain())
    socket.on('error', (error) => {
      failure ??= error
    })
    socket.on('close', () => sink.end(failure))
  }

  get queuedBytes(): number {
    return queuedBytes(this.#socket)
  }

  get bufferedBytes(): number {
    return this.#socket.writableLength + this.#partsLength
  }

  send(text: string): void {
    if (this.#parts.length === 0) process.nextTick(() => this.#flush())
    this.#parts.push(text, '\n')
    this.#partsLength += text.length
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    this.#flush()
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  #flush(): void {
    if (this.#parts.length === 0) return
    const text = this.#parts.length === 2 ? `${this.#parts[0]}\n` : this.#parts.join('')
    this.#parts = []
    this.#partsLength = 0
    if (this.#socket.writable) this.#socket.write(text)
  }
}
