import { bytesTo0x } from '../../base/bytes.ts'

/** A number as Ethereum's JSON has it: hex without leading zeros, `0x0` for none. */
export function quantity(value: number | bigint): string {
  return `0x${value.toString(16)}`
}

/** As {@link quantity}, for what may be absent: undefined leaves the field out of the JSON. */
export function optionalQuantity(value: number | bigint | undefined): string | undefined {
  return value === undefined ? undefined : quantity(value)
}

export function optionalBytes(value: Uint8Array | undefined): string | undefined {
  return value && bytesTo0x(value)
}
