import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hexToBytes } from '../base/bytes.ts'
import { rlp } from '../codec/index.ts'
import { Enr } from './enr.ts'
import { endpointEntries, enodeOf } from './enr-endpoint.ts'
import { NodeKey } from './node-key.ts'

const KEY = NodeKey.from(hexToBytes('b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'))
const IP4 = rlp.bytes.encode(Uint8Array.of(1, 2, 3, 4))
const IP6 = rlp.bytes.encode(hexToBytes('20010db8000000000000000000000001'))
const port = (value: number): Uint8Array => rlp.number.encode(value)
const enodeWith = (entries: Record<string, Uint8Array>) => enodeOf(Enr.sign(KEY, { sequence: 1n, entries }))

test('the IPv4 endpoint of a record is preferred to its IPv6 endpoint', () => {
  const node = enodeWith({ ip: IP4, tcp: port(1), udp: port(2), ip6: IP6, tcp6: port(3) })
  expect(node).toEqual({ publicKey: KEY.publicKey, id: KEY.id, host: '1.2.3.4', ip: '1.2.3.4', tcpPort: 1, udpPort: 2 })
})

test('an IPv6 endpoint has its own ports, or else those of IPv4', () => {
  expect(enodeWith({ ip6: IP6, tcp: port(1), tcp6: port(3), udp6: port(4) })).toMatchObject({
    host: '2001:db8::1',
    tcpPort: 3,
    udpPort: 4,
  })
  expect(enodeWith({ ip6: IP6, tcp: port(1) })).toMatchObject({ tcpPort: 1, udpPort: 0 })
})

test.each<[string, Record<string, Uint8Array>]>([
  ['no entries', {}],
  ['no TCP port', { ip: IP4, udp: port(1) }],
  ['no address', { tcp: port(1) }],
  ['TCP port 0', { ip: IP4, tcp: port(0) }],
  ['a TCP port over 65535', { ip: IP4, tcp: port(65_536) }],
  ['an address of 3 bytes', { ip: rlp.bytes.encode(Uint8Array.of(1, 2, 3)), tcp: port(1) }],
  ['the unspecified address', { ip: rlp.bytes.encode(new Uint8Array(4)), tcp: port(1) }],
  ['a list where the address belongs', { ip: Uint8Array.of(0xc0), tcp: port(1) }],
])('a record with %s has no endpoint to dial', (_what, entries) => {
  expect(enodeWith(entries)).toBeUndefined()
})

test('enodeOf never throws, whatever the entries of a record hold', () => {
  const value = fc.uint8Array({ maxLength: 20 }).map((bytes) => rlp.bytes.encode(bytes))
  fc.assert(
    fc.property(fc.record({ ip: value, tcp: value, ip6: value, tcp6: value, udp: value }), (entries) => {
      enodeWith(entries)
    }),
    { numRuns: 30 },
  )
})

test.each(['10.0.0.1', '2001:db8::1'])('the endpoint entries of %s are read back', (ip) => {
  expect(enodeWith(endpointEntries({ ip, port: 30_303 }))).toMatchObject({ ip, tcpPort: 30_303, udpPort: 0 })
})

test('a host that is no IP address has no endpoint entries', () => {
  expect(endpointEntries({ ip: 'example.org', port: 1 })).toEqual({})
})
