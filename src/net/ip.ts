/**
 * IP addresses as text, normalised: IPv4 in dotted decimal (also when it arrives as `::ffff:1.2.3.4`), IPv6 as RFC 5952
 * writes it. Every function here takes any text; text that is no IP is in no range.
 * @module
 */
import { isIP, isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import { CodecError, ConfigError } from '../base/errors.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Normalises an IP. @returns undefined for any other text, old notations (`0x7f.1`, `010.0.0.1`) included. */
export function parseIp(text: string): string | undefined {
  if (isIPv4(text)) return text // has one form only
  const address = parse(text)
  return address && format(address)
}

/** Formats 4 or 16 bytes. Throws `CodecError` `ERR_IP_LENGTH` on any other length. */
export function ipFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new CodecError('ERR_IP_LENGTH', `an IP has 4 or 16 bytes, not ${bytes.length}`)
  }
  return format(unmap(ipaddr.fromByteArray([...bytes])))
}

/** @returns 4 bytes for IPv4, 16 for IPv6, undefined for any other text. */
export function ipToBytes(ip: string): Uint8Array | undefined {
  const address = parse(ip)
  return address && new Uint8Array(address.toByteArray())
}

/** @returns true for 127.0.0.0/8 and ::1. */
export function isLoopback(ip: string): boolean {
  return parse(ip)?.range() === 'loopback'
}

const LAN: ReadonlySet<string> = new Set(['loopback', 'linkLocal', 'private', 'uniqueLocal'])

/** @returns true for addresses that the Internet does not route: private (RFC 1918, RFC 4193), link-local, loopback. */
export function isLan(ip: string): boolean {
  const address = parse(ip)
  return address !== undefined && LAN.has(address.range())
}

/**
 * Groups addresses that are probably controlled by one party, so that peers should not all share a group: the /16 of an
 * IPv4 address, the /32 of an IPv6 address, after Bitcoin Core's `NetGroupManager::GetGroup`. An IPv6 address that
 * carries an IPv4 one (6to4, Teredo, NAT64) has the key of that one; Hurricane Electric gives /32s away piecemeal and
 * is split by /36. Text that is no IP has the key `unknown`. Unlike Core, addresses that are not routable are not all
 * one group: in a private network they are the only ones.
 */
export function netgroupKey(ip: string): string {
  const address = parse(ip)
  if (!address) return 'unknown'
  const carried = carriedIpv4(address)
  if (carried) return `${carried[0]}.${carried[1]}.0.0/16`
  const bytes = address.toByteArray()
  const bits = bytes[0] === 0x20 && bytes[1] === 0x01 && bytes[2] === 0x04 && bytes[3] === 0x70 ? 36 : 32
  const prefix = bytes.map((byte, i) => (i < 4 ? byte : i === 4 && bits === 36 ? byte & 0xf0 : 0))
  return `${ipaddr.fromByteArray(prefix).toString()}/${bits}`
}

/** Ranges of IP addresses, such as those to which a node restricts its connections. */
export class IpRanges {
  /** BOUNDED: by the user's input. */
  readonly #ranges: readonly (readonly [Address, number])[]

  private constructor(ranges: readonly (readonly [Address, number])[]) {
    this.#ranges = ranges
  }

  /** Parses CIDR ranges or single addresses, separated by commas. Throws a `ConfigError` (`ranges`). */
  static parse(text: string): IpRanges {
    return new IpRanges(text.split(',').map((part) => parseRange(part.trim())))
  }

  contains(ip: string): boolean {
    const address = parse(ip)
    return address !== undefined && this.#ranges.some(([base, bits]) => matches(address, base, bits))
  }

  toString(): string {
    return this.#ranges.map(([base, bits]) => `${format(base)}/${bits}`).join(',')
  }
}

/** Parses an IP. `isIP` comes first, because ipaddr.js also takes notations that programs read differently. */
function parse(text: string): Address | undefined {
  const kind = isIP(text)
  if (kind === 0) return undefined
  try {
    return unmap(ipaddr.parse(text))
  } catch {
    return undefined
  }
}

function unmap(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

function format(address: Address): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString()
}

function matches(address: Address, base: Address, bits: number): boolean {
  return address.kind() === base.kind() && address.match(base, bits)
}

function parseRange(text: string): readonly [Address, number] {
  const [ip, prefix, ...rest] = text.split('/')
  const address = parse(ip ?? '')
  if (!address || rest.length > 0) throw badRange(text)
  const mapped = address.kind() === 'ipv4' && ip?.includes(':')
  const width = address.kind() === 'ipv4' ? 32 : 128
  if (prefix === undefined) return [address, width]
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) - (mapped ? 96 : 0) : -1
  if (bits < 0 || bits > width) throw badRange(text)
  return [address, bits]
}

function badRange(text: string): ConfigError {
  return new ConfigError('ranges', `${JSON.stringify(text)} is not a range of IP addresses`, {
    hint: 'write ranges such as 10.0.0.0/8 or fd00::/8, separated by commas',
  })
}

/** @returns the IPv4 address itself, or the one inside an IPv6 address. */
function carriedIpv4(address: Address): readonly number[] | undefined {
  const bytes = address.toByteArray()
  switch (address.range()) {
    case '6to4':
      return bytes.slice(2, 6)
    case 'teredo':
      return bytes.slice(12).map((byte) => byte ^ 0xff)
    case 'rfc6145':
    case 'rfc6052':
      return bytes.slice(12)
    default:
      return address.kind() === 'ipv4' ? bytes : undefined
  }
}
