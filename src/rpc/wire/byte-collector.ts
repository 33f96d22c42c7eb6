/** Small pieces are put together from this many on: each would keep an object of its own. */
const PIECES = 1_024

/** Bytes that come in pieces, until they are whole. Whoever adds looks at the size first. */
export class ByteCollector {
  /** Put together, in order. BOUNDED: by what the owner lets in. */
  #whole: Uint8Array[] = []
  /** Not yet. BOUNDED: by PIECES. */
  #pieces: Uint8Array[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  add(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (this.#pieces.push(piece) < PIECES) return
    this.#whole.push(Buffer.concat(this.#pieces))
    this.#pieces = []
  }

  /** All of it as text; then it is empty. */
  take(): string {
    const [first] = this.#pieces
    const isOne = this.#pieces.length === 1 && this.#whole.length === 0
    const text = first && isOne ? utf8(first) : Buffer.concat([...this.#whole, ...this.#pieces]).toString()
    this.#whole = []
    this.#pieces = []
    this.#bytes = 0
    return text
  }
}

function utf8({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString()
}
