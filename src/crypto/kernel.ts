/**
 * Our own WASM kernel (wasm/): keccak and the crypto of RLPx frames. One instance and one memory for the whole process, so
 * that running states are not copied in and out; every use of it ends within a call.
 *
 * Pages of 64 KiB: 0 is for the kernel and {@link keccak256}, 1 and 2 for inbound frames, 3 and 4 for outbound frames, the
 * rest for states.
 * @module
 */
import { InternalError } from '../base/errors.ts'
import { type WasmMemory, wasm } from '../base/webassembly.ts'
import { KERNEL_WASM } from './kernel-wasm.ts'

/** Functions of wasm/kernel.ts. Arguments are addresses and lengths. */
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

/** Memory of the kernel. Replaced when it grows with new states: do not keep a reference. */
export function kernelBytes(): Uint8Array {
  return bytes
}

/** Pool of states of one size in the kernel's memory, zeroed when taken. */
export class StatePool {
  readonly #stateBytes: number
  /** BOUNDED: by MAX_PAGES. */
  readonly #free: number[] = []

  constructor(stateBytes: number) {
    this.#stateBytes = stateBytes
  }

  /** Takes a state. Throws an InternalError when the memory is full. */
  take(): number {
    if (this.#free.length === 0) this.#grow()
    return this.#free.pop() as number
  }

  /** Releases a state and wipes it, because the state of a MAC is as secret as its key. */
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
