/**
 * RLPx frames written after the specification, in plain JavaScript: the reference for those of the kernel.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md#framing
 * @module
 */
import { createCipheriv } from 'node:crypto'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { concatBytes } from '../../src/base/bytes.ts'

/** Part of a running keccak-256 that the MACs need. */
export interface RunningHash {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

export function nobleKeccak(seed: Uint8Array): RunningHash {
  const hash = keccak_256.create().update(seed)
  return { update: (bytes) => hash.update(bytes), digest: () => hash.clone().digest() }
}

const xor = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((byte, i) => byte ^ b[i]!)

/** MAC of one direction. */
export class ReferenceMac {
  readonly #secret: Uint8Array
  readonly #hash: RunningHash

  constructor(secret: Uint8Array, hash: RunningHash) {
    this.#secret = secret
    this.#hash = hash
  }

  digest(): Uint8Array {
    return this.#hash.digest().slice(0, 16)
  }

  header(ciphertext: Uint8Array): Uint8Array {
    this.#hash.update(xor(this.#encrypt(this.digest()), ciphertext))
    return this.digest()
  }

  body(ciphertext: Uint8Array): Uint8Array {
    this.#hash.update(ciphertext)
    const seed = this.digest()
    this.#hash.update(xor(this.#encrypt(seed), seed))
    return this.digest()
  }

  #encrypt(block: Uint8Array): Uint8Array {
    return createCipheriv('aes-256-ecb', this.#secret, null).setAutoPadding(false).update(block)
  }
}

/** Seals the frames of one direction. */
export class ReferenceFrames {
  readonly #cipher: ReturnType<typeof createCipheriv>
  readonly #mac: ReferenceMac

  constructor(secrets: { readonly aes: Uint8Array; readonly mac: Uint8Array }, hash: RunningHash) {
    this.#cipher = createCipheriv('aes-256-ctr', secrets.aes, new Uint8Array(16))
    this.#mac = new ReferenceMac(secrets.mac, hash)
  }

  /** Seals a frame with any body (message id and payload); its header claims `size`. */
  seal(body: Uint8Array, size: number = body.length): Uint8Array {
    const header = new Uint8Array(16)
    header.set([size >> 16, (size >> 8) & 0xff, size & 0xff, 0xc2, 0x80, 0x80])
    const sealedHeader = this.#cipher.update(header)
    const headerMac = this.#mac.header(sealedHeader)
    const sealedBody = this.#cipher.update(concatBytes(body, new Uint8Array(-body.length & 15)))
    return concatBytes(sealedHeader, headerMac, sealedBody, this.#mac.body(sealedBody))
  }
}
