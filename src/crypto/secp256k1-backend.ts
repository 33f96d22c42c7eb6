/**
 * The interface of every secp256k1 backend, and the errors they share.
 * @module
 */
import { CodecError, PeerloomError } from '../base/errors.ts'

export type Secp256k1Backend = 'native' | 'wasm'

/**
 * The curve of Ethereum and Bitcoin. Private keys are 32 bytes, hashes 32, public keys 64 (x‖y, without the 0x04).
 *
 * Which operations take the same time whatever the private key is (so that a remote cannot measure it):
 *
 * | | native | wasm |
 * |---|---|---|
 * | `publicKey`, `sign` | yes | yes (libsecp256k1 compiled to WASM; the engine promises nothing) |
 * | `ecdh` | yes | **no**, but blinded: see {@link Blinding} |
 * | `ecdhEphemeral`, `recoverEcdh` | **no** | **no** |
 *
 * The other operations work on public values.
 *
 * A private key that is not one throws a `PeerloomError` `ERR_INVALID_PRIVATE_KEY`: it is the caller's own.
 */
export interface Secp256k1Operations {
  /** 32 bytes, not zero and below the order of the curve. Never throws. */
  isPrivateKey(key: Uint8Array): boolean
  /** The public key of a private one: 64 bytes. */
  publicKey(privateKey: Uint8Array): Uint8Array
  /** 64 bytes that are a point on the curve. Never throws. */
  isPublicKey(publicKey: Uint8Array): boolean
  /** 64 to 33 bytes. Throws CodecError `ERR_INVALID_PUBLIC_KEY`. */
  compress(publicKey: Uint8Array): Uint8Array
  /** 33 to 64 bytes. Throws CodecError `ERR_INVALID_PUBLIC_KEY`. */
  decompress(publicKey: Uint8Array): Uint8Array
  /**
   * The shared point's x: 32 bytes. For keys used more than once. The point is checked to be on the curve before it is
   * multiplied (GHSA-m6j8-rg6r-7mv8). Throws CodecError `ERR_INVALID_PUBLIC_KEY`.
   */
  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array
  /** Computes `ecdh` in the fastest way: only for private keys that are used once. */
  ecdhEphemeral(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array
  /**
   * `ecdhEphemeral` with the key that made a signature, for the price of `recover` alone. Throws as those two.
   * The key is Q = r⁻¹(s·R − hash·G), so its multiple k·Q is what k·s and k·hash recover to.
   */
  recoverEcdh(privateKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): Uint8Array
  /** r‖s‖recoveryId (0 to 3): 65 bytes; s is low, the nonce is RFC 6979's, so all backends give the same bytes. */
  sign(hash: Uint8Array, privateKey: Uint8Array): Uint8Array
  /** The public key that made a 65-byte signature (high s is accepted). Throws CodecError `ERR_INVALID_SIGNATURE`. */
  recover(hash: Uint8Array, signature: Uint8Array): Uint8Array
  /** @returns true if r‖s (64 bytes) is of that key; false also for malformed keys and signatures, and for high s */
  verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean
}

/** {@link Secp256k1Operations} by a backend with a name. */
export interface Secp256k1 extends Secp256k1Operations {
  readonly backend: Secp256k1Backend
}

export function invalidPublicKey(cause?: unknown): CodecError {
  return new CodecError('ERR_INVALID_PUBLIC_KEY', 'not a point on the curve secp256k1', 0, { cause })
}

export function invalidSignature(cause?: unknown): CodecError {
  return new CodecError('ERR_INVALID_SIGNATURE', 'no public key makes this signature', 0, { cause })
}

export function invalidPrivateKey(): PeerloomError {
  return new PeerloomError('ERR_INVALID_PRIVATE_KEY', 'not a private key of the curve secp256k1')
}

/** Hashes come from our own code: a wrong length is a fault of the caller. */
export function checkHash(hash: Uint8Array): void {
  if (hash.length !== 32) throw new PeerloomError('ERR_INVALID_HASH', `a hash has 32 bytes, not ${hash.length}`)
}

/** The 65-byte form (0x04‖x‖y) that the libraries want. Throws `ERR_INVALID_PUBLIC_KEY` on another length. */
export function toUncompressed(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 64) throw invalidPublicKey()
  const out = new Uint8Array(65)
  out[0] = 4
  out.set(publicKey, 1)
  return out
}
