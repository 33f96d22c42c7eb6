/**
 * Building blocks of encoders. Sizes are in bytes; writers write at `at` and return the position behind the last byte.
 * @module
 */
import { CodecError } from '../../base/errors.ts'

const SHORT_COPY_BYTES = 24 // below this a loop beats the call of `set`

function bytesOfLength(length: number): number {
  let count = 0
  for (let rest = length; rest >= 1; rest = Math.floor(rest / 256)) count++
  return count
}

/** Size of a list with this payload length, header included. */
export function lengthOfList(payloadLength: number): number {
  if (payloadLength <= 55) return payloadLength + 1
  if (payloadLength <= 0xff) return payloadLength + 2
  if (payloadLength <= 0xffff) return payloadLength + 3
  return payloadLength + 1 + bytesOfLength(payloadLength)
}

/** Size of a byte string's item, header included. */
export function lengthOfString(bytes: Uint8Array): number {
  return bytes.length === 1 && (bytes[0] as number) < 0x80 ? 1 : lengthOfList(bytes.length)
}

function writeHeader(base: number, length: number, out: Uint8Array, at: number): number {
  if (length <= 55) {
    out[at] = base + length
    return at + 1
  }
  const count = bytesOfLength(length)
  out[at] = base + 55 + count
  for (let i = at + count, rest = length; i > at; i--, rest = Math.floor(rest / 256)) out[i] = rest % 256
  return at + 1 + count
}

export function writeListHeader(payloadLength: number, out: Uint8Array, at: number): number {
  return writeHeader(0xc0, payloadLength, out, at)
}

/** Writes the header of a byte string of `length` bytes; not for a single byte below 0x80, which has none. */
export function writeStringHeader(length: number, out: Uint8Array, at: number): number {
  return writeHeader(0x80, length, out, at)
}

export function writeString(bytes: Uint8Array, out: Uint8Array, at: number): number {
  const length = bytes.length
  if (length === 1 && (bytes[0] as number) < 0x80) {
    out[at] = bytes[0] as number
    return at + 1
  }
  return writeRaw(bytes, out, writeHeader(0x80, length, out, at))
}

/** Writes bytes that are RLP already. */
export function writeRaw(bytes: Uint8Array, out: Uint8Array, at: number): number {
  const length = bytes.length
  if (length > SHORT_COPY_BYTES) out.set(bytes, at)
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i] as number
  return at + length
}

/**
 * Ends a list that began at `at` and whose payload was written from `at + 1` to `payloadEnd`: puts the header in front,
 * moving the payload when the header needs more than one byte. A move costs less than computing the size of every nested
 * value a second time, which would multiply the time by the depth of the lists.
 */
export function closeList(out: Uint8Array, at: number, payloadEnd: number): number {
  const payloadLength = payloadEnd - at - 1
  const end = at + lengthOfList(payloadLength)
  if (end !== payloadEnd) out.copyWithin(end - payloadLength, at + 1, payloadEnd)
  writeHeader(0xc0, payloadLength, out, at)
  return end
}

/** Encodes a list of items that are encoded already, without checking them. */
export function encodeListOfRaw(rawItems: readonly Uint8Array[]): Uint8Array {
  let payloadLength = 0
  for (const item of rawItems) payloadLength += item.length
  const out = new Uint8Array(lengthOfList(payloadLength))
  let at = writeListHeader(payloadLength, out, 0)
  for (const item of rawItems) at = writeRaw(item, out, at)
  return out
}

/** Throws `ERR_RLP_VALUE` for a value that has no encoding; without a penalty, since no remote gave the value. */
export function refuse(message: string): never {
  throw new CodecError('ERR_RLP_VALUE', message, 0, { penalty: 0 })
}
