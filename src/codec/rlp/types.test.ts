import fc from 'fast-check'
import { expect, expectTypeOf, test } from 'vitest'
import vectors from '../../../test/vectors/rlp.json' with { type: 'json' }
import { bytesToHex, hexToBytes, utf8ToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp, type TypeOf } from '../index.ts'

function codeOf(action: () => unknown): string {
  return errorOf(action).code
}

function errorOf(action: () => unknown): CodecError {
  try {
    action()
  } catch (error) {
    if (error instanceof CodecError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const decodeHex = <T>(type: rlp.RlpType<T>, hex: string): T => type.decode(hexToBytes(hex))
const encodeHex = <T>(type: rlp.RlpType<T>, value: T): string => bytesToHex(type.encode(value))

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const u256 = fc.oneof(u64, fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }))
const wellFormed = fc.string({ unit: 'binary' })
const message = rlp.struct({
  id: rlp.uint64,
  names: rlp.list(rlp.text),
  pair: rlp.struct({ hash: rlp.fixed(32), count: rlp.number }),
  fee: rlp.optional(rlp.uint),
  flag: rlp.optional(rlp.bool),
})
const messageValue = fc
  .record({
    id: u64,
    names: fc.array(wellFormed, { maxLength: 20 }),
    pair: fc.record({ hash, count: fc.maxSafeNat() }),
    fee: fc.option(u256, { nil: undefined }),
    flag: fc.option(fc.boolean(), { nil: undefined }),
  })
  .filter(({ fee, flag }) => fee !== undefined || flag === undefined)

interface Sample<T> {
  readonly name: string
  readonly type: rlp.RlpType<T>
  readonly values: fc.Arbitrary<T>
}
const sample = <T>(name: string, type: rlp.RlpType<T>, values: fc.Arbitrary<T>): Sample<unknown> => ({
  name,
  type: type as rlp.RlpType<unknown>,
  values,
})
const oneRaw = u256.map((value) => rlp.uint.encode(value))
const date = rlp.mapped(
  rlp.number,
  (seconds) => new Date(seconds * 1000),
  (value) => value.getTime() / 1000,
)

const SAMPLES: readonly Sample<unknown>[] = [
  sample('bytes', rlp.bytes, fc.uint8Array({ maxLength: 300 })),
  sample('bytesOf', rlp.bytesOf({ max: 40 }), fc.uint8Array({ maxLength: 40 })),
  sample('fixed(1)', rlp.fixed(1), fc.uint8Array({ minLength: 1, maxLength: 1 })),
  sample('fixed(32)', rlp.fixed(32), hash),
  sample('uint', rlp.uint, u256),
  sample('uint64', rlp.uint64, u64),
  sample('number', rlp.number, fc.maxSafeNat()),
  sample('numberOrBigint', rlp.numberOrBigint, fc.oneof(fc.maxSafeNat(), fc.bigInt(2n ** 53n, 2n ** 64n - 1n))),
  sample('bool', rlp.bool, fc.boolean()),
  sample('text', rlp.text, wellFormed),
  sample('list', rlp.list<bigint>(rlp.uint), fc.array(u256, { maxLength: 100 })),
  sample('list of lists', rlp.list(rlp.list(rlp.bytes)), fc.array(fc.array(fc.uint8Array({ maxLength: 80 })))),
  sample('struct', message, messageValue),
  sample('raw', rlp.raw, oneRaw),
  sample(
    'mapped',
    date,
    fc.integer({ min: 0, max: 2 ** 31 }).map((seconds) => new Date(seconds * 1000)),
  ),
  sample('either', rlp.either(rlp.uint, rlp.list(rlp.text)), fc.oneof(u256, fc.array(wellFormed))),
  sample('item', rlp.item, fc.oneof(hash, fc.array(hash))),
]

for (const { name, type, values } of SAMPLES) {
  test(`RLP type ${name} decodes what it encoded, in exactly the size it announced`, () => {
    fc.assert(
      fc.property(values, (value) => {
        const encoded = type.encode(value)
        expect(encoded.length).toBe(type.size(value))
        expect(type.decode(encoded)).toEqual(value)
      }),
    )
  })

  test(`RLP type ${name} throws nothing but CodecError on any input, and accepts one encoding of a value`, () => {
    const changed = fc.tuple(values, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const encoded = type.encode(value)
      encoded[at % encoded.length] = byte
      return encoded
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), changed), (bytes) => {
        try {
          expect(type.encode(type.decode(bytes))).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof CodecError)) throw error
          expect(error.offset).toBeLessThanOrEqual(bytes.length)
        }
      }),
      { numRuns: 500 },
    )
  })

  test(`RLP type ${name} refuses every proper prefix of an encoding`, () => {
    fc.assert(
      fc.property(values, fc.nat(), (value, cut) => {
        const encoded = type.encode(value)
        expect(codeOf(() => type.decode(encoded.subarray(0, cut % encoded.length)))).toBe('ERR_RLP_TRUNCATED')
      }),
    )
  })

  test(`RLP type ${name} refuses bytes after the item`, () => {
    const [value] = fc.sample(values, 1)
    const encoded = type.encode(value)
    expect(errorOf(() => type.decode(Uint8Array.of(...encoded, 0x80)))).toMatchObject({
      code: 'ERR_RLP_TRAILING',
      offset: encoded.length,
    })
  })
}

for (const { value, encoded } of vectors.integers) {
  test(`RLP integers: encodes and decodes ${value}`, () => {
    expect(encodeHex(rlp.uint, BigInt(value))).toBe(encoded)
    expect(decodeHex(rlp.uint, encoded)).toBe(BigInt(value))
  })
}

test('RLP integers of every byte length round-trip at both ends of the range', () => {
  for (let bits = 0n; bits <= 256n; bits += 8n) {
    for (const value of [2n ** bits - 1n, 2n ** bits]) {
      if (value < 2n ** 256n) expect(rlp.uint.decode(rlp.uint.encode(value))).toBe(value)
      if (value < 2n ** 64n) expect(rlp.uint64.decode(rlp.uint64.encode(value))).toBe(value)
      if (value <= Number.MAX_SAFE_INTEGER) {
        expect(rlp.number.encode(Number(value))).toEqual(rlp.uint.encode(value))
        expect(rlp.number.decode(rlp.uint.encode(value))).toBe(Number(value))
      }
    }
  }
})

test('RLP integers have no leading zeros, and 0 is the empty string', () => {
  for (const hex of ['00', '820001', '83000400']) {
    expect(codeOf(() => decodeHex(rlp.uint, hex))).toBe('ERR_RLP_NON_CANONICAL')
    expect(codeOf(() => decodeHex(rlp.number, hex))).toBe('ERR_RLP_NON_CANONICAL')
  }
})

test('RLP integers too large for their type are refused on the wire', () => {
  expect(codeOf(() => decodeHex(rlp.uint, `a101${'00'.repeat(32)}`))).toBe('ERR_RLP_TOO_LONG')
  expect(codeOf(() => decodeHex(rlp.uint64, '89010000000000000000'))).toBe('ERR_RLP_TOO_LONG')
  expect(codeOf(() => decodeHex(rlp.numberOrBigint, '89010000000000000000'))).toBe('ERR_RLP_TOO_LONG')
  expect(decodeHex(rlp.numberOrBigint, '871fffffffffffff')).toBe(Number.MAX_SAFE_INTEGER)
  expect(decodeHex(rlp.numberOrBigint, '8720000000000000')).toBe(2n ** 53n)
  expect(codeOf(() => decodeHex(rlp.number, '8720000000000000'))).toBe('ERR_RLP_TOO_LONG')
  expect(codeOf(() => decodeHex(rlp.number, '880100000000000000'))).toBe('ERR_RLP_TOO_LONG')
})

test('RLP integers negative, too large or of the wrong type are refused by the encoder', () => {
  for (const value of [-1n, 2n ** 64n]) expect(codeOf(() => rlp.uint64.encode(value))).toBe('ERR_RLP_VALUE')
  for (const value of [-1n, 2n ** 256n]) expect(codeOf(() => rlp.uint.encode(value))).toBe('ERR_RLP_VALUE')
  for (const value of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) {
    expect(codeOf(() => rlp.number.encode(value))).toBe('ERR_RLP_VALUE')
  }
  // @ts-expect-error a number is not a bigint
  expect(codeOf(() => rlp.uint.encode(1))).toBe('ERR_RLP_VALUE')
  // @ts-expect-error a bigint is not a number
  expect(codeOf(() => rlp.number.encode(1n))).toBe('ERR_RLP_VALUE')
})

test('RLP type bool is 80 or 01', () => {
  expect(encodeHex(rlp.bool, false)).toBe('80')
  expect(encodeHex(rlp.bool, true)).toBe('01')
  expect(codeOf(() => decodeHex(rlp.bool, '02'))).toBe('ERR_RLP_VALUE')
  expect(codeOf(() => decodeHex(rlp.bool, '00'))).toBe('ERR_RLP_NON_CANONICAL')
  // @ts-expect-error not a boolean
  expect(codeOf(() => rlp.bool.encode(1))).toBe('ERR_RLP_VALUE')
})

test('RLP type text is UTF-8, with nothing added and nothing replaced', () => {
  expect(rlp.text.decode(rlp.text.encode('\ufeffgrüße 🦄'))).toBe('\ufeffgrüße 🦄')
  expect(codeOf(() => decodeHex(rlp.text, '82c328'))).toBe('ERR_RLP_TEXT')
  expect(codeOf(() => rlp.text.encode('\ud800'))).toBe('ERR_RLP_VALUE')
})

test('RLP byte strings of the wrong length are refused both ways', () => {
  expect(codeOf(() => rlp.fixed(4).encode(new Uint8Array(3)))).toBe('ERR_RLP_VALUE')
  expect(codeOf(() => decodeHex(rlp.fixed(4), '83646f67'))).toBe('ERR_RLP_LENGTH')
  expect(codeOf(() => rlp.bytesOf({ max: 2 }).encode(new Uint8Array(3)))).toBe('ERR_RLP_VALUE')
  expect(codeOf(() => decodeHex(rlp.bytesOf({ max: 2 }), '83646f67'))).toBe('ERR_RLP_TOO_LONG')
  // @ts-expect-error a string is not bytes
  expect(codeOf(() => rlp.bytes.encode('dog'))).toBe('ERR_RLP_VALUE')
})

test('RLP scalars are not lists, and lists are not scalars', () => {
  for (const type of [rlp.bytes, rlp.fixed(0), rlp.uint, rlp.number, rlp.bool, rlp.text]) {
    expect(codeOf(() => decodeHex<unknown>(type, 'c0'))).toBe('ERR_RLP_KIND')
  }
  expect(codeOf(() => decodeHex(rlp.list(rlp.bytes), '80'))).toBe('ERR_RLP_KIND')
  expect(codeOf(() => decodeHex(message, '80'))).toBe('ERR_RLP_KIND')
})

test('an RLP list stops at its limit', () => {
  const type = rlp.list(rlp.number, { max: 3 })
  expect(decodeHex(type, 'c3010203')).toEqual([1, 2, 3])
  expect(codeOf(() => decodeHex(type, 'c401020304'))).toBe('ERR_RLP_TOO_LONG')
  expect(codeOf(() => type.encode([1, 2, 3, 4]))).toBe('ERR_RLP_VALUE')
})

test('an RLP list reads nothing past its limit, however long it is', () => {
  const type = rlp.list(rlp.number, { max: 3 })
  const items = new Uint8Array(1000).fill(0) // the fourth item is malformed, and is not looked at
  items.set([1, 2, 3])
  expect(codeOf(() => type.decode(rlp.encodeListOfRaw([items])))).toBe('ERR_RLP_TOO_LONG')
})

test('an RLP list without a limit of its own stops at 1 048 576', () => {
  const bytes = rlp.encodeListOfRaw([new Uint8Array(2 ** 20 + 1).fill(1)])
  expect(codeOf(() => rlp.list(rlp.number).decode(bytes))).toBe('ERR_RLP_TOO_LONG')
  expect(rlp.list(rlp.number, { max: Infinity }).decode(bytes)).toHaveLength(2 ** 20 + 1)
})

test('an RLP list names the position of the item at fault in the whole input', () => {
  expect(errorOf(() => decodeHex(rlp.list(rlp.list(rlp.number)), 'c4c101c100')).offset).toBe(4)
})

const structType = rlp.struct({ a: rlp.number, b: rlp.optional(rlp.number), c: rlp.optional(rlp.text) })

test('an RLP struct writes its fields in the order of the table', () => {
  expect(encodeHex(rlp.struct({ b: rlp.number, a: rlp.text }), { a: 'dog', b: 1 })).toBe('c50183646f67')
})

test('an RLP struct leaves out trailing optional fields that are undefined', () => {
  expect(encodeHex(structType, { a: 1 })).toBe('c101')
  expect(encodeHex(structType, { a: 1, b: 2, c: undefined })).toBe('c20102')
  expect(encodeHex(structType, { a: 1, b: 2, c: '' })).toBe('c3010280')
  expect(decodeHex(structType, 'c101')).toStrictEqual({ a: 1, b: undefined, c: undefined })
})

test('an RLP struct refuses a hole before a defined optional field', () => {
  expect(codeOf(() => structType.encode({ a: 1, c: 'dog' }))).toBe('ERR_RLP_VALUE')
})

test('an RLP struct refuses missing and additional items', () => {
  expect(codeOf(() => decodeHex(structType, 'c0'))).toBe('ERR_RLP_TRUNCATED')
  expect(errorOf(() => decodeHex(structType, 'c401020304'))).toMatchObject({ code: 'ERR_RLP_TRAILING', offset: 4 })
})

test('an RLP struct skips additional items when told to, checking where they end', () => {
  const open = rlp.struct({ a: rlp.number }, { extra: 'ignore' })
  expect(decodeHex(open, 'c601c302030480')).toEqual({ a: 1 })
  expect(codeOf(() => decodeHex(open, 'c201c1'))).toBe('ERR_RLP_TRUNCATED')
})

test('an RLP struct names the field that is wrong', () => {
  expect(errorOf(() => decodeHex(message, 'c180')).message).toContain('names')
  expect(() => decodeHex(rlp.struct({ outer: rlp.list(structType) }), 'c3c2c100')).toThrow('outer: a: ')
  expect(() => rlp.struct({ outer: structType }).encode({ outer: { a: -1 } })).toThrow('outer: a: ')
})

test('an RLP struct refuses values that are not objects', () => {
  // @ts-expect-error not an object
  expect(codeOf(() => structType.encode(undefined))).toBe('ERR_RLP_VALUE')
})

test('an RLP struct does not accept a table whose order it cannot keep', () => {
  expect(() => rlp.struct({ 1: rlp.number })).toThrow('reorder')
  expect(() => rlp.struct({ a: rlp.optional(rlp.number), b: rlp.number })).toThrow('optional')
})

test('an RLP struct takes about the same time per byte at any depth', () => {
  let deep: rlp.RlpType<unknown> = rlp.bytes as rlp.RlpType<unknown>
  let value: unknown = new Uint8Array(100)
  let sizes = 0
  const counted = rlp.define<unknown>({
    size: (v) => {
      sizes++
      return rlp.bytes.size(v as Uint8Array)
    },
    write: (v, out, at) => rlp.bytes.write(v as Uint8Array, out, at),
    read: (reader) => reader.readBytes(),
  })
  deep = counted
  for (let i = 0; i < 20; i++) {
    deep = rlp.list(deep) as rlp.RlpType<unknown>
    value = [value]
  }
  expect(deep.decode(deep.encode(value))).toEqual(value)
  expect(sizes).toBe(1)
})

const lazyType = rlp.lazy(rlp.struct({ a: rlp.number }))

test('a lazy RLP type decodes when its value is read, once', () => {
  const item = decodeHex(lazyType, 'c101')
  expect(bytesToHex(item.raw)).toBe('c101')
  expect(item.value).toEqual({ a: 1 })
  expect(item.value).toBe(item.value)
})

test('a lazy RLP type accepts a malformed item and throws when its value is read', () => {
  const item = decodeHex(lazyType, 'c100')
  expect(encodeHex(lazyType, item)).toBe('c100')
  expect(codeOf(() => item.value)).toBe('ERR_RLP_NON_CANONICAL')
})

test('a lazy RLP type wraps a given value', () => {
  expect(encodeHex(rlp.list(lazyType), [lazyType.of({ a: 1 }), lazyType.of({ a: 2 })])).toBe('c4c101c102')
  expect(codeOf(() => lazyType.of({ a: -1 }))).toBe('ERR_RLP_VALUE')
})

test('a lazy RLP type throws nothing but CodecError on any input', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      try {
        expect(lazyType.of(lazyType.decode(bytes).value).raw).toEqual(bytes)
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }),
  )
})

test('RLP type raw checks the span of an item and not what is inside', () => {
  expect(bytesToHex(decodeHex(rlp.raw, 'c28100'))).toBe('c28100')
  expect(codeOf(() => decodeHex(rlp.raw, 'c381'))).toBe('ERR_RLP_TRUNCATED')
  for (const hex of ['', 'c381', '0102']) expect(() => rlp.raw.encode(hexToBytes(hex))).toThrow(CodecError)
})

test('RLP type mapped turns what its functions throw into a CodecError with the cause', () => {
  const cause = new RangeError('no such colour')
  const thrower = (): number => {
    throw cause
  }
  const type = rlp.mapped(rlp.number, thrower, thrower)
  expect(errorOf(() => decodeHex(type, '01'))).toMatchObject({ code: 'ERR_RLP_VALUE', cause })
  expect(errorOf(() => type.encode(1))).toMatchObject({ code: 'ERR_RLP_VALUE', cause })
})

test('RLP type either selects by the kind of the item, and when encoding by a test of the value', () => {
  const type = rlp.either(rlp.bytes, rlp.raw, (value) => (value[0] ?? 0) >= 0xc0)
  expect(bytesToHex(decodeHex(type, '83646f67'))).toBe('646f67')
  expect(bytesToHex(decodeHex(type, 'c101'))).toBe('c101')
  expect(encodeHex(type, hexToBytes('c101'))).toBe('c101')
  expect(encodeHex(type, utf8ToBytes('dog'))).toBe('83646f67')
})

test('RlpReader reads one item of a longer input (EIP-8: what follows the list is ignored)', () => {
  const reader = new rlp.RlpReader(hexToBytes('c101ffff'))
  expect(rlp.struct({ a: rlp.number }).read(reader)).toEqual({ a: 1 })
  expect([reader.offset, reader.done]).toEqual([2, false])
  expect(codeOf(() => reader.finish())).toBe('ERR_RLP_TRAILING')
})

test('RlpReader stays inside its span', () => {
  const reader = new rlp.RlpReader(hexToBytes('ff83646f67ff'), 1, 4)
  expect(codeOf(() => reader.readBytes())).toBe('ERR_RLP_TRUNCATED')
  expect(codeOf(() => new rlp.RlpReader(hexToBytes('ffb838'), 1, 3).skip())).toBe('ERR_RLP_TRUNCATED')
})

test('RlpReader keeps its position when an item is refused', () => {
  const reader = new rlp.RlpReader(hexToBytes('83646f67'))
  expect(codeOf(() => reader.enterList())).toBe('ERR_RLP_KIND')
  expect(codeOf(() => reader.readFixed(2))).toBe('ERR_RLP_LENGTH')
  expect(codeOf(() => reader.readBigint(2))).toBe('ERR_RLP_TOO_LONG')
  expect(reader.readBytes()).toEqual(utf8ToBytes('dog'))
})

test('TypeScript types of RLP types follow from the table', () => {
  const type = rlp.struct({ id: rlp.uint64, text: rlp.text })
  expectTypeOf(type).toEqualTypeOf<rlp.RlpType<{ id: bigint; text: string }>>()
  expectTypeOf<TypeOf<typeof message>>().toEqualTypeOf<{
    id: bigint
    names: readonly string[]
    pair: { hash: Uint8Array; count: number }
    fee?: bigint | undefined
    flag?: boolean | undefined
  }>()
  expectTypeOf(rlp.either(rlp.bytes, rlp.list(rlp.bool))).toEqualTypeOf<rlp.RlpType<Uint8Array | readonly boolean[]>>()
  expectTypeOf(rlp.lazy(type).of({ id: 1n, text: '' }).value).toEqualTypeOf<{ id: bigint; text: string }>()
  expectTypeOf(date).toEqualTypeOf<rlp.RlpType<Date>>()
})

test('TypeScript types of RLP types make wrong bodies compile errors', () => {
  const type = rlp.struct({ id: rlp.uint64, tags: rlp.list(rlp.text), note: rlp.optional(rlp.text) })
  const wrong = (): unknown[] => [
    // @ts-expect-error id is a bigint
    type.encode({ id: 1, tags: [] }),
    // @ts-expect-error tags is missing
    type.encode({ id: 1n }),
    // @ts-expect-error tags are strings
    type.encode({ id: 1n, tags: [1] }),
    // @ts-expect-error no such field
    type.encode({ id: 1n, tags: [], other: 1 }),
    // @ts-expect-error no such field
    type.decode(new Uint8Array(0)).other,
    // @ts-expect-error may be absent
    type.decode(new Uint8Array(0)).note.length,
    // @ts-expect-error optional stands in structs only
    rlp.list(rlp.optional(rlp.text)),
  ]
  expect(wrong).toBeTypeOf('function')
})

const ranged = rlp.mapped(
  rlp.number,
  (value) => (value > 9 ? never('too large') : value),
  (value) => (value > 9 ? never('too large') : value),
)
const nestedType = rlp.struct({ inner: rlp.struct({ ranged, flag: rlp.bool }) })
const thrown = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error
  }
}

test.each([
  ['of a wrong type', { inner: { ranged: 1, flag: 7 as never } }],
  ['that a mapping refuses', { inner: { ranged: 10, flag: true } }],
])('a value %s cannot be encoded, which has no penalty for a remote', (_what, value) => {
  expect(thrown(() => nestedType.encode(value))).toMatchObject({ code: 'ERR_RLP_VALUE', penalty: 0 })
})

test.each([
  ['a field of a wrong value', 'c3c20102'],
  ['a value that a mapping refuses', 'c3c20a01'],
])('%s that was received has a penalty', (_what, hex) => {
  expect(thrown(() => nestedType.decode(hexToBytes(hex)))).toMatchObject({ code: 'ERR_RLP_VALUE', penalty: 20 })
})

function never(message: string): never {
  throw new RangeError(message)
}
