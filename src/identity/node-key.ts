/**
 * A node's key and the name it gives the node.
 * @module
 */
import { inspect } from 'node:util'
import { bytesToHex } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { generateKey, keccak256, secp256k1 } from '../crypto/index.ts'

/** A node's static key on secp256k1. Public key and id follow from it and are computed once. */
export class NodeKey {
  /** 32 bytes. A secret: never log or send it. */
  readonly privateKey: Uint8Array
  /** 64 bytes x‖y: what enode URLs name the node by. */
  readonly publicKey: Uint8Array
  /** 32 bytes, the keccak-256 of the public key: what discovery measures distances with. */
  readonly id: Uint8Array

  private constructor(privateKey: Uint8Array) {
    this.privateKey = privateKey
    this.publicKey = secp256k1().publicKey(privateKey)
    this.id = keccak256(this.publicKey)
  }

  /** A new random key. */
  static generate(): NodeKey {
    return new NodeKey(generateKey())
  }

  /** Copies 32 bytes. Throws a ConfigError when they are not a private key. */
  static from(privateKey: Uint8Array): NodeKey {
    if (!secp256k1().isPrivateKey(privateKey)) {
      throw new ConfigError('privateKey', 'not a private key of the curve secp256k1', {
        hint: '32 bytes, not zero and below the order of the curve',
      })
    }
    return new NodeKey(privateKey.slice())
  }

  /** Keeps the secret out of logs: shows the id only. */
  toJSON(): { id: string } {
    return { id: bytesToHex(this.id) }
  }

  [inspect.custom](): string {
    return `NodeKey(${bytesToHex(this.id)})`
  }
}
