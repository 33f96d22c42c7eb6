import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../base/bytes.ts'
import { ConfigError } from '../base/errors.ts'
import { NodeKey } from './node-key.ts'

test('NodeKey derives the public key and the id of the example record of EIP-778', () => {
  const key = NodeKey.from(hexToBytes('b71c71a67e1177ad4e901695e1b4b9ee17ae16c6668d313eac2f96dbcda3f291'))
  expect(bytesToHex(key.publicKey)).toMatch(/^ca634cae0d49acb401d8a4c6b6fe8c55b70d115bf400769cc1400f3258cd3138/)
  expect(bytesToHex(key.id)).toBe('a448f24c6d18e575453db13171562b71999873db5b286df957af199ec94617f7')
})

test('NodeKey copies the bytes it is made from', () => {
  const bytes = NodeKey.generate().privateKey.slice()
  const key = NodeKey.from(bytes)
  const before = bytesToHex(key.privateKey)
  bytes.fill(0)
  expect(bytesToHex(key.privateKey)).toBe(before)
})

test('NodeKey.generate returns another key each time', () => {
  expect(NodeKey.generate().id).not.toEqual(NodeKey.generate().id)
})

test('NodeKey.from refuses bytes that are not a private key', () => {
  for (const bytes of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(31).fill(1)]) {
    expect(() => NodeKey.from(bytes)).toThrow(ConfigError)
  }
})

test('NodeKey does not show its secret when it is logged', () => {
  const key = NodeKey.generate()
  const secret = bytesToHex(key.privateKey)
  const id = bytesToHex(key.id)
  for (const shown of [inspect(key), inspect({ deep: { key } }), JSON.stringify({ key })]) {
    expect(shown).toContain(id)
    expect(shown).not.toContain(secret)
  }
})
