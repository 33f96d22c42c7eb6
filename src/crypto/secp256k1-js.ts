/**
 * secp256k1 in JavaScript: @noble/curves, a development dependency. The oracle that tests compare with, and a last
 * resort by `PEERLOOM_CRYPTO=js`: 30 to 60 times slower, and nothing in it is constant time.
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

interface NobleFormat {
  readonly prehash: false
  readonly format: 'compact' | 'recovered'
}

/** The functions used here, as @noble/curves 2 documents them. Its recovered format is recoveryId‖r‖s. */
interface NobleCurve {
  readonly utils: { isValidSecretKey(key: Uint8Array): boolean; isValidPublicKey(key: Uint8Array): boolean }
  readonly Point: { fromBytes(bytes: Uint8Array): { toBytes(compressed: boolean): Uint8Array } }
  getPublicKey(privateKey: Uint8Array, compressed: boolean): Uint8Array
  getSharedSecret(privateKey: Uint8Array, publicKey: Uint8Array, compressed: boolean): Uint8Array
  sign(hash: Uint8Array, privateKey: Uint8Array, options: NobleFormat): Uint8Array
  verify(signature: Uint8Array, hash: Uint8Array, publicKey: Uint8Array, options: NobleFormat): boolean
  recoverPublicKey(signature: Uint8Array, hash: Uint8Array, options: { prehash: false }): Uint8Array
}

/** Throws what Node throws when the package is not installed. */
export function loadJs(): Secp256k1 {
  const module = require('@noble/curves/secp256k1.js') as { secp256k1: NobleCurve }
  return new JsSecp256k1(module.secp256k1)
}

class JsSecp256k1 implements Secp256k1 {
  readonly backend = 'js'
  readonly #curve: NobleCurve

  constructor(curve: NobleCurve) {
    this.#curve = curve
  }

  isPrivateKey(key: Uint8Array): boolean {
    return key.length === 32 && this.#curve.utils.isValidSecretKey(key)
  }

  publicKey(privateKey: Uint8Array): Uint8Array {
    this.#checkPrivateKey(privateKey)
    return this.#curve.getPublicKey(privateKey, false).slice(1)
  }

  isPublicKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 64 && this.#curve.utils.isValidPublicKey(toUncompressed(publicKey))
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
      return this.#curve.Point.fromBytes(publicKey).toBytes(compressed)
    } catch (cause) {
      throw invalidPublicKey(cause)
    }
  }

  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    this.#checkPrivateKey(privateKey)
    if (!this.isPublicKey(publicKey)) throw invalidPublicKey()
    return this.#curve.getSharedSecret(privateKey, toUncompressed(publicKey), true).slice(1)
  }

  ecdhEphemeral(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    return this.ecdh(privateKey, publicKey)
  }

  recoverEcdh(privateKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): Uint8Array {
    return this.ecdh(privateKey, this.recover(hash, signature))
  }

  sign(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
    checkHash(hash)
    this.#checkPrivateKey(privateKey)
    const signature = this.#curve.sign(hash, privateKey, { prehash: false, format: 'recovered' })
    const out = new Uint8Array(65)
    out.set(signature.subarray(1))
    out[64] = signature[0] as number
    return out
  }

  recover(hash: Uint8Array, signature: Uint8Array): Uint8Array {
    checkHash(hash)
    if (signature.length !== 65) throw invalidSignature()
    const recovered = new Uint8Array(65)
    recovered[0] = signature[64] as number
    recovered.set(signature.subarray(0, 64), 1)
    try {
      return this.decompress(this.#curve.recoverPublicKey(recovered, hash, { prehash: false }))
    } catch (cause) {
      throw invalidSignature(cause)
    }
  }

  verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    checkHash(hash)
    if (signature.length !== 64 || publicKey.length !== 64) return false
    try {
      return this.#curve.verify(signature, hash, toUncompressed(publicKey), { prehash: false, format: 'compact' })
    } catch {
      return false
    }
  }

  #checkPrivateKey(key: Uint8Array): void {
    if (!this.isPrivateKey(key)) throw invalidPrivateKey()
  }
}
