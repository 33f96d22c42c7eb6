/**
 * Types of the WebAssembly JavaScript API, as far as we use it: neither `lib.es2023` nor @types/node 20 declares them.
 * @module
 */

export interface WasmMemory {
  readonly buffer: ArrayBuffer
  /** Adds pages of 64 KiB; detaches `buffer`. Throws a RangeError over the maximum. */
  grow(pages: number): number
}

interface WasmInstance {
  readonly exports: object
}

interface WasmModule {
  readonly [Symbol.toStringTag]: string
}

interface WasmNamespace {
  Module: new (bytes: Uint8Array) => WasmModule
  Instance: new (module: WasmModule, imports?: Record<string, Record<string, unknown>>) => WasmInstance
  Memory: new (descriptor: { initial: number; maximum?: number }) => WasmMemory
  Table: new (descriptor: { element: 'anyfunc'; initial: number; maximum?: number }) => object
}

export const wasm: WasmNamespace = (globalThis as unknown as { WebAssembly: WasmNamespace }).WebAssembly
