/**
 * libsecp256k1 as WebAssembly: the binary inside @bitauth/libauth, driven directly. Libauth's own wrapper is
 * asynchronous and imports the whole library (300 ms); the binary alone loads in a few milliseconds.
 * @module
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { concatBytes } from '../base/bytes.ts'
import { InternalError } from '../base/errors.ts'
import { wasm } from '../base/webassembly.ts'
import {
  checkHash,
  invalidPrivateKey,
  invalidPublicKey,
  invalidSignature,
  type Secp256k1,
  toUncompressed,
} from './secp256k1-backend.ts'
import { drawBlinding } from './secp256k1-blinding.ts'

const require = createRequire(import.meta.url)

/** Functions used here, of the same names as in libsecp256k1. Arguments are addresses or numbers; 1 is success. */
interface Library {
  _malloc(bytes: number): number
  _secp256k1_context_create(flags: number): number
  _secp256k1_context_randomize(context: number, seed: number): number
  _secp256k1_ec_seckey_verify(context: number, key: number): number
  _secp256k1_ec_privkey_tweak_mul(context: number, key: number, scalar: number): number
  _secp256k1_ec_pubkey_create(context: number, point: number, key: number): number
  _secp256k1_ec_pubkey_parse(context: number, point: number, bytes: number, length: number): number
  _secp256k1_ec_pubkey_serialize(context: number, bytes: number, length: number, point: number, flags: number): number
  _secp256k1_ec_pubkey_tweak_mul(context: number, point: number, scalar: number): number
  _secp256k1_ecdsa_sign_recoverable(context: number, signature: number, hash: number, key: number): number
  _secp256k1_ecdsa_recoverable_signature_serialize_compact(
    context: number,
    bytes: number,
    recoveryId: number,
    signature: number,
  ): number
  _secp256k1_ecdsa_recoverable_signature_parse_compact(
    context: number,
    signature: number,
    bytes: number,
    recoveryId: number,
  ): number
  _secp256k1_ecdsa_recover(context: number, point: number, signature: number, hash: number): number
  _secp256k1_ecdsa_signature_parse_compact(context: number, signature: number, bytes: number): number
  _secp256k1_ecdsa_verify(context: number, signature: number, hash: number, point: number): number
}

/** SECP256K1_CONTEXT_VERIFY | SECP256K1_CONTEXT_SIGN of secp256k1.h. */
const CONTEXT_BOTH = 0x301
const COMPRESSED = 0x102
const UNCOMPRESSED = 0x2

// Fixed sizes that the binary was linked with (Emscripten, asm.js-style memory), checked by instantiation.
const MEMORY_PAGES = 256
const PAGE_BYTES = 65_536
const STATIC_BASE = 1_024
const STATIC_BYTES = 67_712
const STACK_BYTES = 5_242_880
const TABLE_SIZE = 6

/** Loads the backend. Throws Node's error when the package is not installed. */
export function loadWasm(seed: Uint8Array): Secp256k1 {
  const path = require.resolve('@bitauth/libauth/build/lib/bin/secp256k1/secp256k1.wasm')
  const memory = new wasm.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES })
  const bytes = new Uint8Array(memory.buffer)
  const instance = new wasm.Instance(new wasm.Module(readFileSync(path)), imports(memory, bytes))
  return new WasmSecp256k1(instance.exports as Library, bytes, seed)
}

/** Environment of an Emscripten program: a heap that begins behind the stack and cannot grow. */
function imports(memory: object, bytes: Uint8Array): Record<string, Record<string, unknown>> {
  const heapTopAt = STATIC_BASE + STATIC_BYTES
  const stackAt = heapTopAt + 16
  new DataView(bytes.buffer).setUint32(heapTopAt, stackAt + STACK_BYTES, true)
  const abort = () => {
    throw new InternalError('libsecp256k1 (wasm) aborted')
  }
  return {
    env: {
      memory,
      table: new wasm.Table({ element: 'anyfunc', initial: TABLE_SIZE, maximum: TABLE_SIZE }),
      tableBase: 0,
      DYNAMICTOP_PTR: heapTopAt,
      STACKTOP: stackAt,
      abort,
      _abort: abort,
      enlargeMemory: abort,
      abortOnCannotGrowMemory: abort,
      getTotalMemory: () => MEMORY_PAGES * PAGE_BYTES,
      ___setErrNo: (value: number) => value,
      _emscripten_memcpy_big: (to: number, from: number, length: number) => {
        bytes.copyWithin(to, from, from + length)
        return to
      },
    },
  }
}

class WasmSecp256k1 implements Secp256k1 {
  readonly backend = 'wasm'
  readonly #library: Library
  readonly #bytes: Uint8Array
  readonly #context: number
  // Addresses, allocated once: calls are synchronous, so one set of buffers is enough.
  readonly #key: number
  readonly #factor: number
  readonly #hash: number
  readonly #serialized: number
  readonly #length: number
  readonly #point: number
  readonly #signature: number
  readonly #recoveryId: number

  constructor(library: Library, bytes: Uint8Array, seed: Uint8Array) {
    this.#library = library
    this.#bytes = bytes
    this.#key = library._malloc(32)
    this.#factor = library._malloc(32)
    this.#hash = library._malloc(32)
    this.#serialized = library._malloc(72)
    this.#length = library._malloc(4)
    this.#point = library._malloc(64)
    this.#signature = library._malloc(72)
    this.#recoveryId = library._malloc(4)
    this.#context = library._secp256k1_context_create(CONTEXT_BOTH)
    bytes.set(seed, this.#key)
    library._secp256k1_context_randomize(this.#context, this.#key)
    bytes.fill(0, this.#key, this.#key + 32)
  }

  isPrivateKey(key: Uint8Array): boolean {
    return key.length === 32 && this.#withKey(key, () => 1) === 1
  }

  publicKey(privateKey: Uint8Array): Uint8Array {
    this.#withValidKey(privateKey, () =>
      this.#library._secp256k1_ec_pubkey_create(this.#context, this.#point, this.#key),
    )
    return this.#serialize(UNCOMPRESSED).slice(1)
  }

  isPublicKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 64 && this.#parse(toUncompressed(publicKey))
  }

  compress(publicKey: Uint8Array): Uint8Array {
    if (!this.#parse(toUncompressed(publicKey))) throw invalidPublicKey()
    return this.#serialize(COMPRESSED).slice()
  }

  decompress(publicKey: Uint8Array): Uint8Array {
    if (publicKey.length !== 33 || !this.#parse(publicKey)) throw invalidPublicKey()
    return this.#serialize(UNCOMPRESSED).slice(1)
  }

  ecdh(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    if (!this.#parse(toUncompressed(publicKey))) throw invalidPublicKey()
    const { factor, inverse } = drawBlinding()
    const blinded = this.#product(privateKey, inverse)
    if (!blinded) throw invalidPrivateKey()
    this.#multiplyPoint(factor)
    this.#multiplyPoint(blinded)
    blinded.fill(0)
    return this.#serialize(COMPRESSED).slice(1)
  }

  ecdhEphemeral(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array {
    if (!this.#parse(toUncompressed(publicKey))) throw invalidPublicKey()
    this.#multiplyPoint(privateKey)
    return this.#serialize(COMPRESSED).slice(1)
  }

  recoverEcdh(privateKey: Uint8Array, hash: Uint8Array, signature: Uint8Array): Uint8Array {
    checkHash(hash)
    // A hash that is not a private key is not a factor either: 2¹²⁸ of 2²⁵⁶ are not.
    if (!this.isPrivateKey(hash)) return this.ecdhEphemeral(privateKey, this.recover(hash, signature))
    const scaledHash = this.#product(privateKey, hash)
    if (!scaledHash) throw invalidPrivateKey()
    const scaledS = this.#product(privateKey, signature.subarray(32, 64))
    if (!scaledS || signature.length !== 65) throw invalidSignature()
    this.#recover(scaledHash, concatBytes(signature.subarray(0, 32), scaledS, signature.subarray(64)))
    return this.#serialize(COMPRESSED).slice(1)
  }

  sign(hash: Uint8Array, privateKey: Uint8Array): Uint8Array {
    checkHash(hash)
    this.#bytes.set(hash, this.#hash)
    this.#withValidKey(privateKey, () =>
      this.#library._secp256k1_ecdsa_sign_recoverable(this.#context, this.#signature, this.#hash, this.#key),
    )
    this.#library._secp256k1_ecdsa_recoverable_signature_serialize_compact(
      this.#context,
      this.#serialized,
      this.#recoveryId,
      this.#signature,
    )
    const out = new Uint8Array(65)
    out.set(this.#bytes.subarray(this.#serialized, this.#serialized + 64))
    out[64] = this.#bytes[this.#recoveryId] as number
    return out
  }

  recover(hash: Uint8Array, signature: Uint8Array): Uint8Array {
    checkHash(hash)
    this.#recover(hash, signature)
    return this.#serialize(UNCOMPRESSED).slice(1)
  }

  /** Recovers the key into #point. */
  #recover(hash: Uint8Array, signature: Uint8Array): void {
    // The library aborts on a recovery id over 3 instead of refusing it.
    if (signature.length !== 65 || (signature[64] as number) > 3) throw invalidSignature()
    this.#bytes.set(hash, this.#hash)
    this.#bytes.set(signature.subarray(0, 64), this.#serialized)
    const recovered =
      this.#library._secp256k1_ecdsa_recoverable_signature_parse_compact(
        this.#context,
        this.#signature,
        this.#serialized,
        signature[64] as number,
      ) === 1 && this.#library._secp256k1_ecdsa_recover(this.#context, this.#point, this.#signature, this.#hash) === 1
    if (!recovered) throw invalidSignature()
  }

  verify(hash: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
    checkHash(hash)
    if (signature.length !== 64 || !this.isPublicKey(publicKey)) return false
    this.#bytes.set(hash, this.#hash)
    this.#bytes.set(signature, this.#serialized)
    return (
      this.#library._secp256k1_ecdsa_signature_parse_compact(this.#context, this.#signature, this.#serialized) === 1 &&
      this.#library._secp256k1_ecdsa_verify(this.#context, this.#signature, this.#hash, this.#point) === 1
    )
  }

  /** Runs `use` with the key in the module's memory, and wipes it there. @returns 0 if it is not a key */
  #withKey(key: Uint8Array, use: () => number): number {
    this.#bytes.set(key, this.#key)
    try {
      return this.#library._secp256k1_ec_seckey_verify(this.#context, this.#key) === 1 ? use() : 0
    } finally {
      this.#bytes.fill(0, this.#key, this.#key + 32)
    }
  }

  #withValidKey(key: Uint8Array, use: () => number): void {
    if (key.length !== 32 || this.#withKey(key, use) !== 1) throw invalidPrivateKey()
  }

  /** Multiplies key and factor modulo the order; undefined when one of them is not a private key. */
  #product(key: Uint8Array, factor: Uint8Array): Uint8Array | undefined {
    if (key.length !== 32 || factor.length !== 32) return undefined
    this.#bytes.set(factor, this.#factor)
    let product: Uint8Array | undefined
    this.#withKey(key, () => {
      const made = this.#library._secp256k1_ec_privkey_tweak_mul(this.#context, this.#key, this.#factor)
      if (made === 1) product = this.#bytes.slice(this.#key, this.#key + 32)
      return made
    })
    return product
  }

  /** Replaces #point by a multiple of it. */
  #multiplyPoint(scalar: Uint8Array): void {
    this.#withValidKey(scalar, () =>
      this.#library._secp256k1_ec_pubkey_tweak_mul(this.#context, this.#point, this.#key),
    )
  }

  /** Reads a serialized point into #point; false when it is not on the curve. */
  #parse(serialized: Uint8Array): boolean {
    this.#bytes.set(serialized, this.#serialized)
    return (
      this.#library._secp256k1_ec_pubkey_parse(this.#context, this.#point, this.#serialized, serialized.length) === 1
    )
  }

  /** Views the bytes of the point, valid until the next call. */
  #serialize(flags: number): Uint8Array {
    const length = flags === COMPRESSED ? 33 : 65
    new DataView(this.#bytes.buffer).setUint32(this.#length, length, true)
    this.#library._secp256k1_ec_pubkey_serialize(this.#context, this.#serialized, this.#length, this.#point, flags)
    return this.#bytes.subarray(this.#serialized, this.#serialized + length)
  }
}
