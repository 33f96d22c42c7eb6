import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { randomBytes } from '../../test/support/random.ts'
import { hexToBytes, utf8ToBytes } from '../base/bytes.ts'
import { CodecError } from '../base/errors.ts'
import { SnappyUnpacking, snappyCompress, snappyDecompress, snappyDecompressedLength } from './index.ts'

/** Its ES build is for browsers; its CommonJS build loads in Node. */
const require = createRequire(import.meta.url)
const other = require('snappy-wasm') as {
  compress_raw(input: Uint8Array): Uint8Array
  decompress_raw(input: Uint8Array): Uint8Array
}

const MAX = 2 ** 24 - 1

function snappyError(action: () => unknown): CodecError {
  try {
    action()
  } catch (error) {
    if (error instanceof CodecError && error.code === 'ERR_SNAPPY') return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const refusal = (hex: string, maxBytes = MAX): string =>
  snappyError(() => snappyDecompress(hexToBytes(hex), maxBytes)).message

const content = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 500 })).map(([part, times]) => {
    return Uint8Array.from({ length: part.length * times }, (_, i) => part[i % part.length] as number)
  }),
)

test('snappy decompresses what it compressed', () => {
  fc.assert(
    fc.property(content, (bytes) => {
      const block = snappyCompress(bytes)
      expect(snappyDecompressedLength(block)).toBe(bytes.length)
      expect(snappyDecompress(block, bytes.length)).toEqual(bytes)
    }),
  )
})

test('snappy decompresses blocks with copies of every kind', () => {
  expect(snappyDecompress(hexToBytes('00'), 0)).toEqual(new Uint8Array(0))
  expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0104'), 8)).toEqual(utf8ToBytes('abcdabcd'))
  expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0e0400'), 8)).toEqual(utf8ToBytes('abcdabcd'))
  expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0f04000000'), 8)).toEqual(utf8ToBytes('abcdabcd'))
  expect(snappyDecompress(hexToBytes('05' + '0061' + '0101'), 5)).toEqual(utf8ToBytes('aaaaa'))
})

test('snappy compresses a megabyte of one byte to a 21st and decompresses it', () => {
  const bytes = new Uint8Array(2 ** 20)
  const block = snappyCompress(bytes)
  expect(block.length).toBeLessThan(bytes.length / 20)
  expect(snappyDecompress(block, MAX)).toHaveLength(bytes.length)
})

test('snappy refuses content over the limit before decompressing any of it', () => {
  expect(refusal('8080808004' + '0061')).toContain('1073741824 bytes, at most 16777215')
  expect(snappyError(() => snappyDecompress(snappyCompress(new Uint8Array(101)), 100)).offset).toBe(0)
})

test('snappy refuses a declared length that so few bytes cannot hold, within the limit too', () => {
  const before = process.memoryUsage().external
  for (let i = 0; i < 1000; i++) expect(refusal('ffffff07' + '0061')).toContain('cannot hold')
  expect(process.memoryUsage().external - before).toBeLessThan(2 ** 24)
})

test('snappy refuses a length that is cut off, padded, over 32 bits or over 5 bytes', () => {
  expect(refusal('')).toContain('ends inside')
  expect(refusal('8080')).toContain('ends inside')
  expect(refusal('8100' + '0061')).toContain('needless')
  expect(refusal('ffffffff1f')).toContain('32 bits')
  expect(refusal('808080808001')).toContain('5 bytes')
  expect(() => snappyDecompressedLength(hexToBytes('80'))).toThrow(CodecError)
  expect(snappyDecompressedLength(hexToBytes('ffffffff0f'))).toBe(2 ** 32 - 1)
})

test('snappy refuses content shorter or longer than declared, and copies from before the start', () => {
  for (const hex of [
    '02' + '0061',
    '01' + '04' + '6161',
    '00' + '0061',
    '05' + '0061' + '0102',
    '05' + '0061' + '0100',
  ]) {
    expect(refusal(hex)).toContain('snappy: ')
  }
})

test('snappy throws nothing but CodecError on any input, and still works after it', () => {
  const broken = fc.tuple(content, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
    const block = snappyCompress(bytes)
    block[at % block.length] = byte
    return block
  })
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), broken), (block) => {
      try {
        expect(snappyDecompress(block, 20_000).length).toBe(snappyDecompressedLength(block))
      } catch (error) {
        if (!(error instanceof CodecError)) throw error
      }
    }),
    { numRuns: 3000 },
  )
  expect(snappyDecompress(snappyCompress(utf8ToBytes('dog')), 3)).toEqual(utf8ToBytes('dog'))
})

test('snappy returns memory that later calls do not change', () => {
  const first = snappyDecompress(snappyCompress(utf8ToBytes('dog')), 3)
  snappyDecompress(snappyCompress(utf8ToBytes('cat')), 3)
  expect(first).toEqual(utf8ToBytes('dog'))
  expect(first.byteOffset).toBe(0)
})

const large = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  bytes.set(randomBytes(length >> 1))
  return bytes
}
const unpack = (unpacking: SnappyUnpacking): Uint8Array => {
  for (;;) {
    const content = unpacking.step()
    if (content) return content
  }
}

test('a large block decompressed in steps has the same content, and takes many steps', () => {
  for (const length of [0, 1, 2 ** 20, 5_000_000, MAX]) {
    const bytes = large(length)
    const unpacking = new SnappyUnpacking(snappyCompress(bytes), MAX)
    let steps = 1
    let content = unpacking.step()
    for (; !content; content = unpacking.step()) steps++
    expect(Buffer.compare(content, bytes)).toBe(0)
    expect(steps).toBeGreaterThanOrEqual(length / 2 ** 20)
  }
})

test('a large block decompressed in steps waits for another one, but not for one that was interrupted', () => {
  const [one, two] = [large(3_000_000), large(3_000_000)]
  const [first, second] = [one, two].map((bytes) => new SnappyUnpacking(snappyCompress(bytes), MAX)) as [
    SnappyUnpacking,
    SnappyUnpacking,
  ]
  for (let i = 0; i < 4; i++) expect([first.step(), second.step()]).toEqual([undefined, undefined])
  first.interrupt()
  expect(Buffer.compare(unpack(second), two)).toBe(0)
  expect(Buffer.compare(unpack(first), one)).toBe(0)
})

test('a large block decompressed in steps is refused as in one call, and then blocks no other', () => {
  expect(snappyError(() => new SnappyUnpacking(hexToBytes('8080808004' + '0061'), MAX)).message).toContain('at most')
  const broken = snappyCompress(large(3_000_000))
  broken.fill(0xff, broken.length - 1000)
  expect(snappyError(() => unpack(new SnappyUnpacking(broken, MAX))).message).toContain('does not hold')
  const bytes = large(100)
  expect(unpack(new SnappyUnpacking(snappyCompress(bytes), MAX))).toEqual(bytes)
})

test('snappy and another implementation decompress what the other compresses', () => {
  fc.assert(
    fc.property(content, (bytes) => {
      expect(new Uint8Array(other.decompress_raw(snappyCompress(bytes)))).toEqual(bytes)
      expect(snappyDecompress(other.compress_raw(bytes), bytes.length)).toEqual(bytes)
    }),
    { numRuns: 500 },
  )
})

test('snappy agrees with another implementation about literals of every width, runs and blocks at the borders of 64 KiB', () => {
  const lengths = [0, 1, 14, 15, 16, 59, 60, 61, 64, 65, 255, 256, 257, 65_535, 65_536, 65_537, 131_072, 2 ** 20 + 1]
  for (const length of lengths) {
    const run = new Uint8Array(length).fill(length % 251)
    const half = Uint8Array.from(run)
    half.set(randomBytes(length >> 1))
    for (const bytes of [run, half, randomBytes(length)]) {
      expect(Buffer.compare(other.decompress_raw(snappyCompress(bytes)), bytes)).toBe(0)
      expect(Buffer.compare(snappyDecompress(other.compress_raw(bytes), length), bytes)).toBe(0)
    }
  }
})

test('snappy compresses as well as another implementation', () => {
  const text = utf8ToBytes(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'))
  expect(snappyCompress(text).length).toBeLessThan(other.compress_raw(text).length * 1.02)
})

test('snappy decompresses every block that another implementation does, to the same content', () => {
  const element = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 70 }).map((bytes) => [(60 << 2) as number, bytes.length - 1, ...bytes]),
    fc.tuple(fc.nat(255), fc.nat(40), fc.nat(3)).map(([tag, offset, high]) => [tag | 2, offset, high && high - 1]),
    fc.tuple(fc.nat(255), fc.nat(60)).map(([tag, offset]) => [(tag & 0xfc) | 1, offset]),
    fc.tuple(fc.nat(255), fc.nat(60)).map(([tag, offset]) => [tag | 3, offset, 0, 0, 0]),
    fc.array(fc.nat(255), { maxLength: 4 }),
  )
  const blocks = fc.tuple(fc.nat(300), fc.array(element, { maxLength: 8 })).map(([length, elements]) => {
    const preamble = length < 0x80 ? [length] : [0x80 | (length & 0x7f), length >> 7]
    return Uint8Array.from([...preamble, ...elements.flat()])
  })
  let taken = 0
  fc.assert(
    fc.property(blocks, (block) => {
      const [ours, theirs] = [tried(() => snappyDecompress(block, 300)), tried(() => other.decompress_raw(block))]
      if (!theirs) return // or one that it refuses without need: a long literal in the last bytes
      expect(ours).toEqual(theirs)
      taken++
    }),
    { numRuns: 20_000 },
  )
  expect(taken).toBeGreaterThan(20)
})

function tried(work: () => Uint8Array): Uint8Array | undefined {
  try {
    return new Uint8Array(work())
  } catch {
    return undefined
  }
}
