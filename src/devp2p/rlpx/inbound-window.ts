import { frameMemory, INBOUND_WINDOW, WINDOW_BYTES } from '../../crypto/index.ts'

/**
 * Window in which all connections open their frames. It is filled with as much of a chunk as fits, once for all frames
 * of the chunk. A connection that reads in between, from a handler of such a frame, only causes it to be filled again.
 */
class InboundWindow {
  #bytes: Uint8Array | undefined
  #from = 0
  #to = 0

  /** @returns the address of the `length` bytes of `chunk` at `at`; at most {@link WINDOW_BYTES}. */
  address(chunk: Uint8Array, at: number, length: number): number {
    if (this.#bytes !== chunk || at < this.#from || at + length > this.#to) this.#fill(chunk, at)
    return INBOUND_WINDOW + at - this.#from
  }

  /** Forgets the chunk, which would be kept in memory, or mistaken for a later one in the same memory. */
  release(): void {
    this.#bytes = undefined
  }

  #fill(chunk: Uint8Array, at: number): void {
    this.#bytes = chunk
    this.#from = at
    this.#to = Math.min(chunk.length, at + WINDOW_BYTES)
    frameMemory().set(chunk.subarray(this.#from, this.#to), INBOUND_WINDOW)
  }
}

export const inboundWindow = new InboundWindow()
