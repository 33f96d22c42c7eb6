import { InternalError } from '../../base/errors.ts'
import { snappyCompress } from '../../codec/index.ts'
import { FrameSealer, frameMemory, OUTBOUND_WINDOW, WINDOW_BYTES } from '../../crypto/index.ts'
import {
  codeBytes,
  HEAD_BYTES,
  HEADER_BYTES,
  MAC_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_CODE,
  paddedBytes,
  tooLarge,
  writeCode,
} from './frame-codec.ts'
import type { Secrets } from './handshake.ts'

const WINDOW_END = OUTBOUND_WINDOW + WINDOW_BYTES

/** A message ready for its frame. `body` is the payload, compressed if the remote expects that. */
export interface PreparedFrame {
  readonly code: number
  readonly body: Uint8Array
  /** Bytes of message id and body. */
  readonly size: number
  /** Bytes on the wire. */
  readonly wireBytes: number
}

/**
 * Makes the frames of one direction. They are laid one after another into the outbound window and sealed there;
 * whenever the window is full, and at the end, its content leaves as one piece. A frame may be larger than the window.
 */
export class FrameWriter {
  /** True when payloads are compressed: from the message after Hello on. */
  snappy = false
  readonly #sealer: FrameSealer
  readonly #send: (bytes: Uint8Array) => void
  /** Address of the next byte. */
  #at = OUTBOUND_WINDOW
  /** Address of the first byte of the body that is not sealed yet. */
  #unsealed = OUTBOUND_WINDOW

  /** Calls `send` with the bytes for the wire, in order; their memory belongs to the receiver. */
  constructor({ aes, mac, egressMacSeed }: Secrets, send: (bytes: Uint8Array) => void) {
    this.#sealer = new FrameSealer({ aes, mac, seed: egressMacSeed })
    this.#send = send
  }

  /** Compresses and measures a message. Throws `ERR_RLPX_TOO_LARGE`, before anything is written. */
  prepare(code: number, payload: Uint8Array): PreparedFrame {
    if (!(code >= 0 && code <= MAX_MESSAGE_CODE)) throw new InternalError(`message id ${code} is out of range`)
    if (payload.length > MAX_MESSAGE_BYTES) throw tooLarge(payload.length)
    const body = this.snappy ? snappyCompress(payload) : payload
    const size = codeBytes(code) + body.length
    if (size > MAX_MESSAGE_BYTES) throw tooLarge(size)
    return { code, body, size, wireBytes: HEAD_BYTES + paddedBytes(size) + MAC_BYTES }
  }

  /** Seals the frames and sends them. They have to come in the order in which they were prepared. */
  write(frames: readonly PreparedFrame[]): void {
    for (const frame of frames) this.#write(frame)
    this.#emit()
  }

  /** Releases the state; nothing can be written any more. */
  free(): void {
    this.#sealer.free()
  }

  #write({ code, body, size }: PreparedFrame): void {
    this.#makeRoom(HEAD_BYTES)
    writeHeader(size, frameMemory(), this.#at)
    this.#sealer.head(this.#at)
    this.#at += HEAD_BYTES
    this.#makeRoom(MAC_BYTES) // a message id fits, too
    this.#unsealed = this.#at
    this.#at = writeCode(code, frameMemory(), this.#at)
    this.#lay(body)
    const padding = paddedBytes(size) - size // the window, like what lies in it, is a multiple of 16
    frameMemory().fill(0, this.#at, this.#at + padding)
    this.#at += padding
    this.#sealLaid()
    this.#makeRoom(MAC_BYTES)
    this.#sealer.end(this.#at)
    this.#at += MAC_BYTES
  }

  #lay(body: Uint8Array): void {
    for (let from = 0; from < body.length; ) {
      if (this.#at === WINDOW_END) {
        this.#sealLaid()
        this.#emit()
      }
      const count = Math.min(body.length - from, WINDOW_END - this.#at)
      frameMemory().set(count === body.length ? body : body.subarray(from, from + count), this.#at)
      from += count
      this.#at += count
    }
  }

  #sealLaid(): void {
    this.#sealer.body(this.#unsealed, this.#at - this.#unsealed)
    this.#unsealed = OUTBOUND_WINDOW // start of the rest of the body, if there is more
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes > WINDOW_END) this.#emit()
  }

  #emit(): void {
    if (this.#at === OUTBOUND_WINDOW) return
    const piece = frameMemory().slice(OUTBOUND_WINDOW, this.#at)
    this.#at = OUTBOUND_WINDOW
    this.#send(piece)
  }
}

/**
 * Writes a header: three bytes of size, then RLP `[0, 0]`: a capability id and a context id that no version ever used.
 */
function writeHeader(size: number, out: Uint8Array, at: number): void {
  out[at] = size >> 16
  out[at + 1] = (size >> 8) & 0xff
  out[at + 2] = size & 0xff
  out[at + 3] = 0xc2
  out[at + 4] = 0x80
  out[at + 5] = 0x80
  out.fill(0, at + 6, at + HEADER_BYTES)
}
