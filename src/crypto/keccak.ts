/**
 * Keccak-256 of Ethereum (padding 0x01, not SHA-3's 0x06), on our own WASM kernel (wasm/keccak.ts).
 * @module
 */
import { kernel, kernelBytes, PAGE_BYTES } from './kernel.ts'

/** Address of the digest that the kernel's `peek` writes (wasm/keccak.ts). */
const DIGEST_AT = 256
const DIGEST_BYTES = 32
/** Address of the state, behind the kernel's constants, which end before 2,048. */
const STATE_AT = 2_048
const INPUT_AT = 4_096
/** Size of the input buffer: the rest of the first page. */
const INPUT_BYTES = PAGE_BYTES - INPUT_AT

/** Absorbs `input` into a state of the kernel. */
export function absorb(state: number, input: Uint8Array): void {
  if (input.length <= INPUT_BYTES) {
    kernelBytes().set(input, INPUT_AT)
    kernel.update(state, INPUT_AT, input.length)
    return
  }
  for (let at = 0; at < input.length; at += INPUT_BYTES) absorb(state, input.subarray(at, at + INPUT_BYTES))
}

/** Computes the keccak-256 of `bytes`, 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  kernel.reset(STATE_AT)
  absorb(STATE_AT, bytes)
  kernel.peek(STATE_AT)
  return kernelBytes().slice(DIGEST_AT, DIGEST_AT + DIGEST_BYTES)
}
