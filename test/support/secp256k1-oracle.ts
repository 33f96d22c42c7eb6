/**
 * secp256k1 by @noble/curves, a development dependency: the oracle that tests compare the package's backends with. It
 * shares no code with libsecp256k1, is 30 to 60 times slower, and nothing in it is constant time.
 * @module
 */
import { secp256k1 as curve } from '@noble/curves/secp256k1.js'
import {
  checkHash,
  invalidPrivateKey,
  invalidPublicKey,
  invalidSignature,
  type Secp256k1Operations,
  toUncompressed,
} from '../../src/crypto/secp256k1-backend.ts'

class NobleSecp256k1 implements Secp256k1Operations {
  isPrivateKey(key: Uint8Array): boolean {
    return key.length === 32 && curve.utils.isValidSecretKey(key)
  }

  publicKey(privateKey: Uint8Array): Uint8Array {
    this.#checkPrivateKey(privateKey)
    return curve.getPublicKey(privateKey, false).slice(1)
  }

  isPublicKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 64 && curve.utils.isValidPublicKey(toUncompressed(publicKey))
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
      return curve.Point.fromBytes(publicKey).toBytes(compressed)
    } catch (cause) {
      throw invalidPublicKey(cause)
    }
  }

  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    this.#checkPrivateKey(privateKey)
    if (!this.isPublicKey(publicKey)) throw invalidPublicKey()
    return curve.getSharedSecret(privateKey, toUncompressed(publicKey), true).slice(1)
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
    // Its recovered format is recoveryId‖r‖s.
    const signature = curve.sign(hash, privateKey, { prehash: false, format: 'recovered' })
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
      return this.decompress(curve.recoverPublicKey(recovered, hash, { prehash: false }))
    } catch (cause) {
      throw invalidSignature(cause)
    }
  }

  verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    checkHash(hash)
    if (signature.length !== 64 || publicKey.length !== 64) return false
    try {
      return curve.verify(signature, hash, toUncompressed(publicKey), { prehash: false, format: 'compact' })
    } catch {
      return false
    }
  }

  #checkPrivateKey(key: Uint8Array): void {
    if (!this.isPrivateKey(key)) throw invalidPrivateKey()
  }
}

export const secp256k1Oracle: Secp256k1Operations = new NobleSecp256k1()
