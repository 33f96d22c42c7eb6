/**
 * Keccak-256 as Ethereum uses it (padding 0x01, not SHA-3's 0x06), on our own WASM kernel (wasm/keccak.ts). All states
 * live in the kernel's one memory, so that a running MAC can be looked at for the price of one permutation.
 * @module
 */
import { InternalError } from '../base/errors.ts'
import { KECCAK_WASM } from './keccak-wasm.ts'
import { type WasmMemory, wasm } from './webassembly.ts'

interface Kernel {
  readonly memory: WasmMemory
  reset(state: number): void
  update(state: number, input: number, length: number): void
  peek(state: number): void
}

const PAGE_BYTES = 65_536
/** 25 lanes, the position, and padding to a multiple of 8. */
const STATE_BYTES = 208
/** Where the kernel's `peek` leaves the digest (wasm/keccak.ts). */
const DIGEST_AT = 256
const DIGEST_BYTES = 32
/** The state of the one-shot hash. Lies behind the kernel's constants, which end at 1,216. */
const ONE_SHOT_AT = 2_048
const INPUT_AT = 4_096
/** The rest of the first page. */
const INPUT_BYTES = PAGE_BYTES - INPUT_AT
const STATES_PER_PAGE = Math.floor(PAGE_BYTES / STATE_BYTES)
/** BOUNDED: 64 MiB, or 322,245 states, which are the MACs of 161,122 connections: more than one process can hold. */
const MAX_PAGES = 1_024

const kernel = new wasm.Instance(new wasm.Module(Buffer.from(KECCAK_WASM, 'base64'))).exports as Kernel
let input = new Uint8Array(kernel.memory.buffer, INPUT_AT, INPUT_BYTES)
let result = new Uint8Array(kernel.memory.buffer, DIGEST_AT, DIGEST_BYTES)
let pages = 1
/** BOUNDED: at most MAX_PAGES × STATES_PER_PAGE addresses. */
const freeStates: number[] = []

/** Gives back the states of those who forgot to `free()`. */
const forgotten = new FinalizationRegistry<number>(giveBack)

/** Wiped, because a MAC's state is as good as its key. */
function giveBack(state: number): void {
  kernel.reset(state)
  freeStates.push(state)
}

function growStates(): void {
  if (pages >= MAX_PAGES) throw new InternalError(`more than ${(MAX_PAGES - 1) * STATES_PER_PAGE} keccak states in use`)
  const start = kernel.memory.grow(1) * PAGE_BYTES
  pages++
  input = new Uint8Array(kernel.memory.buffer, INPUT_AT, INPUT_BYTES)
  result = new Uint8Array(kernel.memory.buffer, DIGEST_AT, DIGEST_BYTES)
  for (let i = STATES_PER_PAGE - 1; i >= 0; i--) freeStates.push(start + i * STATE_BYTES)
}

function takeState(): number {
  if (freeStates.length === 0) growStates()
  const state = freeStates.pop() as number
  kernel.reset(state)
  return state
}

function absorb(state: number, bytes: Uint8Array): void {
  if (bytes.length <= INPUT_BYTES) {
    input.set(bytes)
    kernel.update(state, INPUT_AT, bytes.length)
    return
  }
  for (let at = 0; at < bytes.length; at += INPUT_BYTES) {
    const part = bytes.subarray(at, at + INPUT_BYTES)
    input.set(part)
    kernel.update(state, INPUT_AT, part.length)
  }
}

/** The keccak-256 of `bytes`: 32 bytes. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  kernel.reset(ONE_SHOT_AT)
  absorb(ONE_SHOT_AT, bytes)
  kernel.peek(ONE_SHOT_AT)
  return result.slice()
}

/**
 * A running keccak-256. `digest()` looks at the hash of what came so far and lets the state go on, as the MACs of RLPx
 * need it. Call `free()` when done: the state goes back to the pool at once, otherwise only with garbage collection.
 */
export class Keccak {
  #state: number | undefined = takeState()

  constructor() {
    forgotten.register(this, this.#state as number, this)
  }

  /** Takes in more input. Throws an InternalError after `free()`. */
  update(bytes: Uint8Array): this {
    absorb(this.#use(), bytes)
    return this
  }

  /** The keccak-256 of all input so far: 32 new bytes. */
  digest(): Uint8Array {
    kernel.peek(this.#use())
    return result.slice()
  }

  /** As `digest()`, but writes the 32 bytes into `out` at `at`: no allocation. */
  digestInto(out: Uint8Array, at = 0): void {
    kernel.peek(this.#use())
    out.set(result, at)
  }

  /** Returns the state to the pool and wipes it. The object must not be used any more; freeing twice does nothing. */
  free(): void {
    if (this.#state === undefined) return
    forgotten.unregister(this)
    giveBack(this.#state)
    this.#state = undefined
  }

  #use(): number {
    if (this.#state === undefined) throw new InternalError('keccak state used after free()')
    return this.#state
  }
}
