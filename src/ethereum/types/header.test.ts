import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../../test/vectors/ethereum-blocks.json' with { type: 'json' }
import { bytesTo0x, hexToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { EMPTY_OMMERS_HASH, EMPTY_ROOT, Header, type HeaderFields, headerCodec, ZERO_HASH } from './index.ts'

const sample = vectors.headers.map((header) => hexToBytes(header.rlp))

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)
const uint256 = fc.bigInt(0n, 2n ** 256n - 1n)
const safe = fc.nat(Number.MAX_SAFE_INTEGER)

const frontierFields = fc.record({
  parentHash: bytesOf(32),
  ommersHash: bytesOf(32),
  coinbase: bytesOf(20),
  stateRoot: bytesOf(32),
  transactionsRoot: bytesOf(32),
  receiptsRoot: bytesOf(32),
  logsBloom: bytesOf(256),
  difficulty: uint256,
  number: safe,
  gasLimit: uint64,
  gasUsed: uint64,
  timestamp: safe,
  extraData: fc.uint8Array({ maxLength: 200 }),
  mixHash: bytesOf(32),
  nonce: bytesOf(8),
})

const laterFields = fc.tuple(uint256, bytesOf(32), uint64, uint64, bytesOf(32), bytesOf(32), bytesOf(32), uint64)

/** Arbitrary header of any fork: later fields are present up to some point. */
const anyFields: fc.Arbitrary<HeaderFields> = fc
  .tuple(frontierFields, laterFields, fc.nat(8))
  .map(([fields, later, count]) => ({
    ...fields,
    baseFeePerGas: count > 0 ? later[0] : undefined,
    withdrawalsRoot: count > 1 ? later[1] : undefined,
    blobGasUsed: count > 2 ? later[2] : undefined,
    excessBlobGas: count > 3 ? later[3] : undefined,
    parentBeaconBlockRoot: count > 4 ? later[4] : undefined,
    requestsHash: count > 5 ? later[5] : undefined,
    blockAccessListHash: count > 6 ? later[6] : undefined,
    slotNumber: count > 7 ? later[7] : undefined,
  }))

function fieldsOf(header: Header): HeaderFields {
  const { raw, ...fields } = header
  return fields
}

describe('Header', () => {
  test("a header made of mainnet's genesis fields has the hash of mainnet's genesis", () => {
    const genesis = vectors.mainnetGenesis
    const header = Header.from({
      parentHash: ZERO_HASH,
      ommersHash: EMPTY_OMMERS_HASH,
      coinbase: new Uint8Array(20),
      stateRoot: hexToBytes(genesis.stateRoot),
      transactionsRoot: EMPTY_ROOT,
      receiptsRoot: EMPTY_ROOT,
      logsBloom: new Uint8Array(256),
      difficulty: BigInt(genesis.difficulty),
      number: 0,
      gasLimit: BigInt(genesis.gasLimit),
      gasUsed: 0n,
      timestamp: 0,
      extraData: hexToBytes(genesis.extraData),
      mixHash: ZERO_HASH,
      nonce: hexToBytes(genesis.nonce),
    })
    expect(bytesTo0x(header.hash)).toBe(genesis.hash)
  })

  for (const { fork, rlp: raw, hash } of vectors.headers) {
    test(`a header of ${fork} is decoded, and hashed as it arrived`, () => {
      const header = Header.decode(hexToBytes(raw))
      expect(bytesTo0x(header.hash)).toBe(hash)
      expect(header.baseFeePerGas).toBe(1_000_000_000n)
      expect(header.withdrawalsRoot).toBeUndefined()
    })
  }

  test('a header of any fork survives encoding with every field', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const header = Header.from(fields)
        expect(fieldsOf(header)).toEqual(fields)
        expect(fieldsOf(Header.decode(header.raw))).toEqual(fields)
      }),
    )
  })

  test("a header with a missing field before a later fork's field is rejected", () => {
    const header = Header.decode(sample[0] as Uint8Array)
    expect(() => Header.from({ ...header, requestsHash: ZERO_HASH })).toThrow(CodecError)
  })

  test('a header with more items than the latest fork has, or a number above 2^53, is rejected', () => {
    const items = rlp.decodeItems(sample[0] as Uint8Array) as Uint8Array[]
    const full = [...items, ...Array.from({ length: 8 }, () => new Uint8Array(32).fill(1))]
    expect(() => Header.decode(rlp.encodeItems(full))).toThrow(CodecError)
    const far = items.map((item, i) => (i === 8 ? new Uint8Array(8).fill(0xff) : item))
    expect(() => Header.decode(rlp.encodeItems(far))).toThrow(CodecError)
  })

  test('headers are encoded and decoded inside lists', () => {
    const list = rlp.list(headerCodec)
    const headers = sample.map((raw) => Header.decode(raw))
    const again = list.decode(list.encode(headers))
    expect(again.map((header) => bytesTo0x(header.hash))).toEqual(headers.map((header) => bytesTo0x(header.hash)))
  })

  test('mangled header bytes are a CodecError, or a header with the hash of those very bytes', () => {
    fc.assert(
      fc.property(fc.nat(520), fc.uint8Array({ minLength: 1, maxLength: 4 }), (at, patch) => {
        const bytes = (sample[0] as Uint8Array).slice()
        bytes.set(patch.subarray(0, bytes.length - (at % bytes.length)), at % bytes.length)
        try {
          expect(Header.from(Header.decode(bytes)).raw).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError)
        }
      }),
    )
  })

  test('random bytes decoded as a header throw nothing but CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), (bytes) => {
        expect(() => Header.decode(bytes)).toThrow(CodecError)
      }),
    )
  })
})
