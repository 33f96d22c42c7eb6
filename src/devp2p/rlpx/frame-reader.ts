import { CodecError } from '../../base/errors.ts'
import { SnappyUnpacking, snappyDecompress, snappyDecompressedLength } from '../../codec/index.ts'
import { FrameOpener, frameMemory, WINDOW_BYTES } from '../../crypto/index.ts'
import { codeBytes, HEAD_BYTES, MAC_BYTES, MAX_MESSAGE_BYTES, paddedBytes, readCode } from './frame-codec.ts'
import type { Secrets } from './handshake.ts'
import { inboundWindow } from './inbound-window.ts'

/** Receiver of the messages of a {@link FrameReader}. */
export interface MessageSink {
  /** Takes a message. `payload` belongs to the receiver. */
  message(code: number, payload: Uint8Array): void
  /** @returns true if the reader has to stop, even within a chunk. */
  isStopped(): boolean
}

/**
 * Limits checked before memory is allocated: of the size in a frame's header, and of the length a payload unpacks to.
 */
export interface FrameLimits {
  /** Largest frame, in bytes. */
  readonly frameBytes: number
  /** Largest unpacked message of the base protocol, which has the ids below 16, in bytes. */
  readonly baseBytes: number
}

const BASE_LENGTH = 16

/** Id of Disconnect, which some implementations never compress (Nethermind issue 7726, reth PR 6862). */
const DISCONNECT_CODE = 0x01

/**
 * Unpacked size from which a payload is unpacked in steps, in turns with other connections' work: 16 MiB take 12 ms.
 * Such a payload never lies in the window: one that fits there unpacks to 1.4 MB at most.
 */
const LARGE_BYTES = 2 * 1024 * 1024

/** A received message that is being unpacked. */
interface Large {
  readonly code: number
  readonly unpacking: SnappyUnpacking
}

/**
 * Turns the chunks of a stream into messages. A frame that lies whole in a chunk is opened in the inbound window; one
 * that does not is opened piece by piece into a buffer of its size, allocated only after its header has been
 * authenticated. Throws `CodecError`, after which the stream cannot be read on.
 */
export class FrameReader {
  /** True when payloads are compressed: from the message after Hello on. */
  snappy = false
  limits: FrameLimits = { frameBytes: MAX_MESSAGE_BYTES, baseBytes: MAX_MESSAGE_BYTES }
  readonly #sink: MessageSink
  readonly #opener: FrameOpener
  /** Position in the chunk of the next byte to read. */
  #at = 0
  /** Buffer for a head, or the MAC of a body, that spans chunks. */
  readonly #part = new Uint8Array(HEAD_BYTES)
  #partFilled = 0
  /** Size of the frame whose head has been read; 0 while waiting for a head. */
  #size = 0
  /** Padded body of a frame that spans chunks, filled so far to {@link #bodyFilled}. BOUNDED: 16 MiB, for one frame. */
  #body: Uint8Array | undefined
  #bodyFilled = 0
  #large: Large | undefined

  constructor({ aes, mac, ingressMacSeed }: Secrets, sink: MessageSink) {
    this.#sink = sink
    this.#opener = new FrameOpener({ aes, mac, seed: ingressMacSeed })
  }

  /** True when a frame has begun and not ended. */
  get midFrame(): boolean {
    return this.#size > 0 || this.#partFilled > 0
  }

  /** True while a large message is being unpacked: each `push` takes one step, and reads on after the last. */
  get busy(): boolean {
    return this.#large !== undefined
  }

  /** Reads a chunk from `at`. @returns the position of the first unread byte: short of the end when stopped or busy. */
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

  /** Releases the state and all buffers; nothing can be read any more. */
  free(): void {
    this.#opener.free()
    this.#body = undefined
    this.interrupt()
    this.#large = undefined
  }

  /** Lets large messages of other connections go first. Has to be called when `push` will not be called for a while. */
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

  /** @returns true if the rest of the frame lies in the chunk. */
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

  /** Verifies the MAC at `macAddress` and delivers the body, which lies in `bytes` from `start`. */
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

  /** @returns the address of the next `need` bytes; undefined when the chunk ends before. */
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

  /** Unpacks or copies a payload, because all connections share the window. */
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

/** Error without a penalty: the bytes may have been changed on the way, so they are not proven to be the remote's. */
function badMac(of: 'header' | 'body'): CodecError {
  return new CodecError('ERR_RLPX_MAC', `the MAC of a frame's ${of} does not match`, 0, { penalty: 0 })
}

function beyond(bytes: number, limit: number): CodecError {
  return new CodecError('ERR_RLPX_TOO_LARGE', `frame of ${bytes} bytes, at most ${limit} allowed here`)
}
