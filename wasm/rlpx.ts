// What RLPx does to each frame of one direction: a keystream is added, and a keccak-256 that runs through all frames is
// looked at after each header and body. Everything happens in place, in memory that JavaScript fills and reads.
//
// A direction's state, 704 bytes, belongs to the caller: a keccak state, what the last look at it gave (16 bytes), the
// expanded key of the MAC, the expanded key of the cipher. A header's MAC begins with the look its predecessor's body ended with, so a frame costs
// three looks.
// Source: devp2p, rlpx.md, "MAC".

import { encryptBlock, expandKey } from './aes'
import { DIGEST, peek, update } from './keccak'

const LAST: usize = 208
const MAC_KEY: usize = 224
const CIPHER_KEY: usize = 464
/** Offset of the 16 bytes that a step of a MAC absorbs. */
const SEED: usize = 464

const BLOCK: u32 = 16

function look(state: usize): void {
  peek(state)
  v128.store(state + LAST, v128.load(DIGEST))
}

/** Absorbs the encrypted last look, XORed with `block`, and looks again. */
function mix(state: usize, block: v128): void {
  const seed = v128.xor(encryptBlock(state + MAC_KEY, v128.load(state + LAST)), block)
  v128.store(SEED, seed)
  update(state, SEED, BLOCK)
  look(state)
}

/** Adds the keystream at `from` to the bytes at `to`, and wipes it: it must not be used twice. */
function encrypt(to: usize, from: usize, length: u32): void {
  for (; length >= 16; length -= 16, to += 16, from += 16) {
    v128.store(to, v128.xor(v128.load(to), v128.load(from)))
    v128.store(from, i64x2.splat(0))
  }
  for (; length > 0; length--, to++, from++) {
    store<u8>(to, load<u8>(to) ^ load<u8>(from))
    store<u8>(from, 0)
  }
}

/** @returns true if the MAC at `at` equals the last digest, in constant time */
function matches(state: usize, at: usize): bool {
  return !v128.any_true(v128.xor(v128.load(at), v128.load(state + LAST)))
}

/** Begins with the keys of MAC and cipher, 32 bytes each; the direction's seed has been absorbed. */
export function start(state: usize, macKey: usize, cipherKey: usize): void {
  expandKey(state + MAC_KEY, macKey)
  expandKey(state + CIPHER_KEY, cipherKey)
  look(state)
}

/** Blocks of keystream, from that with the number `block` on: AES-256-CTR from a zero IV. */
export function makeKeystream(state: usize, to: usize, block: u32, count: u32): void {
  for (const end = block + count; block < end; block++, to += 16) {
    v128.store(to, encryptBlock(state + CIPHER_KEY, i64x2(0, bswap<u64>(block as u64) as i64)))
  }
}

/** Encrypts the header at `at`, and writes its MAC behind it. */
export function sealHead(state: usize, at: usize, keystream: usize): void {
  encrypt(at, keystream, BLOCK)
  mix(state, v128.load(at))
  v128.store(at + BLOCK, v128.load(state + LAST))
}

/** Encrypts bytes of a body. */
export function sealBody(state: usize, at: usize, length: u32, keystream: usize): void {
  encrypt(at, keystream, length)
  update(state, at, length)
}

/** Ends a body: writes its MAC. */
export function sealEnd(state: usize, at: usize): void {
  look(state)
  mix(state, v128.load(state + LAST))
  v128.store(at, v128.load(state + LAST))
}

/** Decrypts the header at `at`. @returns false if the MAC behind it is wrong; nothing is decrypted then */
export function openHead(state: usize, at: usize, keystream: usize): bool {
  mix(state, v128.load(at))
  if (!matches(state, at + BLOCK)) return false
  encrypt(at, keystream, BLOCK)
  return true
}

/** Decrypts bytes of a body. They must not be used before `openEnd` returns true. */
export function openBody(state: usize, at: usize, length: u32, keystream: usize): void {
  update(state, at, length)
  encrypt(at, keystream, length)
}

/** Ends a body: whether it goes with the MAC at `at`. */
export function openEnd(state: usize, at: usize): bool {
  look(state)
  mix(state, v128.load(state + LAST))
  return matches(state, at)
}
