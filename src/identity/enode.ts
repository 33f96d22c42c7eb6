/**
 * enode URLs: `enode://<128 hex digits>@host:port?discport=N` (devp2p, enode.md).
 * @module
 */
import { isIP, isIPv6 } from 'node:net'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { keccak256, secp256k1 } from '../crypto/index.ts'

/** Node as enode URLs describe it: its identity and its endpoint. */
export interface Enode {
  /** Public key, 64 bytes x‖y, on the curve. */
  readonly publicKey: Uint8Array
  /** keccak-256 of the public key, 32 bytes. */
  readonly id: Uint8Array
  /** IP address (IPv6 without brackets) or DNS name, in lower case. */
  readonly host: string
  /** Same as `host` if that is an IP address. */
  readonly ip?: string
  /** RLPx port; 0 is none. */
  readonly tcpPort: number
  /** Discovery port: `tcpPort` unless `discport` is given; 0 is none. */
  readonly udpPort: number
}

const FIELD = 'enode'
const FORM = 'the form is enode://<128 hex digits>@<host>:<port>'
/** Longest URL accepted: a public key, the longest DNS name, ports, and room to spare. */
const MAX_URL_LENGTH = 512
const MAX_HOST_LENGTH = 253
const URL_PARTS = /^enode:\/\/([^@/?#]*)(?:@([^@/?#]*))?\/?(?:\?([^#]*))?$/i
const HOST_AND_PORT = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/
const DNS_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i

/**
 * Parses an enode URL. Throws a ConfigError, field `enode`, with a hint; also for the incomplete form without `@host:port`,
 * which has no endpoint.
 */
export function parseEnode(url: string): Enode {
  if (url.length > MAX_URL_LENGTH) throw bad(`longer than ${MAX_URL_LENGTH} characters`)
  if (/^[0-9a-f]{128}$/i.test(url)) throw incomplete()
  const parts = URL_PARTS.exec(url)
  if (parts === null) throw bad(`not an enode URL: ${JSON.stringify(url)}`)
  const publicKey = parsePublicKey(parts[1] as string)
  if (parts[2] === undefined) throw incomplete()
  const { host, tcpPort } = parseAddress(parts[2])
  const udpPort = parseDiscport(parts[3]) ?? tcpPort
  const where = { host, ...(isIP(host) ? { ip: host } : {}), tcpPort, udpPort }
  return { publicKey, id: keccak256(publicKey), ...where }
}

/** Formats an enode URL, with `discport` only if the ports differ. Inverse of `parseEnode`. */
export function formatEnode(node: Pick<Enode, 'publicKey' | 'host' | 'tcpPort' | 'udpPort'>): string {
  const host = isIPv6(node.host) ? `[${node.host}]` : node.host
  const discport = node.udpPort === node.tcpPort ? '' : `?discport=${node.udpPort}`
  return `enode://${bytesToHex(node.publicKey)}@${host}:${node.tcpPort}${discport}`
}

function parsePublicKey(digits: string): Uint8Array {
  if (!/^[0-9a-f]{128}$/i.test(digits)) throw bad(`a public key has 128 hex digits, not ${JSON.stringify(digits)}`)
  const publicKey = hexToBytes(digits)
  if (!secp256k1().isPublicKey(publicKey)) {
    throw bad('the public key is not a point on the curve secp256k1', 'copy the URL again: a digit is wrong')
  }
  return publicKey
}

function parseAddress(text: string): { host: string; tcpPort: number } {
  const parts = HOST_AND_PORT.exec(text)
  if (parts === null) {
    throw text.split(':').length > 2
      ? bad('an IPv6 address needs brackets and a port', 'write [address]:port')
      : bad(`no host and port in ${JSON.stringify(text)}`)
  }
  const [, ipv6, name, port] = parts
  const host = ipv6 === undefined ? parseHost(name as string) : parseIpv6(ipv6)
  return { host, tcpPort: parsePort(port as string, 'port') }
}

function parseIpv6(text: string): string {
  // A zone (%eth0) is valid on one machine only; go-ethereum refuses it, too.
  if (!isIPv6(text) || text.includes('%')) throw bad(`not an IPv6 address: ${JSON.stringify(text)}`)
  return text.toLowerCase()
}

function parseHost(text: string): string {
  if (isIP(text)) return text
  const labels = text.replace(/\.$/, '').split('.')
  const numeric = /^\d+$/.test(labels.at(-1) as string)
  if (text.length > MAX_HOST_LENGTH || numeric || !labels.every((label) => DNS_LABEL.test(label))) {
    throw bad(`neither an IP address nor a DNS name: ${JSON.stringify(text)}`)
  }
  return text.toLowerCase()
}

function parseDiscport(query: string | undefined): number | undefined {
  const text = new URLSearchParams(query ?? '').get('discport')
  return text === null || text === '' ? undefined : parsePort(text, 'discport')
}

function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) throw bad(`${what} is not a number from 0 to 65535: ${JSON.stringify(text)}`)
  return port
}

function bad(message: string, hint = FORM): ConfigError {
  return new ConfigError(FIELD, message, { hint })
}

function incomplete(): ConfigError {
  return bad('has no endpoint, so it cannot be dialed', 'add @<host>:<port>')
}
