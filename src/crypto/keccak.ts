/**
 * Keccak-256 as Ethereum uses it (padding 0x01, not SHA-3's 0x06), on our own WASM kernel (wasm/keccak.ts).
 * @module
 */
import { kernel, kernelBytes, PAGE_BYTES } from './kernel.ts'

/** Where the kernel's `peek` leaves the digest (wasm/keccak.ts). */
const DIGEST_AT = 256
const DIGEST_BYTES = 32
/** Behind the kernel's constants, which end before 2,048. */
const STATE_AT = 2_048
const INPUT_AT = 4_096
/** The rest of the first page. */
const INPUT_BYTES = PAGE_BYTES - INPUT_AT

/** Takes `input` into a state of the kernel's. */
export function absorb(state: number, input: Uint8Array): void {
  if (input.length <= INPUT_BYTES) {
    kernelBytes().set(input, INPUT_AT)
    kernel.update(state, INPUT_AT, input.length)
    return
  }
  for (let at = 0; at < input.length; at += INPUT_BYTES) absorb(state, input.subarray(at, at + INPUT_BYTES))
}

/** The keccak-256 of `bytes`: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  kernel.reset(STATE_AT)
  absorb(STATE_AT, bytes)
  kernel.peek(STATE_AT)
  return kernelBytes().slice(DIGEST_AT, DIGEST_AT + DIGEST_BYTES)
}
