import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConfigError } from '../../base/errors.ts'
import { formatEnode, NodeKey } from '../../identity/index.ts'
import { FLAG_NAMES, flagOf } from '../flags/index.ts'
import type { AnyFlag } from './flag.ts'
import {
  hashType,
  levelType,
  listType,
  moduleLevelsType,
  nodesType,
  oneOfType,
  pathType,
  portType,
  rangesType,
  secretKeyType,
  switchType,
  type ValueType,
  wholeType,
} from './value-type.ts'

const NAME = '--flag'
const { publicKey } = NodeKey.generate()
const enode = formatEnode({ publicKey, host: '::1', tcpPort: 30_303, udpPort: 0 })

test.each<[string, ValueType<unknown>, string, unknown]>([
  ['a switch', switchType, '1', true],
  ['a switch', switchType, 'false', false],
  ['a switch', switchType, 'TRUE', true],
  ['a switch', switchType, 'f', false],
  ['a port', portType, '0', 0],
  ['a port', portType, '65535', 65_535],
  ['a number', wholeType(1), String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
  ['a hash', hashType, `0x${'Ff'.repeat(32)}`, new Uint8Array(32).fill(255)],
  ['a path', pathType, '', ''],
  ['a path', pathType, '/a/b-c~d', '/a/b-c~d'],
  ['a level', levelType, '5', 'trace'],
  ['module levels', moduleLevelsType, ' peer=debug , eth/*=1', ' peer=debug , eth/*=1'],
  ['a list', listType('name'), ' a ,, b,', ['a', 'b']],
  ['a list', listType('name'), '', []],
  ['a list of nodes', nodesType, `${enode}, ${enode}`, [enode, enode]],
  ['a list of IP networks', rangesType, '10.0.0.0/8,::1', ['10.0.0.0/8', '::1']],
])('%s is read from its text (%#)', (_, type, text, value) => {
  expect(type.parse(NAME, text)).toEqual(value)
})

test.each<[string, ValueType<unknown>, readonly string[]]>([
  ['a switch', switchType, ['', 'tRUE', 'yes', '01', 'on']],
  ['a port', portType, ['', '-1', '65536', '1e3', '0x10', '010', '00', ' 1', '1 ', '1.0', '٣', '99999999999999999999']],
  ['a number', wholeType(1), ['0', '9007199254740993', 'Infinity', 'NaN']],
  ['a hash', hashType, ['', '0x', 'ab', 'g'.repeat(64), `0X${'a'.repeat(64)}`, 'a'.repeat(65)]],
  ['a path', pathType, ['rpc', '/a b', '/a?b', '/a#b', '//\u0000', 'http://x/']],
  ['a level', levelType, ['', '6', '-1', 'INFO', 'constructor']],
  ['module levels', moduleLevelsType, ['peer', '=1', 'a=b=c', 'a=6', '(=1']],
  ['a list of nodes', nodesType, ['enode://x', `${enode},`.replace(':30303', ':0'), `${enode} ${enode}`]],
  ['a list of IP networks', rangesType, ['10.0.0.0/33', '1.2.3', '10.0.0.0/8 ::1']],
  ['a key', secretKeyType, ['', '0'.repeat(64), 'f'.repeat(64), `0x${'1'.repeat(64)}`]],
])('%s is refused, with the name of its source, for any other text', (_, type, texts) => {
  for (const text of texts) {
    expect(() => type.parse(NAME, text), text).toThrow(ConfigError)
    expect(() => type.parse(NAME, text), text).toThrow(/^--flag: /)
  }
})

test('a choice is one of its words or synonyms, and never a property of every object', () => {
  const type = oneOfType('form', ['terminal', 'json'], { text: 'terminal' })
  expect(['text', 'json'].map((text) => type.parse(NAME, text))).toEqual(['terminal', 'json'])
  for (const text of ['constructor', 'toString', '__proto__', '']) expect(() => type.parse(NAME, text)).toThrow(NAME)
})

test('a private key is never shown', () => {
  const key = secretKeyType.parse(NAME, '1'.repeat(64))
  expect(secretKeyType.show(key)).toBe('[secret]')
})

test('any text is parsed to a value that reads back, or is a ConfigError with the name of its source', () => {
  for (const name of FLAG_NAMES) {
    const { type } = flagOf(name)
    const accepted = (text: string): AnyFlag['fallback'] => {
      try {
        return type.parse(name, text)
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError)
        expect((error as ConfigError).field).toBe(name)
        return undefined
      }
    }
    const property = fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
      const value = accepted(text)
      if (value !== undefined) expect(type.parse(name, type.show(value))).toEqual(value)
    })
    fc.assert(property, { numRuns: 50 })
  }
})
