/**
 * What both directions of an RLPx frame share: sizes, the MAC that runs through all frames, the cipher stream, and the
 * message id. `frame-writer.ts` and `frame-reader.ts` put them together.
 *
 *     header (16) = size (3) ‖ c2 80 80 ‖ zeros      header MAC (16)
 *     body, zero-padded to 16                        body MAC (16)
 *
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing
 * @module
 */
import { EMPTY_BYTES } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { AesBlock, AesCtr, Keccak } from '../../crypto/index.ts'

/** A frame's size has 3 bytes; what a message may hold, before and after compression, is bounded by the same number. */
export const MAX_MESSAGE_BYTES: number = 2 ** 24 - 1
export const HEADER_BYTES = 16
export const MAC_BYTES = 16
/** Header and header MAC: what must be there before a frame's size is known. */
export const HEAD_BYTES: number = HEADER_BYTES + MAC_BYTES
/** Capability offsets add up to a few hundred at most; a larger id is nobody's. */
export const MAX_MESSAGE_CODE = 0xffff

/** Bytes of a body on the wire, without its MAC. */
export function paddedBytes(size: number): number {
  return (size + 15) & ~15
}

/** The part of a running keccak-256 that the MACs need. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown
  digestInto(out: Uint8Array): void
  free(): void
}

/** A running hash that has taken in a direction's seed. The caller frees it. */
export function seededHash(seed: Uint8Array): RunningHash {
  return new Keccak().update(seed)
}

/**
 * The MAC of one direction: one keccak state runs through all headers and bodies, and each MAC is a look at it.
 * The digest is kept between steps: a header begins with the one its predecessor's body ended with, so a frame costs
 * three looks instead of four.
 */
export class FrameMac {
  readonly #hash: RunningHash
  readonly #block: AesBlock
  readonly #digest = new Uint8Array(32)
  /** The half of the digest that is used, as a view made once. */
  readonly #mac = this.#digest.subarray(0, MAC_BYTES)
  readonly #seed = new Uint8Array(MAC_BYTES)

  constructor(macSecret: Uint8Array, hash: RunningHash) {
    this.#block = new AesBlock(macSecret)
    this.#hash = hash
    hash.digestInto(this.#digest)
  }

  /** Takes in the encrypted header at `at`. */
  header(bytes: Uint8Array, at: number): void {
    this.#mix(bytes, at)
  }

  /** Takes in an encrypted, padded body. */
  body(ciphertext: Uint8Array): void {
    this.#hash.update(ciphertext)
    this.#hash.digestInto(this.#digest)
    this.#mix(this.#digest, 0)
  }

  /** Writes the MAC of what was taken in last. */
  writeTo(out: Uint8Array, at: number): void {
    out.set(this.#mac, at)
  }

  /** Compares with the 16 bytes at `at`, in constant time. */
  matches(bytes: Uint8Array, at: number): boolean {
    let difference = 0
    for (let i = 0; i < MAC_BYTES; i++) difference |= (bytes[at + i] as number) ^ (this.#mac[i] as number)
    return difference === 0
  }

  /** Gives the keccak state back. */
  free(): void {
    this.#hash.free()
  }

  #mix(bytes: Uint8Array, at: number): void {
    const encrypted = this.#block.encrypt(this.#mac)
    for (let i = 0; i < MAC_BYTES; i++) this.#seed[i] = (encrypted[i] as number) ^ (bytes[at + i] as number)
    this.#hash.update(this.#seed)
    this.#hash.digestInto(this.#digest)
  }
}

/** Keystream made at once: several small frames for one call into the cipher, which costs over 1 µs however short. */
const KEYSTREAM_BYTES = 2048
/** Each refill is twice the one before, up to all of it. */
const FIRST_KEYSTREAM_BYTES = 256
const ZEROS = new Uint8Array(KEYSTREAM_BYTES)
/** From here on, encrypting in one call beats making keystream and XORing it. */
const DIRECT_BYTES = 1024
/** From here on, XORing four bytes at a time repays the views it takes. */
const WORDWISE_BYTES = 256

/** The cipher promises bytes, not where they lie. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
}

/** AES-256-CTR from a zero IV: one stream through all headers and bodies of one direction. Works in place. */
export class FrameCipher {
  readonly #cipher: AesCtr
  #keystream: Uint8Array = EMPTY_BYTES
  #used = 0

  constructor(aesSecret: Uint8Array) {
    this.#cipher = new AesCtr(aesSecret, new Uint8Array(16))
  }

  /** Encrypts, or decrypts, the bytes from `start` to `end`. */
  apply(bytes: Uint8Array, start: number, end: number): void {
    let at = this.#xor(bytes, start, end)
    if (end - at >= DIRECT_BYTES) {
      bytes.set(this.#cipher.update(bytes.subarray(at, end)), at)
      return
    }
    while (at < end) {
      this.#refill()
      at = this.#xor(bytes, at, end)
    }
  }

  /** Little for who says little: most peers are idle most of the time, and there are many. */
  #refill(): void {
    const length = Math.min(KEYSTREAM_BYTES, Math.max(FIRST_KEYSTREAM_BYTES, this.#keystream.length * 2))
    this.#keystream = aligned(this.#cipher.update(ZEROS.subarray(0, length)))
    this.#used = 0
  }

  /** Uses up keystream that was made before; answers how far it went. */
  #xor(bytes: Uint8Array, start: number, end: number): number {
    const used = this.#used
    const count = Math.min(end - start, this.#keystream.length - used)
    this.#used = used + count
    if (count >= WORDWISE_BYTES && ((bytes.byteOffset + start) | used | count) % 4 === 0) {
      const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, count / 4)
      const keystream = new Int32Array(this.#keystream.buffer, this.#keystream.byteOffset + used, count / 4)
      for (let i = 0; i < words.length; i++) words[i] = (words[i] as number) ^ (keystream[i] as number)
    } else {
      const keystream = this.#keystream
      for (let i = 0; i < count; i++) bytes[start + i] = (bytes[start + i] as number) ^ (keystream[used + i] as number)
    }
    return start + count
  }
}

/** Bytes the message id takes at the front of a body: an RLP integer. */
export function codeBytes(code: number): number {
  return code < 0x80 ? 1 : code < 0x100 ? 2 : 3
}

/** Writes a message id, returns the position after it. `code` is 0 to {@link MAX_MESSAGE_CODE}. */
export function writeCode(code: number, out: Uint8Array, at: number): number {
  if (code === 0) out[at++] = 0x80
  else if (code < 0x80) out[at++] = code
  else {
    out[at++] = code < 0x100 ? 0x81 : 0x82
    if (code >= 0x100) out[at++] = code >> 8
    out[at++] = code & 0xff
  }
  return at
}

/** Reads the message id at `at`; throws `ERR_RLPX_MESSAGE_ID` when it is not canonical, too large or cut off. */
export function readCode(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number
  if (first === 0x80) return 0
  if (first > 0 && first < 0x80) return first
  const length = first - 0x80
  const code = length === 1 ? (bytes[at + 1] as number) : ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
  const lowest = length === 1 ? 0x80 : 0x100
  if (length < 1 || length > 2 || at + 1 + length > end || code < lowest) {
    throw new CodecError('ERR_RLPX_MESSAGE_ID', 'a frame does not begin with a message id')
  }
  return code
}

export function tooLarge(bytes: number): CodecError {
  return new CodecError('ERR_RLPX_TOO_LARGE', `a message of ${bytes} bytes, at most ${MAX_MESSAGE_BYTES} fit a frame`)
}
