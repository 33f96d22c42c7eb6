import { frameMemory, INBOUND_WINDOW, WINDOW_BYTES } from '../../crypto/index.ts'

/**
 * The window in which all connections open their frames. It is filled with as much of a chunk as fits, once for the many
 * frames of a chunk; whoever comes in between, from a handler of one of those frames, only makes it be filled again.
 */
class InboundWindow {
  #bytes: Uint8Array | undefined
  #from = 0
  #to = 0

  /** The address of the `length` bytes of `chunk` at `at`; at most {@link WINDOW_BYTES}. */
  address(chunk: Uint8Array, at: number, length: number): number {
    if (this.#bytes !== chunk || at < this.#from || at + length > this.#to) this.#fill(chunk, at)
    return INBOUND_WINDOW + at - this.#from
  }

  /** Keeps no chunk in memory, and takes none for another that lies in the same memory later. */
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
