/**
 * Two transports joined in memory, for tests of protocols without sockets: go-ethereum's MsgPipe.
 * @module
 */
import type { FrameSink, MessageKey, Transport } from './transport.ts'

/** Bytes in flight to an end that does not read at which `write` of the other end returns false. */
const PIPE_HIGH_WATER_BYTES = 1024 * 1024

export interface PipeOptions {
  /** @default 1 MiB */
  readonly highWaterBytes?: number
}

/** Makes the two ends. Frames that one writes reach the other in order, in a later microtask. */
export function transportPipe<K extends MessageKey = MessageKey>(
  options: PipeOptions = {},
): [Transport<K>, Transport<K>] {
  const highWaterBytes = options.highWaterBytes ?? PIPE_HIGH_WATER_BYTES
  const a = new PipeEnd<K>(highWaterBytes)
  const b = new PipeEnd<K>(highWaterBytes)
  a.other = b
  b.other = a
  return [a, b]
}

class PipeEnd<K extends MessageKey> implements Transport<K> {
  declare other: PipeEnd<K>
  readonly #highWaterBytes: number
  #sink: FrameSink<K> | undefined
  /** BOUNDED: by writers that heed `false`, like a socket's buffer. */
  #held: { readonly key: K; readonly payload: Uint8Array }[] = []
  #heldBytes = 0
  #paused = false
  #scheduled = false
  #closed = false
  #remoteEnd: { readonly error: unknown } | undefined
  #owesDrain = false

  constructor(highWaterBytes: number) {
    this.#highWaterBytes = highWaterBytes
  }

  open(sink: FrameSink<K>): void {
    this.#sink = sink
    this.#schedule()
  }

  write(key: K, payload: Uint8Array): boolean {
    if (this.#closed) return true
    const room = this.other.#receive(key, payload.slice())
    if (!room) this.#owesDrain = true
    return room
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#schedule()
  }

  async close(): Promise<void> {
    this.#end(undefined)
  }

  destroy(error?: unknown): void {
    this.#end(undefined)
    const sink = this.#sink
    this.#sink = undefined
    sink?.end(error)
  }

  #receive(key: K, payload: Uint8Array): boolean {
    if (this.#closed) return true
    this.#held.push({ key, payload })
    this.#heldBytes += payload.length
    this.#schedule()
    return this.#heldBytes < this.#highWaterBytes
  }

  #end(error: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#held = []
    this.other.#remoteEnd = { error }
    this.other.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    while (!this.#paused && this.#sink && !this.#closed) {
      const frame = this.#held.shift()
      if (!frame) break
      this.#heldBytes -= frame.payload.length
      this.#sink.frame(frame.key, frame.payload)
    }
    if (this.#heldBytes * 2 < this.#highWaterBytes) this.other.#drained()
    if (this.#held.length === 0 && this.#remoteEnd && this.#sink && !this.#closed) this.#finish()
  }

  #finish(): void {
    this.#closed = true
    const sink = this.#sink
    this.#sink = undefined // end is called once
    sink?.end(this.#remoteEnd?.error)
  }

  #drained(): void {
    if (!this.#owesDrain) return
    this.#owesDrain = false
    if (!this.#closed) this.#sink?.drain()
  }
}
