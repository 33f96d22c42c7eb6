import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { keccak256 } from '../../crypto/index.ts'
import { deriveRoot, EMPTY_CODE_HASH, EMPTY_ROOT, secureTrieRoot } from './index.ts'

/**
 * The definition (yellow paper, appendix D), implemented as plainly as possible: an oracle for the fast one.
 */
function plainRoot(entries: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  return entries.length === 0 ? keccak256(Uint8Array.of(0x80)) : keccak256(rlp.encodeItems(plainNode(entries)))
}

function plainNode(entries: readonly (readonly [string, Uint8Array])[]): rlp.RlpItem {
  const [first] = entries as [readonly [string, Uint8Array]]
  if (entries.length === 1) return [compact(first[0], true), first[1]]
  let shared = 0
  while (entries.every(([key]) => key[shared] === first[0][shared])) shared++
  if (shared > 0) {
    const below = plainNode(entries.map(([key, value]) => [key.slice(shared), value] as const))
    return [compact(first[0].slice(0, shared), false), reference(below)]
  }
  const children = [...'0123456789abcdef'].map((nibble) => {
    const below = entries.filter(([key]) => key[0] === nibble).map(([key, value]) => [key.slice(1), value] as const)
    return below.length === 0 ? new Uint8Array(0) : reference(plainNode(below))
  })
  return [...children, new Uint8Array(0)]
}

function reference(node: rlp.RlpItem): rlp.RlpItem {
  const encoded = rlp.encodeItems(node)
  return encoded.length < 32 ? node : keccak256(encoded)
}

function compact(nibbles: string, leaf: boolean): Uint8Array {
  const flag = leaf ? 2 : 0
  return hexToBytes(nibbles.length % 2 ? `${flag + 1}${nibbles}` : `${flag}0${nibbles}`)
}

const values = fc.uint8Array({ minLength: 1, maxLength: 60 })

describe('deriveRoot', () => {
  test('deriveRoot of no items is the well-known empty root', () => {
    expect(deriveRoot([])).toBe(EMPTY_ROOT)
    expect(EMPTY_ROOT).toEqual(plainRoot([]))
    expect(EMPTY_CODE_HASH).toEqual(keccak256(new Uint8Array(0)))
  })

  test('deriveRoot agrees with the definition for every count around the changes in the length of index keys', () => {
    for (const count of [1, 2, 15, 16, 17, 126, 127, 128, 129, 130, 200, 255, 256, 257, 300, 600]) {
      const items = Array.from({ length: count }, (_, i) => new Uint8Array(1 + (i % 90)).fill(i + 1))
      const entries = items.map((item, i) => [bytesToHex(rlp.number.encode(i)), item] as const)
      expect(bytesToHex(deriveRoot(items)), `${count} items`).toBe(bytesToHex(plainRoot(entries)))
    }
  })

  test('deriveRoot agrees with the definition for items of any size', () => {
    fc.assert(
      fc.property(fc.array(values, { maxLength: 150 }), (items) => {
        const entries = items.map((item, i) => [bytesToHex(rlp.number.encode(i)), item] as const)
        expect(deriveRoot(items)).toEqual(plainRoot(entries))
      }),
    )
  })

  test('deriveRoot takes items larger than its buffer', () => {
    const items = [new Uint8Array(100_000).fill(7), new Uint8Array(20_000).fill(8)]
    const entries = items.map((item, i) => [bytesToHex(rlp.number.encode(i)), item] as const)
    expect(deriveRoot(items)).toEqual(plainRoot(entries))
  })
})

describe('secureTrieRoot', () => {
  /** Keys with long common prefixes and suffixes, so that every kind of node occurs. */
  const keys = fc
    .tuple(fc.nat(3), fc.nat(31), fc.nat(255))
    .map(([fill, at, byte]) => new Uint8Array(32).fill(fill).fill(byte, at, at + 1))

  test('secureTrieRoot agrees with the definition for entries in any order', () => {
    const entries = fc.uniqueArray(fc.tuple(keys, values), { maxLength: 60, selector: ([key]) => bytesToHex(key) })
    fc.assert(
      fc.property(entries, (list) => {
        const plain = list.map(([key, value]) => [bytesToHex(key), value] as const)
        expect(secureTrieRoot(list)).toEqual(plainRoot(plain))
      }),
    )
  })

  test('secureTrieRoot rejects a duplicate key and a key of another length', () => {
    const key = new Uint8Array(32)
    const value = Uint8Array.of(1)
    expect(() =>
      secureTrieRoot([
        [key, value],
        [key.slice(), value],
      ]),
    ).toThrow(CodecError)
    expect(() => secureTrieRoot([[new Uint8Array(31), value]])).toThrow(CodecError)
  })
})
