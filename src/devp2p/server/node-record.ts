/**
 * What this node says about itself, signed.
 * @module
 */
import { rlp } from '../../codec/index.ts'
import { Enr, type NodeKey } from '../../identity/index.ts'
import { type Endpoint, ipToBytes } from '../../net/index.ts'
import type { AnyProtocol } from '../../peer/index.ts'

export interface RecordFacts {
  readonly key: NodeKey
  readonly sequence: bigint
  /** Where it listens; undefined when it does not. */
  readonly endpoint: Endpoint | undefined
  readonly protocols: readonly AnyProtocol[]
}

/** Where the node listens, and what its protocols say of themselves. Throws `CodecError` when that is over 300 bytes. */
export function nodeRecordOf({ key, sequence, endpoint, protocols }: RecordFacts): Enr {
  const address = endpoint && ipToBytes(endpoint.ip)
  const entries = Object.assign(
    {},
    ...protocols.map((protocol) => protocol.attributes?.()),
    address && { [address.length === 4 ? 'ip' : 'ip6']: rlp.bytes.encode(address) },
    endpoint && { tcp: rlp.number.encode(endpoint.port) },
  )
  return Enr.sign(key, { sequence, entries })
}
