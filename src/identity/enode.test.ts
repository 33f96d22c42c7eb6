import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { keccak256 } from '../crypto/index.ts'
import { formatEnode, parseEnode } from './enode.ts'
import { NodeKey } from './node-key.ts'

/** The key in the examples of go-ethereum's tests (p2p/enode/urlv4_test.go). */
const KEY =
  '1dd9d65c4552b5eb43d5ad55a2ee3f56c6cbc1c64a5c8d659f51fcd51bace24351232b8d7821617d2b29b54b81cdefb9b3e9c37d7fd5f63270bcc9e1a6f6a439'
const at = (address: string) => `enode://${KEY}@${address}`

test.each([
  ['127.0.0.1:52150', '127.0.0.1', 52150, 52150],
  ['127.0.0.1:52150?discport=22334', '127.0.0.1', 52150, 22334],
  ['127.0.0.1:30303?discport=0', '127.0.0.1', 30303, 0],
  ['127.0.0.1:30303?discport=', '127.0.0.1', 30303, 30303],
  ['127.0.0.1:30303?other=1&discport=30301', '127.0.0.1', 30303, 30301],
  ['127.0.0.1:30303/', '127.0.0.1', 30303, 30303],
  ['[::]:52150', '::', 52150, 52150],
  ['[2001:db8:3c4d:15::ABCD:ef12]:52150', '2001:db8:3c4d:15::abcd:ef12', 52150, 52150],
  ['0.0.0.0:0', '0.0.0.0', 0, 0],
])('parseEnode reads %s', (address, ip, tcpPort, udpPort) => {
  const node = parseEnode(at(address))
  expect(node).toMatchObject({ host: ip, ip, tcpPort, udpPort })
  expect(bytesToHex(node.publicKey)).toBe(KEY)
  expect(node.id).toEqual(keccak256(node.publicKey))
})

test.each(['hostname:3', 'Boot-1.example.ORG:30303', 'a.b.c.:1', 'under_score.example:30303', '1.2.3.example:1'])(
  'parseEnode accepts the DNS name in %s, and leaves ip undefined',
  (address) => {
    const node = parseEnode(at(address))
    expect(node.host).toBe(address.split(':')[0]?.toLowerCase())
    expect(node.ip).toBeUndefined()
  },
)

test('parseEnode accepts upper case in the scheme and the key', () => {
  expect(parseEnode(`ENODE://${KEY.toUpperCase()}@1.2.3.4:5`).publicKey).toEqual(parseEnode(at('1.2.3.4:5')).publicKey)
})

test.each([
  ['no URL', '', 'not an enode URL'],
  ['only digits', '01010101', 'not an enode URL'],
  ['another scheme', 'http://foobar', 'not an enode URL'],
  ['no scheme', '://foo', 'not an enode URL'],
  ['a key that is too short', 'enode://01010101@123.124.125.126:3', '128 hex digits'],
  ['a key that is too short, and no host', 'enode://01010101', '128 hex digits'],
  ['a key that is not hex', `enode://g${KEY.slice(1)}@1.2.3.4:5`, '128 hex digits'],
  ['a key that is not on the curve', `enode://${KEY.slice(0, -1)}8@1.2.3.4:5`, 'not a point on the curve'],
  ['the zero key', `enode://${'0'.repeat(128)}@1.2.3.4:5`, 'not a point on the curve'],
  ['no host', at(':3'), 'neither an IP address nor a DNS name'],
  ['no port', at('127.0.0.1'), 'no host and port'],
  ['a port that is no number', at('127.0.0.1:foo'), 'port is not a number'],
  ['an empty port', at('127.0.0.1:'), 'port is not a number'],
  ['a port over 65535', at('127.0.0.1:65536'), 'port is not a number'],
  ['a negative port', at('127.0.0.1:-1'), 'port is not a number'],
  ['a discport that is no number', at('127.0.0.1:3?discport=foo'), 'discport is not a number'],
  ['an IPv6 address without brackets', at('::1:30303'), 'needs brackets'],
  ['an IPv4 address in brackets', at('[127.0.0.1]:3'), 'not an IPv6 address'],
  ['an IPv6 zone', at('[fe80::1%eth0]:3'), 'not an IPv6 address'],
  ['an IPv4 address with a number too large', at('1.2.3.256:3'), 'neither an IP address nor a DNS name'],
  ['a DNS name with a space', at('a b:3'), 'neither an IP address nor a DNS name'],
  ['a path', at('127.0.0.1:3/path'), 'not an enode URL'],
  ['a fragment', at('127.0.0.1:3#x'), 'not an enode URL'],
  ['a second @', at('a@127.0.0.1:3'), 'not an enode URL'],
  ['a very long host', at(`${'a.'.repeat(300)}b:3`), 'longer than'],
])('parseEnode refuses %s', (_, url, message) => {
  expect(() => parseEnode(url)).toThrow(ConfigError)
  expect(() => parseEnode(url)).toThrow(message)
})

test.each([`enode://${KEY}`, KEY])('parseEnode explains why the incomplete form cannot be dialed', (url) => {
  expect(() => parseEnode(url)).toThrow(/cannot be dialed \(add @<host>:<port>\)/)
})

test('parseEnode gives a hint with every refusal', () => {
  for (const url of ['', KEY, at('x'), at('::1:3'), `enode://${'0'.repeat(128)}@1.2.3.4:5`]) {
    expect(() => parseEnode(url)).toThrow(expect.objectContaining({ field: 'enode', hint: expect.any(String) }))
  }
})

test('parseEnode throws nothing but ConfigError on any text', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.string().map(at))
  fc.assert(
    fc.property(text, (url) => {
      try {
        parseEnode(url)
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError)
      }
    }),
  )
})

test.each(['127.0.0.1:52150', '[::1]:52150', 'example.org:1', '10.0.0.1:30303?discport=0'])(
  'formatEnode restores %s',
  (text) => {
    expect(formatEnode(parseEnode(at(text)))).toBe(at(text))
  },
)

test('formatEnode round-trips any node', () => {
  const { publicKey, id } = NodeKey.generate()
  const port = fc.integer({ min: 0, max: 65_535 })
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain())
  fc.assert(
    fc.property(host, port, port, (host, tcpPort, udpPort) => {
      const node = parseEnode(formatEnode({ publicKey, host, tcpPort, udpPort }))
      expect(node).toMatchObject({ publicKey, id, host: host.toLowerCase(), tcpPort, udpPort })
    }),
    { numRuns: 40 },
  )
})
