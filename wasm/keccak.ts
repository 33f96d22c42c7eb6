// biome-ignore-all lint/correctness/noPrecisionLoss: AssemblyScript reads these literals as u64
// keccak-256 for many running states in one linear memory: Keccak as Ethereum uses it (padding 0x01), not SHA-3 (0x06).
//
// A state is STATE_BYTES long and belongs to the caller: 25 lanes of 64 bits (200 bytes), then the number of bytes
// absorbed into the current block (u32).
// Source: FIPS 202, section 3 (Keccak-p[1600, 24]), rate 1088 bits.

const RATE: u32 = 136
const POSITION: usize = 200
/** Offset at which peek() leaves its result: the finished copy of the state; its first 32 bytes are the digest. */
export const DIGEST: usize = 256

const ROUND_CONSTANTS = memory.data<u64>([
  0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
  0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
  0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
  0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
  0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
])

/** XORs `length` bytes into a state at `to`. */
function mix(to: usize, from: usize, length: u32): void {
  for (; length >= 8; length -= 8, to += 8, from += 8) store<u64>(to, load<u64>(to) ^ load<u64>(from))
  for (; length > 0; length--, to++, from++) store<u8>(to, load<u8>(to) ^ load<u8>(from))
}

/** The 24 rounds, from the lanes at `from` to the lanes at `to` (which may be the same). */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: all 25 lanes stay in locals; memory would halve the speed
function permute(from: usize, to: usize): void {
  let a0 = load<u64>(from, 0)
  let a1 = load<u64>(from, 8)
  let a2 = load<u64>(from, 16)
  let a3 = load<u64>(from, 24)
  let a4 = load<u64>(from, 32)
  let a5 = load<u64>(from, 40)
  let a6 = load<u64>(from, 48)
  let a7 = load<u64>(from, 56)
  let a8 = load<u64>(from, 64)
  let a9 = load<u64>(from, 72)
  let a10 = load<u64>(from, 80)
  let a11 = load<u64>(from, 88)
  let a12 = load<u64>(from, 96)
  let a13 = load<u64>(from, 104)
  let a14 = load<u64>(from, 112)
  let a15 = load<u64>(from, 120)
  let a16 = load<u64>(from, 128)
  let a17 = load<u64>(from, 136)
  let a18 = load<u64>(from, 144)
  let a19 = load<u64>(from, 152)
  let a20 = load<u64>(from, 160)
  let a21 = load<u64>(from, 168)
  let a22 = load<u64>(from, 176)
  let a23 = load<u64>(from, 184)
  let a24 = load<u64>(from, 192)
  for (let round: usize = 0; round < 192; round += 8) {
    const c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
    const c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
    const c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
    const c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
    const c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
    const d0 = c4 ^ rotl<u64>(c1, 1)
    const d1 = c0 ^ rotl<u64>(c2, 1)
    const d2 = c1 ^ rotl<u64>(c3, 1)
    const d3 = c2 ^ rotl<u64>(c4, 1)
    const d4 = c3 ^ rotl<u64>(c0, 1)
    const b0 = a0 ^ d0
    const b1 = rotl<u64>(a6 ^ d1, 44)
    const b2 = rotl<u64>(a12 ^ d2, 43)
    const b3 = rotl<u64>(a18 ^ d3, 21)
    const b4 = rotl<u64>(a24 ^ d4, 14)
    const b5 = rotl<u64>(a3 ^ d3, 28)
    const b6 = rotl<u64>(a9 ^ d4, 20)
    const b7 = rotl<u64>(a10 ^ d0, 3)
    const b8 = rotl<u64>(a16 ^ d1, 45)
    const b9 = rotl<u64>(a22 ^ d2, 61)
    const b10 = rotl<u64>(a1 ^ d1, 1)
    const b11 = rotl<u64>(a7 ^ d2, 6)
    const b12 = rotl<u64>(a13 ^ d3, 25)
    const b13 = rotl<u64>(a19 ^ d4, 8)
    const b14 = rotl<u64>(a20 ^ d0, 18)
    const b15 = rotl<u64>(a4 ^ d4, 27)
    const b16 = rotl<u64>(a5 ^ d0, 36)
    const b17 = rotl<u64>(a11 ^ d1, 10)
    const b18 = rotl<u64>(a17 ^ d2, 15)
    const b19 = rotl<u64>(a23 ^ d3, 56)
    const b20 = rotl<u64>(a2 ^ d2, 62)
    const b21 = rotl<u64>(a8 ^ d3, 55)
    const b22 = rotl<u64>(a14 ^ d4, 39)
    const b23 = rotl<u64>(a15 ^ d0, 41)
    const b24 = rotl<u64>(a21 ^ d1, 2)
    a0 = b0 ^ (~b1 & b2) ^ load<u64>(ROUND_CONSTANTS + round)
    a1 = b1 ^ (~b2 & b3)
    a2 = b2 ^ (~b3 & b4)
    a3 = b3 ^ (~b4 & b0)
    a4 = b4 ^ (~b0 & b1)
    a5 = b5 ^ (~b6 & b7)
    a6 = b6 ^ (~b7 & b8)
    a7 = b7 ^ (~b8 & b9)
    a8 = b8 ^ (~b9 & b5)
    a9 = b9 ^ (~b5 & b6)
    a10 = b10 ^ (~b11 & b12)
    a11 = b11 ^ (~b12 & b13)
    a12 = b12 ^ (~b13 & b14)
    a13 = b13 ^ (~b14 & b10)
    a14 = b14 ^ (~b10 & b11)
    a15 = b15 ^ (~b16 & b17)
    a16 = b16 ^ (~b17 & b18)
    a17 = b17 ^ (~b18 & b19)
    a18 = b18 ^ (~b19 & b15)
    a19 = b19 ^ (~b15 & b16)
    a20 = b20 ^ (~b21 & b22)
    a21 = b21 ^ (~b22 & b23)
    a22 = b22 ^ (~b23 & b24)
    a23 = b23 ^ (~b24 & b20)
    a24 = b24 ^ (~b20 & b21)
  }
  store<u64>(to, a0, 0)
  store<u64>(to, a1, 8)
  store<u64>(to, a2, 16)
  store<u64>(to, a3, 24)
  store<u64>(to, a4, 32)
  store<u64>(to, a5, 40)
  store<u64>(to, a6, 48)
  store<u64>(to, a7, 56)
  store<u64>(to, a8, 64)
  store<u64>(to, a9, 72)
  store<u64>(to, a10, 80)
  store<u64>(to, a11, 88)
  store<u64>(to, a12, 96)
  store<u64>(to, a13, 104)
  store<u64>(to, a14, 112)
  store<u64>(to, a15, 120)
  store<u64>(to, a16, 128)
  store<u64>(to, a17, 136)
  store<u64>(to, a18, 144)
  store<u64>(to, a19, 152)
  store<u64>(to, a20, 160)
  store<u64>(to, a21, 168)
  store<u64>(to, a22, 176)
  store<u64>(to, a23, 184)
  store<u64>(to, a24, 192)
}

/** Makes the state at `state` that of no input. */
export function reset(state: usize): void {
  memory.fill(state, 0, POSITION + 4)
}

/** Absorbs `length` bytes at `input`. */
export function update(state: usize, input: usize, length: u32): void {
  const position = load<u32>(state, POSITION)
  if (position + length < RATE) {
    mix(state + position, input, length)
    store<u32>(state, position + length, POSITION)
    return
  }
  const missing = RATE - position
  mix(state + position, input, missing)
  permute(state, state)
  input += missing
  length -= missing
  for (; length >= RATE; length -= RATE, input += RATE) {
    mix(state, input, RATE)
    permute(state, state)
  }
  mix(state, input, length)
  store<u32>(state, length, POSITION)
}

/** Leaves at DIGEST what the digest would be if the input ended here; the state itself is not changed. */
export function peek(state: usize): void {
  memory.copy(DIGEST, state, POSITION)
  const last = DIGEST + load<u32>(state, POSITION)
  store<u8>(last, load<u8>(last) ^ 0x01)
  store<u8>(DIGEST + RATE - 1, load<u8>(DIGEST + RATE - 1) ^ 0x80)
  permute(DIGEST, DIGEST)
}
