import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexToBytes, utf8ToBytes } from '../base/bytes.ts'
import { CodecError } from '../base/errors.ts'
import { snappyCompress, snappyDecompress, snappyDecompressedLength, snappyLiteral } from './index.ts'

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

describe('snappy', () => {
  it('decompresses what it compressed', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        const block = snappyCompress(bytes)
        expect(snappyDecompressedLength(block)).toBe(bytes.length)
        expect(snappyDecompress(block, bytes.length)).toEqual(bytes)
      }),
    )
  })

  it('reads blocks with copies of every kind', () => {
    expect(snappyDecompress(hexToBytes('00'), 0)).toEqual(new Uint8Array(0))
    expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0104'), 8)).toEqual(utf8ToBytes('abcdabcd'))
    expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0e0400'), 8)).toEqual(utf8ToBytes('abcdabcd'))
    expect(snappyDecompress(hexToBytes('08' + '0c61626364' + '0f04000000'), 8)).toEqual(utf8ToBytes('abcdabcd'))
    expect(snappyDecompress(hexToBytes('05' + '0061' + '0101'), 5)).toEqual(utf8ToBytes('aaaaa'))
  })

  it('compresses a megabyte of one byte to a 21st and reads it back', () => {
    const bytes = new Uint8Array(2 ** 20)
    const block = snappyCompress(bytes)
    expect(block.length).toBeLessThan(bytes.length / 20)
    expect(snappyDecompress(block, MAX)).toHaveLength(bytes.length)
  })

  it('refuses content over the limit before decompressing any of it', () => {
    expect(refusal('8080808004' + '0061')).toContain('1073741824 bytes, at most 16777215')
    expect(snappyError(() => snappyDecompress(snappyCompress(new Uint8Array(101)), 100)).offset).toBe(0)
  })

  it('refuses a declared length that so few bytes cannot hold, within the limit too', () => {
    const before = process.memoryUsage().external
    for (let i = 0; i < 1000; i++) expect(refusal('ffffff07' + '0061')).toContain('cannot hold')
    expect(process.memoryUsage().external - before).toBeLessThan(2 ** 24)
  })

  it('refuses a length that is cut off, padded, over 32 bits or over 5 bytes', () => {
    expect(refusal('')).toContain('ends inside')
    expect(refusal('8080')).toContain('ends inside')
    expect(refusal('8100' + '0061')).toContain('needless')
    expect(refusal('ffffffff1f')).toContain('32 bits')
    expect(refusal('808080808001')).toContain('5 bytes')
    expect(() => snappyDecompressedLength(hexToBytes('80'))).toThrow(CodecError)
    expect(snappyDecompressedLength(hexToBytes('ffffffff0f'))).toBe(2 ** 32 - 1)
  })

  it('refuses content shorter or longer than declared, and copies from before the start', () => {
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

  it('throws nothing but CodecError on bytes from anywhere, and still works after it', () => {
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

  it('gives content of its own, that later calls leave alone', () => {
    const first = snappyDecompress(snappyCompress(utf8ToBytes('dog')), 3)
    snappyDecompress(snappyCompress(utf8ToBytes('cat')), 3)
    expect(first).toEqual(utf8ToBytes('dog'))
    expect(first.byteOffset).toBe(0)
  })
})

describe('snappyLiteral', () => {
  it('is a valid block for every width of its length', () => {
    for (const length of [0, 1, 59, 60, 61, 127, 128, 256, 257, 16_384, 65_536, 65_537, 2 ** 24, 2 ** 24 + 1]) {
      const bytes = new Uint8Array(length).fill(length % 251)
      const block = snappyLiteral(bytes)
      expect(block.length - length).toBeLessThanOrEqual(10)
      expect(Buffer.compare(snappyDecompress(block, length), bytes)).toBe(0)
    }
  })

  it('holds any content', () => {
    fc.assert(
      fc.property(content, (bytes) => {
        expect(snappyDecompress(snappyLiteral(bytes), bytes.length)).toEqual(bytes)
      }),
    )
  })
})
