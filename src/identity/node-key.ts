/**
 * Key of a node, and the public key and id derived from it.
 * @module
 */
import { inspect } from 'node:util'
import { bytesToHex } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { generateKey, keccak256, secp256k1 } from '../crypto/index.ts'

/** Static key of a node on secp256k1, with its public key and id, which are computed once. */
export class NodeKey {
  /** Private key, 32 bytes. Secret: never log or send it. */
  readonly privateKey: Uint8Array
  /** Public key, 64 bytes x‖y, as in enode URLs. */
  readonly publicKey: Uint8Array
  /** keccak-256 of the public key, 32 bytes, as in discovery. */
  readonly id: Uint8Array

  private constructor(privateKey: Uint8Array) {
    this.privateKey = privateKey
    this.publicKey = secp256k1().publicKey(privateKey)
    this.id = keccak256(this.publicKey)
  }

  /** Generates a random key. */
  static generate(): NodeKey {
    return new NodeKey(generateKey())
  }

  /** Makes a key of a copy of 32 bytes. Throws a ConfigError when they are not a private key. */
  static from(privateKey: Uint8Array): NodeKey {
    if (!secp256k1().isPrivateKey(privateKey)) {
      throw new ConfigError('privateKey', 'not a private key of the curve secp256k1', {
        hint: '32 bytes, not zero and below the order of the curve',
      })
    }
    return new NodeKey(privateKey.slice())
  }

  /** JSON with the id only, which keeps the secret out of logs. */
  toJSON(): { id: string } {
    return { id: bytesToHex(this.id) }
  }

  [inspect.custom](): string {
    return `NodeKey(${bytesToHex(this.id)})`
  }
}
