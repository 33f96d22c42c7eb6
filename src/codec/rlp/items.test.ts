import fc from 'fast-check'
import { expect, test } from 'vitest'
import vectors from '../../../test/vectors/rlp.json' with { type: 'json' }
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../index.ts'

type Described = string | readonly Described[]

function itemOf(described: Described): rlp.RlpItem {
  if (typeof described !== 'string') return described.map(itemOf)
  return described.startsWith('0x') ? hexToBytes(described) : utf8ToBytes(described)
}

function codecErrorOf(action: () => unknown): CodecError {
  try {
    action()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const anyItem = fc.letrec<{ item: rlp.RlpItem }>((tie) => ({
  item: fc.oneof({ maxDepth: 6 }, fc.uint8Array({ maxLength: 70 }), fc.array(tie('item'), { maxLength: 8 })),
})).item

function nested(depth: number): rlp.RlpItem {
  let value: rlp.RlpItem = []
  for (let i = 1; i < depth; i++) value = [value]
  return value
}

for (const { name, item, encoded } of vectors.valid) {
  test(`RLP items: encodes and decodes ${name}`, () => {
    expect(bytesToHex(rlp.encodeItems(itemOf(item)))).toBe(encoded)
    expect(rlp.decodeItems(hexToBytes(encoded))).toEqual(itemOf(item))
  })
}

for (const { name, encoded, code } of vectors.invalid) {
  test(`RLP items: refuses ${name}`, () => {
    expect(codecErrorOf(() => rlp.decodeItems(hexToBytes(encoded))).code).toBe(code)
  })
}

test('RLP items decode as they were encoded', () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      const encoded = rlp.encodeItems(item)
      expect(encoded.length).toBe(rlp.item.size(item))
      expect(rlp.decodeItems(encoded)).toEqual(item)
    }),
  )
})

test('RLP items have one encoding only: what decodes encodes to the same bytes', () => {
  const mutated = fc.tuple(anyItem, fc.nat(), fc.nat(255)).map(([item, at, byte]) => {
    const bytes = rlp.encodeItems(item)
    bytes[at % bytes.length] = byte
    return bytes
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), (bytes) => {
      try {
        expect(rlp.encodeItems(rlp.decodeItems(bytes))).toEqual(bytes)
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }),
    { numRuns: 2000 },
  )
})

test('RLP items have the right length where the header grows', () => {
  for (const length of [55, 56, 255, 256, 65_535, 65_536, 16_777_215, 16_777_216]) {
    const string = new Uint8Array(length).fill(7)
    const encoded = rlp.encodeItems([string, [string]])
    const decoded = rlp.decodeItems(encoded) as [Uint8Array, [Uint8Array]]
    expect([decoded[0].length, decoded[1][0].length]).toEqual([length, length])
    expect(Buffer.compare(decoded[1][0], string)).toBe(0)
  }
})

test('RLP items nest 64 lists deep and no deeper', () => {
  expect(rlp.decodeItems(rlp.encodeItems(nested(64)))).toEqual(nested(64))
  expect(codecErrorOf(() => rlp.encodeItems(nested(65))).code).toBe('ERR_RLP_DEPTH')
  const raw = rlp.encodeListOfRaw([rlp.encodeItems(nested(64))])
  expect(codecErrorOf(() => rlp.decodeItems(raw))).toMatchObject({
    code: 'ERR_RLP_DEPTH',
    offset: expect.any(Number),
  })
})

test('RLP items nested 100 000 lists deep do not overflow the stack', () => {
  let at = 400_000
  const bytes = new Uint8Array(at)
  for (let depth = 0, length = 0; depth < 100_000; depth++, length = bytes.length - at) {
    at -= rlp.lengthOfList(length) - length
    rlp.writeListHeader(length, bytes, at)
  }
  expect(codecErrorOf(() => rlp.decodeItems(bytes.subarray(at))).code).toBe('ERR_RLP_DEPTH')
  expect(codecErrorOf(() => rlp.decodeItems(new Uint8Array(1_000_000).fill(0xc1))).code).toBe('ERR_RLP_TRUNCATED')
})

test('RLP items that contain themselves are refused', () => {
  const loop: rlp.RlpItem[] = []
  loop.push(loop)
  expect(codecErrorOf(() => rlp.encodeItems(loop)).code).toBe('ERR_RLP_DEPTH')
})

test('RLP items are at most 1 048 576 in one tree', () => {
  const raw = rlp.encodeListOfRaw([new Uint8Array(2 ** 20).fill(1)])
  expect(codecErrorOf(() => rlp.decodeItems(raw)).code).toBe('ERR_RLP_TOO_LONG')
})

test('RLP items are wrapped in a list without being decoded', () => {
  const items = [rlp.text.encode('cat'), rlp.text.encode('dog')]
  expect(bytesToHex(rlp.encodeListOfRaw(items))).toBe('c88363617483646f67')
})

test('RLP items decode from a Buffer to plain Uint8Arrays over the same memory', () => {
  const buffer = Buffer.from('83646f67', 'hex')
  const decoded = rlp.decodeItems(buffer) as Uint8Array
  expect(decoded.constructor).toBe(Uint8Array)
  buffer[1] = 0x66
  expect(decoded).toEqual(utf8ToBytes('fog'))
})
