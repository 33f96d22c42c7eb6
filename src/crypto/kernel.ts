/**
 * Our own WASM (wasm/): keccak, and what RLPx does to frames. One instance and one memory for the whole process, so that
 * many running states need no copying in and out; every use of it ends within a call.
 *
 * Pages of 64 KiB: 0 belongs to the kernel and to {@link keccak256}, 1 and 2 to frames that come in, 3 and 4 to frames
 * that go out; the rest are states.
 * @module
 */
import { InternalError } from '../base/errors.ts'
import { type WasmMemory, wasm } from '../base/webassembly.ts'
import { KERNEL_WASM } from './kernel-wasm.ts'

/** The functions of wasm/kernel.ts. Arguments are addresses and lengths. */
interface Kernel {
  readonly memory: WasmMemory
  reset(state: number): void
  update(state: number, input: number, length: number): void
  peek(state: number): void
  start(state: number, macKey: number, cipherKey: number): void
  makeKeystream(state: number, to: number, block: number, count: number): void
  sealHead(state: number, at: number, keystream: number): void
  sealBody(state: number, at: number, length: number, keystream: number): void
  sealEnd(state: number, at: number): void
  openHead(state: number, at: number, keystream: number): number
  openBody(state: number, at: number, length: number, keystream: number): void
  openEnd(state: number, at: number): number
}

export const PAGE_BYTES = 65_536
export const INBOUND_PAGE = 1
export const OUTBOUND_PAGE = 3
/** BOUNDED: 128 MiB. At 1.2 KB a state, the two directions of 54,000 connections: more than one process can hold. */
const MAX_PAGES = 2_048

export const kernel = new wasm.Instance(new wasm.Module(Buffer.from(KERNEL_WASM, 'base64'))).exports as Kernel

let bytes = new Uint8Array(kernel.memory.buffer)

/** All of the kernel's memory. Another object after states were made: ask again rather than keep it. */
export function kernelBytes(): Uint8Array {
  return bytes
}

/** States of one size in the kernel's memory. They are all zeros when taken. */
export class StatePool {
  readonly #stateBytes: number
  /** BOUNDED: MAX_PAGES hold so many. */
  readonly #free: number[] = []

  constructor(stateBytes: number) {
    this.#stateBytes = stateBytes
  }

  /** Throws an InternalError when the memory is full. */
  take(): number {
    if (this.#free.length === 0) this.#grow()
    return this.#free.pop() as number
  }

  /** Wiped, because a MAC's state is as good as its key. */
  giveBack(state: number): void {
    bytes.fill(0, state, state + this.#stateBytes)
    this.#free.push(state)
  }

  #grow(): void {
    const pages = bytes.length / PAGE_BYTES
    if (pages >= MAX_PAGES) throw new InternalError(`more than ${MAX_PAGES} pages of crypto states in use`)
    const start = kernel.memory.grow(1) * PAGE_BYTES
    bytes = new Uint8Array(kernel.memory.buffer)
    const count = Math.floor(PAGE_BYTES / this.#stateBytes)
    for (let i = count - 1; i >= 0; i--) this.#free.push(start + i * this.#stateBytes)
  }
}
