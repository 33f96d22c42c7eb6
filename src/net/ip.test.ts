import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CodecError, ConfigError } from '../base/errors.ts'
import { IpRanges, ipFromBytes, ipToBytes, isLan, isLoopback, netgroupKey, parseIp } from './index.ts'

test('an IP has one normal form', () => {
  expect(parseIp('1.2.3.4')).toBe('1.2.3.4')
  expect(parseIp('::ffff:1.2.3.4')).toBe('1.2.3.4')
  expect(parseIp('::ffff:102:304')).toBe('1.2.3.4')
  expect(parseIp('2001:DB8:0:0:0:0:0:1')).toBe('2001:db8::1')
})

test('text that is not an IP, or could be read in two ways, is refused', () => {
  for (const text of [
    '',
    'localhost',
    '1.2.3',
    '256.1.1.1',
    '010.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4 ',
    '::g',
    '1.2.3.4/8',
  ]) {
    expect(parseIp(text)).toBeUndefined()
  }
})

test('no function of ip.ts throws, whatever the text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.ipV4(),
        fc.ipV6(),
        fc.string().map((zone) => `fe80::1%${zone}`),
      ),
      (text) => {
        const ip = parseIp(text)
        if (ip !== undefined) expect(parseIp(ip)).toBe(ip)
        isLan(text)
        isLoopback(text)
        netgroupKey(text)
        ipToBytes(text)
      },
    ),
  )
})

test('bytes and text are two forms of one IP', () => {
  const ip = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
  fc.assert(fc.property(ip, (bytes) => void expect(ipToBytes(ipFromBytes(bytes))).toEqual(bytes)))
  expect(ipFromBytes(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4))).toBe('1.2.3.4')
  expect(() => ipFromBytes(new Uint8Array(5))).toThrow(CodecError)
  expect(ipToBytes('host')).toBeUndefined()
})

test('isLoopback and isLan tell loopback and LAN addresses from others', () => {
  for (const ip of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    expect([isLoopback(ip), isLan(ip)]).toEqual([true, true])
  for (const ip of ['10.1.1.1', '172.16.0.1', '192.168.1.1', '169.254.1.1', 'fe80::1', 'fd00::1']) {
    expect([isLoopback(ip), isLan(ip)]).toEqual([false, true])
  }
  for (const ip of ['8.8.8.8', '172.32.0.1', '2001:4860::1', 'localhost'])
    expect([isLoopback(ip), isLan(ip)]).toEqual([false, false])
})

describe('ranges', () => {
  test('IP ranges contain the addresses in any of them', () => {
    const ranges = IpRanges.parse('10.0.0.0/8, fd00::/8,1.2.3.4, ::ffff:9.9.0.0/112')
    for (const ip of ['10.255.0.1', '::ffff:10.0.0.1', 'fd12::1', '1.2.3.4', '9.9.1.1'])
      expect(ranges.contains(ip)).toBe(true)
    for (const ip of ['11.0.0.1', 'fe00::1', '1.2.3.5', '9.8.1.1', 'host', '']) expect(ranges.contains(ip)).toBe(false)
    expect(ranges.toString()).toBe('10.0.0.0/8,fd00::/8,1.2.3.4/32,9.9.0.0/16')
  })

  test('an invalid IP range is an error that names flag and text', () => {
    for (const text of [
      '',
      'x',
      '10.0.0.0/33',
      '10.0.0.0/-1',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '10.0.0.0/8,',
      '10/8',
      '::/129',
      '::ffff:1.2.3.4/95',
    ]) {
      expect(() => IpRanges.parse(text)).toThrow(ConfigError)
    }
    expect(() => IpRanges.parse('10.0.0.0/8,x')).toThrow(
      expect.objectContaining({ field: 'ranges', message: expect.stringContaining('"x"') }),
    )
  })
})

test('addresses that are probably controlled by one party share a netgroup', () => {
  expect(netgroupKey('1.2.3.4')).toBe('1.2.0.0/16')
  expect(netgroupKey('::ffff:1.2.9.9')).toBe('1.2.0.0/16')
  expect(netgroupKey('2001:db8:1::1')).toBe('2001:db8::/32')
  expect(netgroupKey('2001:470:abcd:9999::1')).toBe('2001:470:a000::/36') // Hurricane Electric
  expect(netgroupKey('2002:102:304::1')).toBe('1.2.0.0/16') // 6to4
  expect(netgroupKey('2001:0:9999:9999:9999:9999:fefd:fcfb')).toBe('1.2.0.0/16') // Teredo, inverted
  expect(netgroupKey('64:ff9b::102:304')).toBe('1.2.0.0/16') // NAT64
  expect(netgroupKey('localhost')).toBe('unknown')
})
