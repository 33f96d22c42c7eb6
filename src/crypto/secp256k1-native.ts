/**
 * libsecp256k1 as a Node addon: the optional package `secp256k1`.
 * @module
 */
import { createRequire } from 'node:module'
import {
  checkHash,
  invalidPrivateKey,
  invalidPublicKey,
  invalidSignature,
  type Secp256k1,
  toUncompressed,
} from './secp256k1-backend.ts'

const require = createRequire(import.meta.url)

interface EcdhOptions {
  hashfn(x: Uint8Array, y: Uint8Array): Uint8Array
  xbuf: Uint8Array
  ybuf: Uint8Array
}

/** Functions used here, as secp256k1 5 documents them. */
interface Addon {
  contextRandomize(seed: Uint8Array): void
  privateKeyVerify(privateKey: Uint8Array): boolean
  /** Multiplies in place. Throws when the tweak is zero or not below the order. */
  privateKeyTweakMul(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array
  publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array
  publicKeyVerify(publicKey: Uint8Array): boolean
  publicKeyConvert(publicKey: Uint8Array, compressed: boolean): Uint8Array
  publicKeyTweakMul(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array
  ecdh(publicKey: Uint8Array, privateKey: Uint8Array, options: EcdhOptions, out: Uint8Array): Uint8Array
  ecdsaSign(hash: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number }
  ecdsaRecover(signature: Uint8Array, recoveryId: number, hash: Uint8Array, compressed: boolean): Uint8Array
  ecdsaVerify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array): boolean
}

/** Loads the backend. Throws Node's error when the package is not installed or has no binary for this machine. */
export function loadNative(seed: Uint8Array): Secp256k1 {
  // 'secp256k1' itself silently falls back to elliptic in JavaScript; the bindings do not.
  const addon = require('secp256k1/bindings') as Addon
  addon.contextRandomize(seed)
  return new NativeSecp256k1(addon)
}

class NativeSecp256k1 implements Secp256k1 {
  readonly backend = 'native'
  readonly #addon: Addon
  readonly #x = new Uint8Array(32)
  readonly #ecdh: EcdhOptions

  constructor(addon: Addon) {
    this.#addon = addon
    this.#ecdh = { hashfn: (x) => x, xbuf: this.#x, ybuf: new Uint8Array(32) }
  }

  isPrivateKey(key: Uint8Array): boolean {
    return key.length === 32 && this.#addon.privateKeyVerify(key)
  }

  publicKey(privateKey: Uint8Array): Uint8Array {
    try {
      return this.#addon.publicKeyCreate(privateKey, false).slice(1)
    } catch {
      throw invalidPrivateKey()
    }
  }

  isPublicKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 64 && this.#addon.publicKeyVerify(toUncompressed(publicKey))
  }

  compress(publicKey: Uint8Array): Uint8Array {
    return this.#convert(toUncompressed(publicKey), true)
  }

  decompress(publicKey: Uint8Array): Uint8Array {
    if (publicKey.length !== 33) throw invalidPublicKey()
    return this.#convert(publicKey, false).slice(1)
  }

  #convert(publicKey: Uint8Array, compressed: boolean): Uint8Array {
    try {
      return this.#addon.publicKeyConvert(publicKey, compressed)
    } catch (cause) {
      throw invalidPublicKey(cause)
    }
  }

  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    const out = new Uint8Array(32)
    try {
      // libsecp256k1 parses the point first, and parsing is the check that it lies on the curve.
      return this.#addon.ecdh(toUncompressed(publicKey), privateKey, this.#ecdh, out)
    } catch (cause) {
      throw this.#whichKey(privateKey, cause)
    } finally {
      this.#x.fill(0)
    }
  }

  /** Takes two thirds of the time of `ecdh`, which is constant time. */
  ecdhEphemeral(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    try {
      return this.#addon.publicKeyTweakMul(toUncompressed(publicKey), privateKey, true).slice(1)
    } catch (cause) {
      throw this.#whichKey(privateKey, cause)
    }
  }

  recoverEcdh(privateKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): Uint8Array {
    checkHash(hash)
    // A hash that is not a private key is not a factor either: 2¹²⁸ of 2²⁵⁶ are not.
    if (!this.isPrivateKey(hash)) return this.ecdhEphemeral(privateKey, this.recover(hash, signature))
    if (!this.isPrivateKey(privateKey)) throw invalidPrivateKey()
    if (signature.length !== 65) throw invalidSignature()
    try {
      const scaled = signature.slice(0, 64)
      scaled.set(this.#addon.privateKeyTweakMul(privateKey.slice(), signature.subarray(32, 64)), 32)
      const scaledHash = this.#addon.privateKeyTweakMul(privateKey.slice(), hash)
      return this.#addon.ecdsaRecover(scaled, signature[64] as number, scaledHash, true).slice(1)
    } catch (cause) {
      throw invalidSignature(cause)
    }
  }

  sign(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
    checkHash(hash)
    const { signature, recid } = this.#sign(hash, privateKey)
    const out = new Uint8Array(65)
    out.set(signature)
    out[64] = recid
    return out
  }

  #sign(hash: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number } {
    try {
      return this.#addon.ecdsaSign(hash, privateKey)
    } catch {
      throw invalidPrivateKey()
    }
  }

  recover(hash: Uint8Array, signature: Uint8Array): Uint8Array {
    checkHash(hash)
    if (signature.length !== 65) throw invalidSignature()
    try {
      return this.#addon.ecdsaRecover(signature.subarray(0, 64), signature[64] as number, hash, false).slice(1)
    } catch (cause) {
      throw invalidSignature(cause)
    }
  }

  verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    checkHash(hash)
    if (signature.length !== 64 || publicKey.length !== 64) return false
    try {
      return this.#addon.ecdsaVerify(signature, hash, toUncompressed(publicKey))
    } catch {
      return false
    }
  }

  /** Finds out which of both keys the library refused: it does not say. */
  #whichKey(privateKey: Uint8Array, cause: unknown): Error {
    return this.isPrivateKey(privateKey) ? invalidPublicKey(cause) : invalidPrivateKey()
  }
}
