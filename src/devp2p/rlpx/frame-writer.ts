import { InternalError } from '../../base/errors.ts'
import { snappyCompress, snappyLiteral } from '../../codec/index.ts'
import {
  codeBytes,
  FrameCipher,
  FrameMac,
  HEAD_BYTES,
  HEADER_BYTES,
  MAC_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_CODE,
  paddedBytes,
  type RunningHash,
  seededHash,
  tooLarge,
  writeCode,
} from './frame-codec.ts'
import type { Secrets } from './handshake.ts'

/** What shorter payloads could save, some ten bytes, is not worth the search for it. */
const COMPRESSIBLE_BYTES = 128

/** A message as it goes into a frame. `body` is the payload, compressed if the remote expects that. */
export interface PreparedFrame {
  readonly code: number
  readonly body: Uint8Array
  /** Bytes on the wire. */
  readonly wireBytes: number
}

/** Makes the frames of one direction. Frames must reach the wire in the order they were written. */
export class FrameWriter {
  /** Whether payloads are compressed: from the message after Hello. */
  snappy = false
  readonly #cipher: FrameCipher
  readonly #mac: FrameMac

  constructor(secrets: Secrets, hash: RunningHash = seededHash(secrets.egressMacSeed)) {
    this.#cipher = new FrameCipher(secrets.aes)
    this.#mac = new FrameMac(secrets.mac, hash)
  }

  /** Compresses and measures. Throws `ERR_RLPX_TOO_LARGE`; the stream of frames is not touched yet. */
  prepare(code: number, payload: Uint8Array): PreparedFrame {
    if (!(code >= 0 && code <= MAX_MESSAGE_CODE)) throw new InternalError(`no message has the id ${code}`)
    if (payload.length > MAX_MESSAGE_BYTES) throw tooLarge(payload.length)
    const body = this.snappy ? compress(payload) : payload
    const size = codeBytes(code) + body.length
    if (size > MAX_MESSAGE_BYTES) throw tooLarge(size)
    return { code, body, wireBytes: HEAD_BYTES + paddedBytes(size) + MAC_BYTES }
  }

  /** Writes a frame at `at` into memory that need not be zero. */
  write(frame: PreparedFrame, out: Uint8Array, at: number): void {
    const start = at + HEAD_BYTES
    const end = at + frame.wireBytes - MAC_BYTES
    const bodyAt = writeCode(frame.code, out, start)
    const size = bodyAt - start + frame.body.length
    writeHeader(size, out, at)
    out.set(frame.body, bodyAt)
    out.fill(0, start + size, end)
    this.#cipher.apply(out, at, at + HEADER_BYTES)
    this.#cipher.apply(out, start, end)
    this.#mac.header(out, at)
    this.#mac.writeTo(out, at + HEADER_BYTES)
    this.#mac.body(out.subarray(start, end))
    this.#mac.writeTo(out, end)
  }

  /** Gives the keccak state back; nothing can be written any more. */
  free(): void {
    this.#mac.free()
  }
}

/** Three bytes of size, then RLP `[0, 0]`: a capability id and a context id that no version ever used. */
function writeHeader(size: number, out: Uint8Array, at: number): void {
  out[at] = size >> 16
  out[at + 1] = (size >> 8) & 0xff
  out[at + 2] = size & 0xff
  out[at + 3] = 0xc2
  out[at + 4] = 0x80
  out[at + 5] = 0x80
  out.fill(0, at + 6, at + HEADER_BYTES)
}

function compress(payload: Uint8Array): Uint8Array {
  return payload.length < COMPRESSIBLE_BYTES ? snappyLiteral(payload) : snappyCompress(payload)
}
