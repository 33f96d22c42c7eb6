/**
 * Hashes, MACs and ciphers of node:crypto, with plain `Uint8Array` results.
 * @module
 */
import { type Cipher, createCipheriv, createHmac, hash as hashOnce, randomFillSync, timingSafeEqual } from 'node:crypto'
import { concatBytes } from '../base/bytes.ts'
import { PeerloomError } from '../base/errors.ts'

/** Views a Buffer as a plain Uint8Array, without Buffer's own `slice` and JSON. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.length)
}

/** Computes the SHA-256 of the concatenated parts, 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  return plain(hashOnce('sha256', parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(...parts), 'buffer'))
}

/** Computes the HMAC-SHA256 of the concatenated parts, 32 bytes. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac('sha256', key)
  for (const part of parts) hmac.update(part)
  return plain(hmac.digest())
}

/** Pool of random bytes, because a call to the system costs 2 µs at any length. Returned bytes are wiped here. */
const randomPool = new Uint8Array(4096)
let randomUsed = randomPool.length

/** Returns `length` unpredictable bytes, for keys, nonces and ids. */
export function randomBytes(length: number): Uint8Array {
  if (length > randomPool.length) return randomFillSync(new Uint8Array(length))
  if (randomUsed + length > randomPool.length) {
    randomFillSync(randomPool)
    randomUsed = 0
  }
  const end = randomUsed + length
  const bytes = randomPool.slice(randomUsed, end)
  randomPool.fill(0, randomUsed, end)
  randomUsed = end
  return bytes
}

/** Compares two secrets or MACs in a time that depends on their lengths only. @returns true if they are equal */
export function equalSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/**
 * AES in counter mode, streaming; encryption and decryption are the same. A call costs about 1 µs at any length, so pass as
 * many bytes per call as there are.
 */
export class AesCtr {
  readonly #cipher: Cipher

  /** `key`: 16 (AES-128) or 32 bytes (AES-256). `iv`: the first counter block, 16 bytes. */
  constructor(key: Uint8Array, iv: Uint8Array) {
    if (key.length !== 16 && key.length !== 32) throw badLength('an AES-CTR key', '16 or 32', key)
    if (iv.length !== 16) throw badLength('an AES-CTR iv', '16', iv)
    this.#cipher = createCipheriv(key.length === 16 ? 'aes-128-ctr' : 'aes-256-ctr', key, iv)
  }

  /** Transforms the next bytes of the stream into as many new bytes. */
  update(bytes: Uint8Array): Uint8Array {
    return plain(this.#cipher.update(bytes))
  }
}

function badLength(what: string, want: string, got: Uint8Array): PeerloomError {
  return new PeerloomError('ERR_INVALID_LENGTH', `${what} has ${want} bytes, not ${got.length}`)
}
