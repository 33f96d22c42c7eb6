/**
 * Bytes are `Uint8Array` everywhere; hex strings appear only where people or JSON read them.
 * @module
 */
import { CodecError } from './errors.ts'

export const EMPTY_BYTES: Uint8Array = new Uint8Array(0)

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Views the same memory as a Buffer, without a copy: for Node APIs that are faster on Buffers. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Formats lower-case hex without a prefix. */
export function bytesToHex(bytes: Uint8Array): string {
  if (bytes.length > 64) return asBuffer(bytes).toString('hex')
  let hex = ''
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes[i] as number]
  return hex
}

/** Formats lower-case hex with `0x`, as Ethereum's JSON writes it. */
export function bytesTo0x(bytes: Uint8Array): `0x${string}` {
  return `0x${bytesToHex(bytes)}`
}

/** Reads hex with or without `0x`. Throws `ERR_HEX` on odd length or any other character. */
export function hexToBytes(hex: string): Uint8Array {
  const digits = hex.startsWith('0x') || hex.startsWith('0X') ? hex.slice(2) : hex
  if (digits.length % 2 !== 0) throw new CodecError('ERR_HEX', `odd number of hex digits (${digits.length})`)
  const bad = digits.search(/[^0-9a-fA-F]/)
  if (bad >= 0) throw new CodecError('ERR_HEX', `not a hex digit: ${JSON.stringify(digits[bad])}`, bad)
  return new Uint8Array(Buffer.from(digits, 'hex'))
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Compares public values, not in constant time. Secrets and MACs go through `crypto/`'s `equalSecret`. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a === b || (a.length === b.length && asBuffer(a).equals(b))
}

/** Compares by unsigned bytes, shorter first, as keys are ordered in a store. @returns -1, 0 or 1. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b)
}

export const utf8ToBytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Encodes big-endian, without leading zeros; 0 is no bytes at all. */
export function bigintToBytes(value: bigint): Uint8Array {
  if (value === 0n) return EMPTY_BYTES
  const hex = value.toString(16)
  return new Uint8Array(Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex'))
}

/** Decodes big-endian. No bytes are 0. */
export function bytesToBigint(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)
}
