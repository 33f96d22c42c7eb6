// AES-256 of one block at a time, without tables in memory that a key could be read from by timing: every lookup is a
// byte shuffle within one register (i8x16.swizzle). aes-tables.mjs derives the tables, and says why they give AES.
//
// An expanded key has 15 × 16 bytes; all but the first and last round work on bytes in the form of the tower field.
// Source: FIPS 197.

const ROUNDS: usize = 14
const KEY_WORDS: usize = 8
/** The S-box's constant, added to round keys instead: MixColumns maps four of it to four of it. */
const AFFINE: u8 = 0x63

// biome-ignore format: a table a line
const TABLES = memory.data<u8>([
  0x00, 0x10, 0x92, 0x82, 0x74, 0x64, 0xe6, 0xf6, 0xd4, 0xc4, 0x46, 0x56, 0xa0, 0xb0, 0x32, 0x22, // tower of the low nibble
  0x00, 0x83, 0xbd, 0x3e, 0x03, 0x80, 0xbe, 0x3d, 0xfe, 0x7d, 0x43, 0xc0, 0xfd, 0x7e, 0x40, 0xc3, // tower of the high nibble
  0x80, 0x01, 0x09, 0x0e, 0x0d, 0x0b, 0x07, 0x06, 0x0f, 0x02, 0x0c, 0x05, 0x0a, 0x04, 0x03, 0x08, // 1 / n
  0x80, 0x05, 0x0b, 0x03, 0x0c, 0x01, 0x08, 0x0d, 0x06, 0x0a, 0x09, 0x02, 0x04, 0x07, 0x0f, 0x0e, // 1 / (ν n)
  0x00, 0x55, 0x5f, 0x3a, 0xae, 0x9e, 0x65, 0x30, 0x6f, 0xc1, 0xfb, 0xa4, 0xcb, 0xf1, 0x94, 0x0a, // S-box of u, tower
  0x00, 0xf4, 0x26, 0xa5, 0xc2, 0xb5, 0x83, 0x77, 0x51, 0x93, 0x36, 0x10, 0x41, 0xe4, 0x67, 0xd2, // S-box of v, tower
  0x00, 0x9b, 0xd9, 0xc4, 0x6f, 0xe9, 0x1d, 0x86, 0x5f, 0x30, 0xf4, 0x2d, 0x72, 0xb6, 0xab, 0x42, // S-box of u, doubled, tower
  0x00, 0x97, 0xcb, 0x76, 0xce, 0xe4, 0xbd, 0x2a, 0xe1, 0x2f, 0x59, 0x92, 0x73, 0x05, 0xb8, 0x5c, // S-box of v, doubled, tower
  0x00, 0x4b, 0x9f, 0x89, 0x61, 0x3c, 0x16, 0x5d, 0xc2, 0xa3, 0x2a, 0xb5, 0x77, 0xfe, 0xe8, 0xd4, // S-box of u
  0x00, 0x54, 0xb6, 0xa6, 0xe3, 0xa7, 0x10, 0x44, 0xf2, 0x11, 0xb7, 0x01, 0xf3, 0x55, 0x45, 0xe2, // S-box of v
  0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11, // ShiftRows
  5, 10, 15, 0, 9, 14, 3, 4, 13, 2, 7, 8, 1, 6, 11, 12, // ShiftRows, then each column one row up
  10, 15, 0, 5, 14, 3, 4, 9, 2, 7, 8, 13, 6, 11, 12, 1, // two rows up
  15, 0, 5, 10, 3, 4, 9, 14, 7, 8, 13, 2, 11, 12, 1, 6, // three rows up
], 16)

const TOWER_LOW: usize = 0
const TOWER_HIGH: usize = 1
const INVERSE: usize = 2
const INVERSE_NU: usize = 3
const S_U: usize = 4
const S_V: usize = 5
const S2_U: usize = 6
const S2_V: usize = 7
const LAST_U: usize = 8
const LAST_V: usize = 9
const ROWS: usize = 10

function table(n: usize): v128 {
  return v128.load(TABLES + 16 * n)
}

function look(n: usize, indices: v128): v128 {
  return i8x16.swizzle(table(n), indices)
}

function low(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15))
}

function high(bytes: v128): v128 {
  return v128.and(i32x4.shr_u(bytes, 4), i8x16.splat(15))
}

function toTower(bytes: v128): v128 {
  return v128.xor(look(TOWER_LOW, low(bytes)), look(TOWER_HIGH, high(bytes)))
}

/** The inverse of u or v (aes-tables.mjs): `own` and `other` are i and j, or j and i. */
function half(own: v128, other: v128, k: v128): v128 {
  return v128.xor(look(INVERSE, v128.xor(look(INVERSE, own), look(INVERSE_NU, k))), other)
}

/** The S-box without its constant, from the tower to plain bytes. */
function lastBox(x: v128): v128 {
  const i = high(x)
  const k = low(x)
  const j = v128.xor(i, k)
  return v128.xor(look(LAST_U, half(i, j, k)), look(LAST_V, half(j, i, k)))
}

function subWord(word: u32): u32 {
  return i32x4.extract_lane(v128.xor(lastBox(toTower(i32x4.splat(word))), i8x16.splat(AFFINE)), 0)
}

/** Expands the 32 bytes at `key` to the 240 at `to`. */
export function expandKey(to: usize, key: usize): void {
  memory.copy(to, key, 4 * KEY_WORDS)
  let roundConstant: u32 = 1
  for (let i = KEY_WORDS; i < 4 * (ROUNDS + 1); i++) {
    let word = load<u32>(to + 4 * (i - 1))
    if (i % KEY_WORDS === 0) {
      word = subWord(rotr<u32>(word, 8)) ^ roundConstant
      roundConstant <<= 1
    } else if (i % KEY_WORDS === 4) {
      word = subWord(word)
    }
    store<u32>(to + 4 * i, load<u32>(to + 4 * (i - KEY_WORDS)) ^ word)
  }
  v128.store(to, toTower(v128.load(to)))
  for (let round: usize = 1; round < ROUNDS; round++) {
    const at = to + 16 * round
    v128.store(at, toTower(v128.xor(v128.load(at), i8x16.splat(AFFINE))))
  }
  v128.store(to + 16 * ROUNDS, v128.xor(v128.load(to + 16 * ROUNDS), i8x16.splat(AFFINE)))
}

/** Encrypts one block with the expanded key at `key`. */
export function encryptBlock(key: usize, block: v128): v128 {
  let x = v128.xor(toTower(block), v128.load(key))
  for (let round: usize = 1; round < ROUNDS; round++) {
    const i = high(x)
    const k = low(x)
    const j = v128.xor(i, k)
    const u = half(i, j, k)
    const v = half(j, i, k)
    const once = v128.xor(look(S_U, u), look(S_V, v))
    const twice = v128.xor(look(S2_U, u), look(S2_V, v))
    const own = i8x16.swizzle(twice, table(ROWS))
    const next = i8x16.swizzle(v128.xor(once, twice), table(ROWS + 1))
    const others = v128.xor(i8x16.swizzle(once, table(ROWS + 2)), i8x16.swizzle(once, table(ROWS + 3)))
    x = v128.xor(v128.xor(v128.xor(own, next), others), v128.load(key + 16 * round))
  }
  return v128.xor(i8x16.swizzle(lastBox(x), table(ROWS)), v128.load(key + 16 * ROUNDS))
}
