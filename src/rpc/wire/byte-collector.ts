/** Number of chunks at which they are joined: each keeps an object of its own alive. */
const MAX_CHUNKS = 1_024

/** Collects chunks of bytes and decodes them as one text. The caller checks {@link bytes} against its limit. */
export class ByteCollector {
  /** Joined chunks, in order. BOUNDED: by the limit of the caller. */
  #joined: Uint8Array[] = []
  /** Chunks that are not joined yet. BOUNDED: by MAX_CHUNKS. */
  #chunks: Uint8Array[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  add(chunk: Uint8Array): void {
    this.#bytes += chunk.length
    if (this.#chunks.push(chunk) < MAX_CHUNKS) return
    this.#joined.push(Buffer.concat(this.#chunks))
    this.#chunks = []
  }

  /** Returns everything added as text, and empties the collector. */
  take(): string {
    const [first] = this.#chunks
    const isOne = this.#chunks.length === 1 && this.#joined.length === 0
    const text = first && isOne ? utf8(first) : Buffer.concat([...this.#joined, ...this.#chunks]).toString()
    this.#joined = []
    this.#chunks = []
    this.#bytes = 0
    return text
  }
}

function utf8({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString()
}
