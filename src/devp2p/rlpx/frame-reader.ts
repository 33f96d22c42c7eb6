import { CodecError } from '../../base/errors.ts'
import { SnappyUnpacking, snappyDecompress, snappyDecompressedLength } from '../../codec/index.ts'
import { FrameOpener, frameMemory, WINDOW_BYTES } from '../../crypto/index.ts'
import { codeBytes, HEAD_BYTES, MAC_BYTES, MAX_MESSAGE_BYTES, paddedBytes, readCode } from './frame-codec.ts'
import type { Secrets } from './handshake.ts'
import { inboundWindow } from './inbound-window.ts'

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
 * A payload that unpacks to so much is unpacked in turns with other connections' work: 16 MiB take 12 ms. It never lies in
 * the window, because what does unpacks to 1.4 MB at best.
 */
const LARGE_BYTES = 2 * 1024 * 1024

/** A message that has come and is being unpacked. */
interface Large {
  readonly code: number
  readonly unpacking: SnappyUnpacking
}

/**
 * Turns the chunks of a stream into messages. A frame that lies whole in a chunk is opened in the inbound window; one that
 * does not is opened piece by piece into a buffer of its size, made only when its header has proven to be the remote's.
 * Throws `CodecError`: after that the stream cannot be read on.
 */
export class FrameReader {
  /** Whether payloads are compressed: from the message after Hello. */
  snappy = false
  limits: FrameLimits = { frameBytes: MAX_MESSAGE_BYTES, baseBytes: MAX_MESSAGE_BYTES }
  readonly #sink: MessageSink
  readonly #opener: FrameOpener
  /** How far the chunk has been read. */
  #at = 0
  /** Where a head, or the MAC of a body, is gathered that did not come in one piece. */
  readonly #part = new Uint8Array(HEAD_BYTES)
  #partFilled = 0
  /** Size of the frame whose head has been read; 0 while waiting for a head. */
  #size = 0
  /** Padded body of a frame that comes in pieces, as far as it has come. BOUNDED: 16 MiB, given back with the frame. */
  #body: Uint8Array | undefined
  #bodyFilled = 0
  #large: Large | undefined

  constructor({ aes, mac, ingressMacSeed }: Secrets, sink: MessageSink) {
    this.#sink = sink
    this.#opener = new FrameOpener({ aes, mac, seed: ingressMacSeed })
  }

  /** Whether a frame has begun and not ended. */
  get midFrame(): boolean {
    return this.#size > 0 || this.#partFilled > 0
  }

  /** Whether a large message is being unpacked: nothing is read until `push` has been called often enough. */
  get busy(): boolean {
    return this.#large !== undefined
  }

  /** Takes a chunk from `at`. Answers how far it read: short of the end when stopped or busy. */
  push(chunk: Uint8Array, at = 0): number {
    this.#at = at
    try {
      if (this.#large) this.#goOn(this.#large)
      while (this.#at < chunk.length && !this.#large && !this.#sink.isStopped()) this.#step(chunk)
    } finally {
      inboundWindow.release()
    }
    return this.#at
  }

  /** Gives the state and all buffers back; nothing can be read any more. */
  free(): void {
    this.#opener.free()
    this.#body = undefined
    this.interrupt()
    this.#large = undefined
  }

  /** To be called when `push` will not be for a while: large messages of other connections do not wait for this one's. */
  interrupt(): void {
    this.#large?.unpacking.interrupt()
  }

  #goOn({ code, unpacking }: Large): void {
    const content = unpacking.step()
    if (!content) return
    this.#large = undefined
    this.#sink.message(code, content)
  }

  #step(chunk: Uint8Array): void {
    if (this.#size === 0) this.#readHead(chunk)
    else if (this.#isWhole(chunk)) this.#readWhole(chunk)
    else if (this.#bodyFilled < paddedBytes(this.#size)) this.#readPiece(chunk)
    else this.#readEnd(chunk)
  }

  #readHead(chunk: Uint8Array): void {
    const address = this.#gather(chunk, HEAD_BYTES)
    if (address === undefined) return
    if (!this.#opener.head(address)) throw badMac('header')
    const bytes = frameMemory()
    const size =
      ((bytes[address] as number) << 16) | ((bytes[address + 1] as number) << 8) | (bytes[address + 2] as number)
    if (size === 0) throw new CodecError('ERR_RLPX_MESSAGE_ID', 'a frame is empty: it has no message id')
    if (size > this.limits.frameBytes) throw beyond(size, this.limits.frameBytes)
    this.#size = size
  }

  /** Whether the rest of the frame lies in the chunk. */
  #isWhole(chunk: Uint8Array): boolean {
    const length = paddedBytes(this.#size) + MAC_BYTES
    return !this.#body && length <= chunk.length - this.#at && length <= WINDOW_BYTES
  }

  #readWhole(chunk: Uint8Array): void {
    const length = paddedBytes(this.#size)
    const address = inboundWindow.address(chunk, this.#at, length + MAC_BYTES)
    this.#at += length + MAC_BYTES
    this.#opener.body(address, length)
    this.#finish(address + length, frameMemory(), address)
  }

  #readPiece(chunk: Uint8Array): void {
    this.#body ??= new Uint8Array(paddedBytes(this.#size))
    const length = Math.min(chunk.length - this.#at, this.#body.length - this.#bodyFilled, WINDOW_BYTES)
    const address = inboundWindow.address(chunk, this.#at, length)
    this.#at += length
    this.#opener.body(address, length)
    this.#body.set(frameMemory().subarray(address, address + length), this.#bodyFilled)
    this.#bodyFilled += length
  }

  #readEnd(chunk: Uint8Array): void {
    const address = this.#gather(chunk, MAC_BYTES)
    if (address === undefined) return
    const body = this.#body as Uint8Array
    this.#body = undefined
    this.#bodyFilled = 0
    this.#finish(address, body, 0)
  }

  /** The body, which lies in `bytes` from `start`, is taken for the remote's when the MAC at `macAddress` is right. */
  #finish(macAddress: number, bytes: Uint8Array, start: number): void {
    if (!this.#opener.end(macAddress)) throw badMac('body')
    const end = start + this.#size
    this.#size = 0
    const code = readCode(bytes, start, end)
    const packed = bytes.subarray(start + codeBytes(code), end)
    if (this.snappy && packed.length > WINDOW_BYTES && snappyDecompressedLength(packed) >= LARGE_BYTES) {
      this.#large = { code, unpacking: new SnappyUnpacking(packed, this.#maxBytes(code)) }
    } else this.#sink.message(code, this.#payload(code, packed))
  }

  #maxBytes(code: number): number {
    return code < BASE_LENGTH ? this.limits.baseBytes : MAX_MESSAGE_BYTES
  }

  /** The address of the next `need` bytes, or undefined when the chunk has not all of them. */
  #gather(chunk: Uint8Array, need: number): number | undefined {
    const at = this.#at
    if (this.#partFilled === 0 && chunk.length - at >= need) {
      this.#at += need
      return inboundWindow.address(chunk, at, need)
    }
    const end = Math.min(chunk.length, at + need - this.#partFilled)
    this.#part.set(chunk.subarray(at, end), this.#partFilled)
    this.#partFilled += end - at
    this.#at = end
    if (this.#partFilled < need) return undefined
    this.#partFilled = 0
    inboundWindow.release()
    return inboundWindow.address(this.#part, 0, need)
  }

  /** A copy: the window is everybody's. */
  #payload(code: number, body: Uint8Array): Uint8Array {
    if (!this.snappy) return body.slice()
    const max = this.#maxBytes(code)
    if (code !== DISCONNECT_CODE) return snappyDecompress(body, max)
    try {
      return snappyDecompress(body, max)
    } catch {
      return body.slice()
    }
  }
}

function badMac(of: 'header' | 'body'): CodecError {
  return new CodecError('ERR_RLPX_MAC', `the MAC of a frame's ${of} does not match`)
}

function beyond(bytes: number, limit: number): CodecError {
  return new CodecError('ERR_RLPX_TOO_LARGE', `a frame of ${bytes} bytes, at most ${limit} here`)
}
