import { fail } from './reader.ts'
import { define, type RlpType } from './type.ts'
import { lengthOfList, lengthOfString, refuse, writeString, writeStringHeader } from './writer.ts'

/** Smallest integer that needs more than n bytes, by n. */
const POWERS = Array.from({ length: 33 }, (_, count) => 1n << BigInt(8 * count))
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER)
const LONE_SURROGATE = /\p{Surrogate}/u

const scratch = new Uint8Array(32)
const scratchWords = new DataView(scratch.buffer)
const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const utf8Encoder = new TextEncoder()

function sizeOfBytes(value: Uint8Array): number {
  if (!(value instanceof Uint8Array)) refuse('bytes must be a Uint8Array')
  return lengthOfString(value)
}

/** Byte string of any length. */
export const bytes: RlpType<Uint8Array> = define({
  size: sizeOfBytes,
  write: writeString,
  read: (reader) => reader.readBytes(),
})

/** Byte string of at most `max` bytes. */
export function bytesOf({ max }: { readonly max: number }): RlpType<Uint8Array> {
  return define({
    size(value) {
      const size = sizeOfBytes(value)
      if (value.length > max) refuse(`${value.length} bytes, at most ${max} allowed`)
      return size
    },
    write: writeString,
    read: (reader) => reader.readBytesOf(max),
  })
}

/** Byte string of exactly `length` bytes, such as a hash or an address. */
export function fixed(length: number): RlpType<Uint8Array> {
  return define({
    size(value) {
      const size = sizeOfBytes(value)
      if (value.length !== length) refuse(`${value.length} bytes, ${length} expected`)
      return size
    },
    write: writeString,
    read: (reader) => reader.readFixed(length),
  })
}

/** Size of an integer in RLP, header included. `length`: its bytes without leading zeros. */
function sizeOfInteger(length: number, below0x80: boolean): number {
  return below0x80 ? 1 : length + 1
}

function writeSmall(value: number, out: Uint8Array, at: number): number {
  if (value < 0x80) {
    out[at] = value === 0 ? 0x80 : value
    return at + 1
  }
  const count = lengthOfNumber(value)
  out[at] = 0x80 + count
  for (let i = at + count, rest = value; i > at; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256
  return at + 1 + count
}

function lengthOfNumber(value: number): number {
  let count = 0
  for (let rest = value; rest >= 1; rest /= 256) count++
  return count
}

function lengthOfBigint(value: bigint): number {
  if (value <= MAX_SAFE) return lengthOfNumber(Number(value))
  let low = 7
  let high = 32
  while (low < high) {
    const middle = (low + high) >> 1
    if (value < (POWERS[middle] as bigint)) high = middle
    else low = middle + 1
  }
  return low
}

function writeBigint(value: bigint, out: Uint8Array, at: number): number {
  if (value <= MAX_SAFE) return writeSmall(Number(value), out, at)
  let from = 32
  for (let rest = value; rest > 0n; rest >>= 64n) {
    from -= 8
    scratchWords.setBigUint64(from, rest)
  }
  while (scratch[from] === 0) from++
  const count = 32 - from
  out[at] = 0x80 + count
  for (let i = 1; i <= count; i++, from++) out[at + i] = scratch[from] as number
  return at + 1 + count
}

function unsigned(maxBytes: number): RlpType<bigint> {
  const limit = POWERS[maxBytes] as bigint
  return define({
    size(value) {
      if (typeof value !== 'bigint' || value < 0n || value >= limit) {
        refuse(`${String(value)} is not a bigint of 0 to 2^${8 * maxBytes} - 1`)
      }
      return sizeOfInteger(lengthOfBigint(value), value < 0x80n)
    },
    write: writeBigint,
    read: (reader) => reader.readBigint(maxBytes),
  })
}

/** Unsigned integer of up to 256 bits. */
export const uint: RlpType<bigint> = unsigned(32)

/** Unsigned integer of up to 64 bits. */
export const uint64: RlpType<bigint> = unsigned(8)

/** Unsigned integer up to 2^53 - 1; a larger one on the wire is `ERR_RLP_TOO_LONG`. */
export const number: RlpType<number> = define({
  size(value) {
    if (!Number.isSafeInteger(value) || value < 0) refuse(`${String(value)} is not a safe integer of 0 or more`)
    return sizeOfInteger(lengthOfNumber(value), value < 0x80)
  },
  write: writeSmall,
  read: (reader) => reader.readNumber(),
})

/** Unsigned integer of up to 64 bits: a number up to 2^53 - 1, a bigint above. */
export const numberOrBigint: RlpType<number | bigint> = define({
  size: (value) => (typeof value === 'bigint' ? uint64.size(value) : number.size(value)),
  write: (value, out, at) => (typeof value === 'bigint' ? uint64 : number).write(value as never, out, at),
  read: (reader) => reader.readNumberOrBigint(),
})

/** Boolean: 0x80 is false, 0x01 is true; anything else is `ERR_RLP_VALUE`. */
export const bool: RlpType<boolean> = define({
  size(value) {
    if (typeof value !== 'boolean') refuse(`${String(value)} is not a boolean`)
    return 1
  },
  write(value, out, at) {
    out[at] = value ? 1 : 0x80
    return at + 1
  },
  read(reader) {
    const at = reader.offset
    const value = reader.readNumber()
    if (value > 1) fail('ERR_RLP_VALUE', `${value} is not a boolean`, at)
    return value === 1
  },
})

/** UTF-8 text as a byte string; invalid UTF-8 is `ERR_RLP_TEXT`. */
export const text: RlpType<string> = define({
  size(value) {
    if (typeof value !== 'string' || LONE_SURROGATE.test(value)) refuse('text must be a well-formed string')
    if (value.length === 1 && value.charCodeAt(0) < 0x80) return 1
    return lengthOfList(Buffer.byteLength(value))
  },
  write(value, out, at) {
    const length = Buffer.byteLength(value)
    const start = length === 1 && value.charCodeAt(0) < 0x80 ? at : writeStringHeader(length, out, at)
    utf8Encoder.encodeInto(value, out.subarray(start))
    return start + length
  },
  read(reader) {
    const at = reader.offset
    const value = reader.readBytes()
    try {
      return utf8Decoder.decode(value)
    } catch {
      return fail('ERR_RLP_TEXT', 'text that is not UTF-8', at)
    }
  },
})
