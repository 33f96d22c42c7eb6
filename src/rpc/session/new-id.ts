import { bytesToHex } from '../../base/bytes.ts'
import { randomBytes } from '../../crypto/index.ts'

/** A name for a subscription or a filter: a quantity of 16 random bytes, as go-ethereum's `rpc.NewID`. */
export function newRpcId(): string {
  return `0x${bytesToHex(randomBytes(16)).replace(/^0+(?=.)/, '')}`
}
