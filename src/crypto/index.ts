/**
 * Cryptography, and the only access to crypto libraries. One interface per job, with the best library behind it:
 * libsecp256k1 (native or WASM), our own kernel (wasm/) for keccak and the crypto of RLPx frames, node:crypto for the rest.
 *
 * Knows no protocol but ECIES, which RLPx and pss share, and the MAC of RLPx frames, which would cost a call into the kernel
 * per step elsewhere. Keeps no keys: identity does.
 * Start reading at secp256k1-backend.ts (what the curve can do) and keccak.ts.
 * @module
 */
export { ECIES_OVERHEAD_BYTES, eciesDecrypt, eciesEncrypt } from './ecies.ts'
export {
  FrameOpener,
  FrameSealer,
  frameMemory,
  INBOUND_WINDOW,
  OUTBOUND_WINDOW,
  WINDOW_BYTES,
} from './frame-crypto.ts'
export { keccak256 } from './keccak.ts'
export { equalSecret, hmacSha256, randomBytes, sha256 } from './node-crypto.ts'
export { generateKey, secp256k1 } from './secp256k1.ts'
