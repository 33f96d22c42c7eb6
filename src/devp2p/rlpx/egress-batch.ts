import { EMPTY_BYTES } from '../../base/bytes.ts'

/** A batch of this size is sent at once: growing it further would copy more than a write costs. */
const MAX_BATCH_BYTES = 128 * 1024
/** The next batch is expected to be like the last, up to here: what is reserved in vain is zeroed in vain. */
const MAX_GUESS_BYTES = 32 * 1024

/** The frames of one tick, back to back in the memory that goes to the socket. */
export class EgressBatch {
  /** Where to write what was reserved. */
  bytes: Uint8Array = EMPTY_BYTES
  /** Bytes in the batch. */
  used = 0
  readonly #send: (bytes: Uint8Array) => void
  #guess = 0

  /** `send` gets each batch, and with it the memory. */
  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send
  }

  /** Makes room in `bytes` for a frame and answers where it begins. May send what was there before. */
  reserve(length: number): number {
    if (this.used > 0 && this.used + length > MAX_BATCH_BYTES) this.flush()
    if (this.used + length > this.bytes.length) this.#grow(length)
    const at = this.used
    this.used += length
    return at
  }

  flush(): void {
    const { bytes, used } = this
    if (used === 0) return
    this.#guess = Math.min(used, MAX_GUESS_BYTES)
    this.bytes = EMPTY_BYTES
    this.used = 0
    this.#send(used === bytes.length ? bytes : bytes.subarray(0, used))
  }

  #grow(length: number): void {
    const wanted = this.used === 0 ? this.#guess : Math.min(this.bytes.length * 2, MAX_BATCH_BYTES)
    const grown = new Uint8Array(Math.max(this.used + length, wanted))
    grown.set(this.bytes.subarray(0, this.used))
    this.bytes = grown
  }
}
