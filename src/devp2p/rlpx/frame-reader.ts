import { CodecError } from '../../base/errors.ts'
import { snappyDecompress } from '../../codec/index.ts'
import {
  codeBytes,
  FrameCipher,
  FrameMac,
  HEAD_BYTES,
  HEADER_BYTES,
  MAC_BYTES,
  MAX_MESSAGE_BYTES,
  paddedBytes,
  type RunningHash,
  readCode,
  seededHash,
} from './frame-codec.ts'
import type { Secrets } from './handshake.ts'

/** Who gets the messages of a {@link FrameReader}. */
export interface MessageSink {
  /** `payload` belongs to the receiver. */
  message(code: number, payload: Uint8Array): void
  /** Whether the reader is to stop after this message, within a chunk. */
  isStopped(): boolean
}

/** What is checked before memory is taken: the size in a frame's header, and the length a payload unpacks to. */
export interface FrameLimits {
  /** Of any frame. */
  readonly frameBytes: number
  /** Of an unpacked message of the base protocol, which has the ids below 16. */
  readonly baseBytes: number
}

const BASE_LENGTH = 16

/** The farewell: some implementations send it uncompressed whatever was agreed (Nethermind issue 7726, reth PR 6862). */
const DISCONNECT_CODE = 0x01

/**
 * Turns the chunks of a stream into messages. A frame that lies whole in a chunk is decrypted right there; one that does
 * not is collected in a buffer of its exact size, made only when its header has proven to be the remote's.
 * Throws `CodecError`: after that the stream cannot be read on.
 */
export class FrameReader {
  /** Whether payloads are compressed: from the message after Hello. */
  snappy = false
  limits: FrameLimits = { frameBytes: MAX_MESSAGE_BYTES, baseBytes: MAX_MESSAGE_BYTES }
  readonly #sink: MessageSink
  readonly #cipher: FrameCipher
  readonly #mac: FrameMac
  /** Where a head is collected that did not come in one piece. */
  readonly #head = new Uint8Array(HEAD_BYTES)
  #headFilled = 0
  /** Size of the frame whose head has been read; 0 while waiting for a head. */
  #size = 0
  /** Padded body and MAC of a frame under way. BOUNDED: 16 MiB, given back with the frame. */
  #body: Uint8Array | undefined
  #bodyFilled = 0

  constructor(secrets: Secrets, sink: MessageSink, hash: RunningHash = seededHash(secrets.ingressMacSeed)) {
    this.#sink = sink
    this.#cipher = new FrameCipher(secrets.aes)
    this.#mac = new FrameMac(secrets.mac, hash)
  }

  /** Whether a frame has begun and not ended. */
  get midFrame(): boolean {
    return this.#size > 0 || this.#headFilled > 0
  }

  /** Takes a chunk, which it may overwrite, from `at`. Answers how far it read: short of the end when stopped. */
  push(chunk: Uint8Array, at = 0): number {
    while (at < chunk.length && !this.#sink.isStopped()) {
      at = this.#size === 0 ? this.#readHead(chunk, at) : this.#readBody(chunk, at)
    }
    return at
  }

  /** Gives the keccak state and all buffers back; nothing can be read any more. */
  free(): void {
    this.#mac.free()
    this.#body = undefined
  }

  #readHead(chunk: Uint8Array, at: number): number {
    if (this.#headFilled === 0 && chunk.length - at >= HEAD_BYTES) {
      this.#openHead(chunk, at)
      return at + HEAD_BYTES
    }
    const end = Math.min(chunk.length, at + HEAD_BYTES - this.#headFilled)
    this.#head.set(chunk.subarray(at, end), this.#headFilled)
    this.#headFilled += end - at
    if (this.#headFilled === HEAD_BYTES) {
      this.#headFilled = 0
      this.#openHead(this.#head, 0)
    }
    return end
  }

  #openHead(bytes: Uint8Array, at: number): void {
    this.#mac.header(bytes, at)
    if (!this.#mac.matches(bytes, at + HEADER_BYTES)) throw badMac('header')
    this.#cipher.apply(bytes, at, at + HEADER_BYTES)
    const size = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    if (size === 0) throw new CodecError('ERR_RLPX_MESSAGE_ID', 'a frame is empty: it has no message id')
    if (size > this.limits.frameBytes) throw beyond(size, this.limits.frameBytes)
    this.#size = size
  }

  #readBody(chunk: Uint8Array, at: number): number {
    const length = paddedBytes(this.#size) + MAC_BYTES
    if (!this.#body && chunk.length - at >= length) {
      this.#openBody(chunk, at, false)
      return at + length
    }
    this.#body ??= new Uint8Array(length)
    const end = Math.min(chunk.length, at + length - this.#bodyFilled)
    this.#body.set(chunk.subarray(at, end), this.#bodyFilled)
    this.#bodyFilled += end - at
    if (this.#bodyFilled === length) {
      const body = this.#body
      this.#body = undefined
      this.#bodyFilled = 0
      this.#openBody(body, 0, true)
    }
    return end
  }

  /** `own` says that the memory holds nothing but this body, so that the payload may stay in it. */
  #openBody(bytes: Uint8Array, at: number, own: boolean): void {
    const size = this.#size
    const macAt = at + paddedBytes(size)
    this.#mac.body(bytes.subarray(at, macAt))
    if (!this.#mac.matches(bytes, macAt)) throw badMac('body')
    this.#cipher.apply(bytes, at, macAt)
    this.#size = 0
    const end = at + size
    const code = readCode(bytes, at, end)
    const start = at + codeBytes(code)
    this.#sink.message(code, this.#payload(code, bytes.subarray(start, end), own))
  }

  #payload(code: number, body: Uint8Array, own: boolean): Uint8Array {
    if (!this.snappy) return own ? body : new Uint8Array(body)
    const max = code < BASE_LENGTH ? this.limits.baseBytes : MAX_MESSAGE_BYTES
    if (code !== DISCONNECT_CODE) return snappyDecompress(body, max)
    try {
      return snappyDecompress(body, max)
    } catch {
      return new Uint8Array(body)
    }
  }
}

function badMac(of: 'header' | 'body'): CodecError {
  return new CodecError('ERR_RLPX_MAC', `the MAC of a frame's ${of} does not match`)
}

function beyond(bytes: number, limit: number): CodecError {
  return new CodecError('ERR_RLPX_TOO_LARGE', `a frame of ${bytes} bytes, at most ${limit} here`)
}
