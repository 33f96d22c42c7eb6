/**
 * ECIES of RLPx's handshake (devp2p, rlpx.md, "ECIES Encryption"):
 * ephemeral public key (65) ‖ iv (16) ‖ AES-128-CTR ciphertext ‖ HMAC-SHA256 tag (32).
 * @module
 */
import { concatBytes, EMPTY_BYTES } from '../base/bytes.ts'
import { CodecError } from '../base/errors.ts'
import { AesCtr, equalSecret, hmacSha256, randomBytes, sha256 } from './node-crypto.ts'
import type { Secp256k1Operations } from './secp256k1-backend.ts'

const KEY_BYTES = 65
const IV_BYTES = 16
const TAG_BYTES = 32
/** Bytes that encryption adds to a message. */
export const ECIES_OVERHEAD_BYTES: number = KEY_BYTES + IV_BYTES + TAG_BYTES

/** The counter of the concatenation KDF of NIST SP 800-56: 32 bytes of key need one round. */
const KDF_COUNTER = Uint8Array.of(0, 0, 0, 1)

function fail(message: string, cause?: unknown): CodecError {
  return new CodecError('ERR_ECIES', message, 0, cause === undefined ? {} : { cause })
}

function deriveKeys(shared: Uint8Array): { encryption: Uint8Array; mac: Uint8Array } {
  const key = sha256(KDF_COUNTER, shared)
  return { encryption: key.subarray(0, 16), mac: sha256(key.subarray(16)) }
}

function ephemeralKey(secp: Secp256k1Operations, random: (length: number) => Uint8Array): Uint8Array {
  for (;;) {
    const key = random(32)
    if (secp.isPrivateKey(key)) return key
  }
}

/**
 * Encrypts to the owner of `remotePublicKey` (64 bytes). `sharedMacData` is authenticated but not part of the result: in
 * RLPx the two bytes of the size in front. Throws CodecError `ERR_ECIES` when the key is not on the curve.
 * @param random returns that many unpredictable bytes. @default randomBytes
 */
export function eciesEncrypt(
  secp: Secp256k1Operations,
  remotePublicKey: Uint8Array,
  plaintext: Uint8Array,
  sharedMacData: Uint8Array = EMPTY_BYTES,
  random: (length: number) => Uint8Array = randomBytes,
): Uint8Array {
  const ephemeral = ephemeralKey(secp, random)
  const iv = random(IV_BYTES)
  const keys = deriveKeys(onCurve('remote public', () => secp.ecdhEphemeral(ephemeral, remotePublicKey)))
  const ciphertext = new AesCtr(keys.encryption, iv).update(plaintext)
  const tag = hmacSha256(keys.mac, iv, ciphertext, sharedMacData)
  return concatBytes(Uint8Array.of(4), secp.publicKey(ephemeral), iv, ciphertext, tag)
}

/**
 * Decrypts a message of `eciesEncrypt`. Checks that the ephemeral key is on the curve before multiplying it by the static
 * key (GHSA-m6j8-rg6r-7mv8), and the MAC, in constant time, before decrypting. Throws CodecError `ERR_ECIES`.
 */
export function eciesDecrypt(
  secp: Secp256k1Operations,
  privateKey: Uint8Array,
  message: Uint8Array,
  sharedMacData: Uint8Array = EMPTY_BYTES,
): Uint8Array {
  if (message.length < ECIES_OVERHEAD_BYTES) throw fail(`${message.length} bytes are no ECIES message`)
  if (message[0] !== 4) throw fail('the ephemeral key is not uncompressed')
  const ephemeral = message.subarray(1, KEY_BYTES)
  const tagAt = message.length - TAG_BYTES
  const keys = deriveKeys(onCurve('ephemeral', () => secp.ecdh(privateKey, ephemeral)))
  const tag = hmacSha256(keys.mac, message.subarray(KEY_BYTES, tagAt), sharedMacData)
  if (!equalSecret(tag, message.subarray(tagAt))) throw fail('the MAC does not match')
  const iv = message.subarray(KEY_BYTES, KEY_BYTES + IV_BYTES)
  return new AesCtr(keys.encryption, iv).update(message.subarray(KEY_BYTES + IV_BYTES, tagAt))
}

function onCurve(whose: string, agree: () => Uint8Array): Uint8Array {
  try {
    return agree()
  } catch (cause) {
    if (cause instanceof CodecError) throw fail(`the ${whose} key is not on the curve`, cause)
    throw cause
  }
}
