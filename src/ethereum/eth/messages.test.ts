import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { demoAccessLists, demoBlocks, demoReceipts } from '../../../test/support/demo-chain.ts'
import vectors from '../../../test/vectors/eth-messages.json' with { type: 'json' }
import { bytesTo0x, bytesToHex, hexToBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import type { Codec } from '../../codec/index.ts'
import { protocolLength } from '../../peer/index.ts'
import { forkIdCodec } from '../chain/index.ts'
import { Receipt } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import { lazyHeader } from './codecs.ts'
import { ETH_VERSIONS, type EthBodies, type EthVersion, ethMessages } from './messages.ts'

const codecOf = (version: EthVersion, name: string): Codec<unknown> => {
  const spec = Object.entries(ethMessages(version)).find(([key]) => key === name)?.[1]
  if (!spec) throw new Error(`eth/${version} has no ${name}`)
  return spec.codec
}

/** @returns a decoded body in the form of the vectors. */
function described(value: unknown): unknown {
  if (value instanceof Uint8Array) return bytesTo0x(value)
  if (typeof value === 'bigint') return String(value)
  if (value === undefined) return null
  if (Array.isArray(value)) return value.map(described)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, described(field)]))
}

/** Accesses everything that is decoded on first access. */
function lookInto(body: unknown): void {
  const { headers, bodies, blocks } = body as Partial<
    EthBodies['BlockHeaders'] & EthBodies['BlockBodies'] & EthBodies['Receipts']
  >
  for (const header of headers ?? []) header.value.hash
  for (const body of bodies ?? []) [body.transactions, body.ommers, body.withdrawals]
  for (const block of blocks ?? []) for (const receipt of block.receipts) receipt.consensusForm()
  for (const block of blocks ?? []) block.raw
}

describe('the message table', () => {
  for (const { message, versions, encoded, fields } of vectors.messages) {
    for (const version of versions as EthVersion[]) {
      test(`${message} of eth/${version} is encoded and decoded as in go-ethereum: ${encoded.slice(0, 40)}`, () => {
        const codec = codecOf(version, message)
        const body = codec.decode(hexToBytes(encoded))
        expect(described(body)).toMatchObject(fields)
        lookInto(body)
        expect(bytesToHex(codec.encode(body))).toBe(encoded)
      })
    }
  }

  for (const { encoded, hash, next } of vectors.forkIds) {
    test(`the fork id ${hash}, ${next} is encoded and decoded`, () => {
      expect(described(forkIdCodec.decode(hexToBytes(encoded)))).toEqual({ hash, next })
      expect(bytesToHex(forkIdCodec.encode({ hash: hexToBytes(hash), next: BigInt(next) }))).toBe(encoded)
    })
  }

  test('each version has its number of message keys', () => {
    const lengths = ETH_VERSIONS.map((version) =>
      protocolLength({ name: 'eth', version, messages: ethMessages(version), run: async () => {} }),
    )
    expect(lengths).toEqual([20, 18, 18, 17])
  })

  test('every message is bounded to 10 MiB, except for receipts that cannot be paged', () => {
    for (const version of ETH_VERSIONS) {
      for (const [name, spec] of Object.entries(ethMessages(version))) {
        expect(spec.maxBytes).toBe((name === 'Receipts' && version < 70 ? 16 : 10) * 1024 * 1024)
      }
    }
  })

  test('announcements of blocks exist in eth/68 only, in types as well', () => {
    expect('NewBlock' in ethMessages(68)).toBe(true)
    for (const version of [69, 70, 71] as const) expect('NewBlock' in ethMessages(version)).toBe(false)
    // @ts-expect-error not in eth/69
    expect(ethMessages(69).NewBlock).toBeUndefined()
    // @ts-expect-error not before eth/71
    expect(ethMessages(70).BlockAccessLists).toBeUndefined()
    expect(ethMessages(71).BlockAccessLists.key).toBe(0x13)
  })

  test('a block and its difficulty are encoded and decoded in eth/68', () => {
    const { NewBlock, NewBlockHashes } = ethMessages(68)
    const block = demoBlocks[4] as (typeof demoBlocks)[0]
    const decoded = NewBlock.codec.decode(NewBlock.codec.encode({ block, totalDifficulty: 2n ** 80n }))
    expect(decoded.block.hash).toEqual(block.hash)
    expect(decoded.totalDifficulty).toBe(2n ** 80n)
    const hashes = [{ hash: block.hash, number: 5 }]
    expect(NewBlockHashes.codec.decode(NewBlockHashes.codec.encode(hashes))).toEqual(hashes)
  })

  test('the same receipts have blooms in eth/68, and none in eth/69', () => {
    for (const raw of demoReceipts.slice(0, 60)) {
      const blocks = [BlockReceipts.fromRaw(raw)]
      const { codec } = ethMessages(68).Receipts
      const decoded = codec.decode(codec.encode({ id: 1n, lastBlockIncomplete: false, blocks })).blocks[0]
      expect(decoded?.raw).toEqual(raw)
      expect(BlockReceipts.from((decoded as BlockReceipts).receipts).raw).toEqual(raw)
      for (const receipt of decoded?.receipts ?? []) expect(receipt).toBeInstanceOf(Receipt)
    }
  })

  test('eth/69 does not encode fields of eth/70', () => {
    const { GetReceipts, Receipts } = ethMessages(69)
    expect(() => GetReceipts.codec.encode({ id: 1n, firstBlockReceiptIndex: 1n, hashes: [] })).toThrow(CodecError)
    expect(() => Receipts.codec.encode({ id: 1n, lastBlockIncomplete: true, blocks: [] })).toThrow(CodecError)
  })

  test('a decoded request keeps its first 2048 hashes, and no more', () => {
    const { codec } = ethMessages(71).GetBlockBodies
    const hashes = Array.from({ length: 5000 }, (_, i) => new Uint8Array(32).fill(i))
    expect(codec.decode(codec.encode({ id: 1n, hashes })).hashes).toEqual(hashes.slice(0, 2048))
  })

  test('announcements with lists of different lengths are rejected', () => {
    const { codec } = ethMessages(71).NewPooledTransactionHashes
    const good = { types: Uint8Array.of(2, 3), sizes: [100, 200], hashes: [new Uint8Array(32), new Uint8Array(32)] }
    expect(codec.decode(codec.encode(good))).toEqual(good)
    expect(() => codec.encode({ ...good, sizes: [100] })).toThrow(CodecError)
    expect(() => codec.decode(hexToBytes('c4 82 02 03 c0 c0'.replaceAll(' ', '')))).toThrow(CodecError)
  })

  test('an access list that is neither a list nor an empty string is rejected', () => {
    const { codec } = ethMessages(71).BlockAccessLists
    for (const hex of ['c201c101', 'c401c38201ff']) expect(() => codec.decode(hexToBytes(hex))).toThrow(CodecError)
  })

  test('a response with more than 1024 items is rejected', () => {
    const { codec } = ethMessages(71).BlockAccessLists
    const raw = ethMessages(71).BlockAccessLists.codec.encode({ id: 1n, accessLists: Array(1024).fill(undefined) })
    expect(codec.decode(raw).accessLists).toHaveLength(1024)
    const more = Uint8Array.of(0xf9, 0x04, 0x05, 1, 0xf9, 0x04, 0x01, ...new Uint8Array(1025).fill(0x80))
    expect(() => codec.decode(more)).toThrow(CodecError)
  })
})

describe('hostile bytes', () => {
  const blocks = demoBlocks.slice(238, 246)
  const samples: { readonly [N in keyof EthBodies]?: EthBodies[N] } = {
    GetBlockHeaders: { id: 3n, start: new Uint8Array(32).fill(1), limit: 9n, skip: 1n, reverse: true },
    BlockHeaders: { id: 4n, headers: blocks.map(({ header }) => lazyHeader.decode(header.raw)) },
    BlockBodies: { id: 5n, bodies: blocks.map(({ body }) => body) },
    Receipts: { id: 6n, lastBlockIncomplete: false, blocks: demoReceipts.slice(0, 4).map(BlockReceipts.fromRaw) },
    BlockAccessLists: { id: 7n, accessLists: [demoAccessLists[250], undefined] },
    Transactions: blocks.flatMap(({ body }) => body.transactions),
    PooledTransactions: { id: 8n, transactions: blocks.flatMap(({ body }) => body.transactions) },
    GetReceipts: { id: 9n, firstBlockReceiptIndex: 0n, hashes: [new Uint8Array(32)] },
    BlockRangeUpdate: { earliest: 1, latest: 2, latestHash: new Uint8Array(32) },
  }

  function decodeAll(codec: Codec<unknown>, bytes: Uint8Array): void {
    try {
      const body = codec.decode(bytes)
      lookInto(body)
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
    }
  }

  for (const version of ETH_VERSIONS) {
    for (const [name, { codec }] of Object.entries(ethMessages(version))) {
      test(`hostile bytes of ${name} in eth/${version} throw nothing but CodecError`, () => {
        fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => decodeAll(codec as Codec<unknown>, bytes)))
        const sample = samples[name as keyof EthBodies]
        if (sample === undefined) return
        const good = (codec as Codec<unknown>).encode(sample)
        fc.assert(
          fc.property(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
            const bytes = cut ? good.slice(0, at) : good.slice()
            if (!cut) bytes[at] = byte
            decodeAll(codec as Codec<unknown>, bytes)
          }),
        )
      })
    }
  }
})
