/**
 * Values of Ethereum's JSON.
 * @module
 */
import { bytesTo0x } from '../../base/bytes.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** Encodes a number as hex without leading zeros; 0 is `0x0`. */
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

/** Encodes a number that may be absent: undefined leaves the field out of the JSON. */
export function optionalQuantity(value: number | bigint | undefined): string | undefined {
  return value === undefined ? undefined : quantity(value)
}

/** Encodes bytes that may be absent: undefined leaves the field out of the JSON. */
export function optionalBytes(value: Uint8Array | undefined): string | undefined {
  return value && bytesTo0x(value)
}
