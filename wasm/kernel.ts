// The module that src/crypto/kernel.ts runs. Build with `node scripts/build-wasm.mjs`, which writes
// src/crypto/kernel-wasm.ts.
//
// Memory, in pages of 64 KiB; what is not named here is free for the caller:
//   256–455      where a look at a keccak state leaves its result
//   464–479      a MAC's seed
//   1024–2047    constants and tables
export { peek, reset, update } from './keccak'
export { makeKeystream, openBody, openEnd, openHead, sealBody, sealEnd, sealHead, start } from './rlpx'
