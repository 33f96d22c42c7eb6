import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { CodecError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'
import { Enr } from './enr.ts'
import { NodeKey } from './node-key.ts'

// EIP-778, "Test Vectors"
const TEXT =
  'enr:-IS4QHCYrYZbAKWCBRlAy5zzaDZXJBGkcnh4MHcBFZntXNFrdvJjX04jRzjzCBOonrkTfj499SZuOh8R33Ls8RRcy5wBgmlkgnY0gmlwhH8AAAGJc2VjcDI1NmsxoQPKY0yuDUmstAHYpMa2_oxVtw0RW_QAdpzBQA8yWM0xOIN1ZHCCdl8'
const KEY = NodeKey.from(hexToBytes('b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'))
const ENTRIES = { ip: rlp.bytes.encode(Uint8Array.of(127, 0, 0, 1)), udp: rlp.number.encode(30303) }

test('Enr.parse reads the example of EIP-778', () => {
  const enr = Enr.parse(TEXT)
  expect(enr.sequence).toBe(1n)
  expect(bytesToHex(enr.id)).toBe('a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7')
  expect(enr.keys).toEqual(['id', 'ip', 'secp256k1', 'udp'])
  expect(enr.get('udp')).toEqual(ENTRIES.udp)
  expect(enr.toString()).toBe(TEXT)
})

test('Enr.sign makes a record that Enr.decode reads', () => {
  const enr = Enr.sign(KEY, { sequence: 7n, entries: ENTRIES })
  const read = Enr.decode(enr.raw)
  expect(read.sequence).toBe(7n)
  expect(read.publicKey).toEqual(KEY.publicKey)
  expect(read.keys).toEqual(['id', 'ip', 'secp256k1', 'udp'])
})

test('Enr.decode refuses a record with any byte changed', () => {
  const { raw } = Enr.sign(KEY, { sequence: 7n, entries: ENTRIES })
  fc.assert(
    fc.property(fc.nat(raw.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const changed = raw.slice()
      changed[at] = (changed[at] as number) ^ flip
      expect(() => Enr.decode(changed)).toThrow(CodecError)
    }),
  )
})

test('Enr.decode and Enr.parse throw nothing but CodecError on any input', () => {
  const refuses = (read: () => unknown): void => {
    expect(read).toThrow(CodecError)
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 320 }), (bytes) => refuses(() => Enr.decode(bytes))))
  fc.assert(fc.property(fc.string(), (text) => refuses(() => Enr.parse(text))))
})

test('Enr.sign refuses a record over 300 bytes', () => {
  const entries = { ...ENTRIES, long: rlp.bytes.encode(new Uint8Array(250)) }
  expect(() => Enr.sign(KEY, { sequence: 1n, entries })).toThrow(/at most 300/)
})
