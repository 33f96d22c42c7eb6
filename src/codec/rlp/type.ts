import type { Codec } from '../codec.ts'
import { RlpReader } from './reader.ts'
import { refuse } from './writer.ts'

/** Codec that can be nested in other RLP types. */
export interface RlpType<T> extends Codec<T> {
  /** Bytes of the encoded value, header included. Throws `ERR_RLP_VALUE` for a value that has no encoding. */
  size(value: T): number
  /** Writes a value `size` accepted, returns the position after it. Never writes beyond `at + size(value)`. */
  write(value: T, out: Uint8Array, at: number): number
  read(reader: RlpReader): T
}

/** Part of an `RlpType` that differs between types. */
export interface RlpTypeParts<T> {
  size(value: T): number
  write(value: T, out: Uint8Array, at: number): number
  read(reader: RlpReader): T
}

/** Makes a type of its three parts, for codecs written by hand. */
export function define<T>(parts: RlpTypeParts<T>): RlpType<T> {
  const { size, write, read } = parts
  return {
    size,
    write,
    read,
    encode(value) {
      const out = new Uint8Array(size(value))
      if (write(value, out, 0) !== out.length) refuse('the value changed while it was being encoded')
      return out
    },
    decode(bytes) {
      const reader = new RlpReader(bytes)
      const value = read(reader)
      reader.finish()
      return value
    },
  }
}
