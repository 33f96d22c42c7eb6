/**
 * Endpoints in node records: the entries `ip`, `tcp`, `udp` and their IPv6 likes (EIP-778).
 * @module
 */
import { type Codec, rlp } from '../codec/index.ts'
import { type Endpoint, ipFromBytes, ipToBytes } from '../net/index.ts'
import type { Enode } from './enode.ts'
import type { Enr } from './enr.ts'

const MAX_PORT = 65_535
const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/**
 * Converts a record to an enode with its IPv4 endpoint, or else its IPv6 one. IPv6 without own ports uses those of IPv4, as
 * in go-ethereum.
 * @returns undefined if neither has an address and a TCP port: such a node cannot be dialed
 */
export function enodeOf(record: Enr): Enode | undefined {
  return nodeAt(record, 'ip', 4, '') ?? nodeAt(record, 'ip6', 16, '6')
}

function nodeAt(record: Enr, key: string, length: number, suffix: string): Enode | undefined {
  const ip = addressOf(record, key, length)
  const tcpPort = portOf(record, `tcp${suffix}`) ?? portOf(record, 'tcp')
  if (ip === undefined || tcpPort === undefined) return undefined
  const udpPort = portOf(record, `udp${suffix}`) ?? portOf(record, 'udp') ?? 0
  return { publicKey: record.publicKey, id: record.id, host: ip, ip, tcpPort, udpPort }
}

function addressOf(record: Enr, key: string, length: number): string | undefined {
  const bytes = entryOf(record, key, rlp.bytes)
  if (bytes?.length !== length) return undefined
  const ip = ipFromBytes(bytes)
  return UNSPECIFIED.has(ip) ? undefined : ip
}

function portOf(record: Enr, key: string): number | undefined {
  const port = entryOf(record, key, rlp.number)
  return port === undefined || port === 0 || port > MAX_PORT ? undefined : port
}

/** Decodes an entry; one that does not decode counts as missing, since the remote chose the bytes. */
function entryOf<T>(record: Enr, key: string, codec: Codec<T>): T | undefined {
  const raw = record.get(key)
  try {
    return raw && codec.decode(raw)
  } catch {
    return undefined
  }
}

/** Record entries of an IP address and a TCP port; none for a host that is not an IP address. */
export function endpointEntries({ ip, port }: Endpoint): Readonly<Record<string, Uint8Array>> {
  const address = ipToBytes(ip)
  if (!address) return {}
  return { [address.length === 4 ? 'ip' : 'ip6']: rlp.bytes.encode(address), tcp: rlp.number.encode(port) }
}
