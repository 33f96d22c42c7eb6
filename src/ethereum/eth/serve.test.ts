import { describe, expect, it } from 'vitest'
import { demoBlocks, demoChain, demoRange, demoReceipts, sideBlocks } from '../../../test/support/demo-chain.ts'
import { rlp } from '../../codec/index.ts'
import { type Block, Header, receiptCodec } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import type { GetBlockHeaders } from './codecs.ts'
import { accessListsOf, bodiesOf, headersOf, receiptsOf, SERVE_LIMITS } from './serve.ts'

const chain = await demoChain()
const block = (number: number): Block => demoBlocks[number - 1] as Block
const hashes = (...numbers: number[]): Uint8Array[] => numbers.map((number) => block(number).hash)
const receiptsAt = (number: number): Uint8Array => demoReceipts[number - 1] as Uint8Array
const MAX_U64 = 2n ** 64n - 1n

function numbersOf(query: Partial<GetBlockHeaders>, limits = {}): number[] {
  const full = { id: 1n, start: 1n, limit: 1n, skip: 0n, reverse: false, ...query }
  return headersOf(chain, full, { ...SERVE_LIMITS, ...limits }).map((raw) => Header.decode(raw).number)
}

describe('headers', () => {
  it('come forwards and backwards, by number and by hash, with gaps', () => {
    const start = block(100).hash
    for (const from of [100n, start]) {
      expect(numbersOf({ start: from, limit: 3n })).toEqual([100, 101, 102])
      expect(numbersOf({ start: from, limit: 3n, reverse: true })).toEqual([100, 99, 98])
      expect(numbersOf({ start: from, limit: 3n, skip: 9n })).toEqual([100, 110, 120])
      expect(numbersOf({ start: from, limit: 3n, skip: 9n, reverse: true })).toEqual([100, 90, 80])
    }
  })

  it('end where the chain ends', () => {
    expect(numbersOf({ start: 318n, limit: 10n })).toEqual([318, 319, 320])
    expect(numbersOf({ start: 310n, limit: 10n, skip: 6n })).toEqual([310, 317])
    expect(numbersOf({ start: 3n, limit: 10n, reverse: true })).toEqual([3, 2, 1, 0])
    expect(numbersOf({ start: 5n, limit: 10n, skip: 2n, reverse: true })).toEqual([5, 2])
    expect(numbersOf({ start: 321n, limit: 10n })).toEqual([])
    expect(numbersOf({ start: new Uint8Array(32), limit: 10n })).toEqual([])
  })

  it('are none for no limit', () => {
    expect(numbersOf({ limit: 0n })).toEqual([])
  })

  it('survive numbers at the end of 64 bits', () => {
    expect(numbersOf({ start: MAX_U64, limit: MAX_U64, skip: MAX_U64 })).toEqual([])
    expect(numbersOf({ start: MAX_U64, limit: 1n, reverse: true })).toEqual([])
    for (const skip of [MAX_U64, MAX_U64 - 1n, 2n ** 53n - 1n, 2n ** 53n - 2n]) {
      for (const start of [7n, block(7).hash]) {
        expect(numbersOf({ start, limit: 10n, skip })).toEqual([7])
        expect(numbersOf({ start, limit: 10n, skip, reverse: true })).toEqual([7])
      }
    }
    expect(numbersOf({ start: 1n, limit: MAX_U64 })).toHaveLength(320)
  })

  it('stop at 1024, at 2048 look-ups and at 2 MiB', () => {
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { items: 7 })).toHaveLength(7)
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { lookups: 9 })).toHaveLength(9)
    expect(numbersOf({ start: 1n, limit: MAX_U64 }, { softBytes: block(1).header.raw.length + 1 })).toEqual([1, 2])
    expect(SERVE_LIMITS).toMatchObject({ items: 1024, lookups: 2048, softBytes: 2 ** 21 })
  })

  it('of a side chain lead back to the canonical one, and nowhere forwards', async () => {
    const side = await demoChain(50)
    const blocks = sideBlocks(block(50).header, 3)
    await side.extend(blocks)
    await side.extend(demoRange(51, 320))
    const headers = blocks.map(({ header }) => header)
    const start = headers[2]?.hash as Uint8Array
    const ask = (query: Partial<GetBlockHeaders>, limits = {}): Header[] =>
      headersOf(
        side,
        { id: 1n, start, limit: 6n, skip: 0n, reverse: true, ...query },
        { ...SERVE_LIMITS, ...limits },
      ).map((raw) => Header.decode(raw))
    expect(ask({}).map(({ number }) => number)).toEqual([53, 52, 51, 50, 49, 48])
    expect(ask({})[2]?.hash).toEqual(headers[0]?.hash)
    expect(ask({})[3]?.hash).toEqual(block(50).hash)
    expect(ask({ skip: 1n }).map(({ number }) => number)).toEqual([53, 51, 49, 47, 45, 43])
    expect(ask({ skip: 4n }).map(({ number }) => number)).toEqual([53, 48, 43, 38, 33, 28])
    expect(ask({ skip: MAX_U64 })).toHaveLength(1)
    expect(ask({ reverse: false })).toHaveLength(1)
    expect(ask({}, { lookups: 2 })).toHaveLength(2)
  })
})

describe('bodies', () => {
  it('come as they are stored, up to the first that is not held', () => {
    const wanted = [...hashes(3, 99, 320), new Uint8Array(32), ...hashes(4)]
    const bodies = bodiesOf(chain, { id: 1n, hashes: wanted }, SERVE_LIMITS)
    expect(bodies).toEqual([3, 99, 320].map((number) => block(number).body.raw))
  })

  it('stop at the limits of an answer', () => {
    const wanted = { id: 1n, hashes: demoBlocks.map(({ hash }) => hash) }
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, items: 5 })).toHaveLength(5)
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, softBytes: 1 })).toHaveLength(1)
    expect(bodiesOf(chain, wanted, { ...SERVE_LIMITS, maxBytes: 2 })).toHaveLength(0)
  })
})

describe('block access lists', () => {
  it('stand at the place of their hash, missing ones too', () => {
    const wanted = [...hashes(250, 3), new Uint8Array(32), ...hashes(300)]
    const lists = accessListsOf(chain, { id: 1n, hashes: wanted }, SERVE_LIMITS)
    expect(lists.map((raw) => raw !== undefined)).toEqual([true, false, false, true])
    expect(accessListsOf(chain, { id: 1n, hashes: wanted }, { ...SERVE_LIMITS, softBytes: 1 })).toHaveLength(1)
  })
})

describe('receipts', () => {
  const whole = (number: number): number => [...new rlp.RlpReader(receiptsAt(number)).rawItem()].length
  const ask = (numbers: number[], first: bigint, version: 68 | 69 | 70 | 71, limits = {}) =>
    receiptsOf(chain, { id: 1n, hashes: hashes(...numbers), firstBlockReceiptIndex: first }, version, {
      ...SERVE_LIMITS,
      ...limits,
    })
  /** A block with several receipts. */
  const many = demoReceipts.findIndex((raw) => BlockReceipts.fromRaw(raw).receipts.length >= 4) + 1
  const count = BlockReceipts.fromRaw(receiptsAt(many)).receipts.length

  it('come as they are stored since eth/69', () => {
    for (const version of [69, 70, 71] as const) {
      const answer = ask([many, 2], 0n, version)
      expect(answer.blocks.map(({ raw }) => raw)).toEqual([receiptsAt(many), receiptsAt(2)])
      expect(answer.lastBlockIncomplete).toBe(false)
    }
  })

  it('stop before the first block that is not held', () => {
    const wanted = [...hashes(2), new Uint8Array(32), ...hashes(3)]
    const query = { id: 1n, hashes: wanted, firstBlockReceiptIndex: 0n }
    expect(receiptsOf(chain, query, 70, SERVE_LIMITS).blocks).toHaveLength(1)
  })

  it('begin at the index asked for since eth/70, in the first block only', () => {
    const { blocks, lastBlockIncomplete } = ask([many, 2], 2n, 70)
    expect(blocks[0]?.receipts).toHaveLength(count - 2)
    expect(blocks[1]?.raw).toEqual(receiptsAt(2))
    expect(lastBlockIncomplete).toBe(false)
  })

  it('are none of a block whose end the index is, or behind', () => {
    for (const index of [BigInt(count), BigInt(count) + 1n, MAX_U64]) {
      expect(ask([many], index, 70).blocks.map(({ raw }) => raw)).toEqual([Uint8Array.of(0xc0)])
    }
  })

  it('are cut where the message is full since eth/70, and all come in the end', () => {
    const collected: Uint8Array[] = []
    const largest = Math.max(...BlockReceipts.fromRaw(receiptsAt(many)).receipts.map((r) => receiptCodec.size(r)))
    let incomplete = true
    for (let rounds = 0; incomplete && rounds < 50; rounds++) {
      const answer = ask([many], BigInt(collected.length), 70, { maxBytes: largest + 3 })
      incomplete = answer.lastBlockIncomplete
      expect(answer.blocks).toHaveLength(1)
      const reader = new rlp.RlpReader(answer.blocks[0]?.raw as Uint8Array).enterList()
      while (!reader.done) collected.push(reader.rawItem())
      expect(answer.blocks[0]?.raw.length).toBeLessThanOrEqual(largest + 3)
    }
    expect(collected.length).toBe(count)
    expect(rlp.encodeListOfRaw(collected)).toEqual(receiptsAt(many))
  })

  it('are left out when not one of them fits', () => {
    expect(ask([many], 0n, 70, { maxBytes: 3 })).toEqual({ blocks: [], lastBlockIncomplete: false })
    expect(ask([2, many], 0n, 70, { maxBytes: whole(2) + 2 })).toMatchObject({ lastBlockIncomplete: false })
    for (const version of [68, 69] as const) expect(ask([many], 0n, version, { maxBytes: 60 }).blocks).toEqual([])
  })

  it('count with their blooms in eth/68', () => {
    expect(ask([many, 2], 0n, 68, { softBytes: 2000 }).blocks.length).toBeLessThanOrEqual(2)
    expect(ask([many, 2], 0n, 68, { softBytes: whole(many) + 1 }).blocks).toHaveLength(1)
    expect(ask([many, 2], 0n, 69, { softBytes: whole(many) + 1 }).blocks).toHaveLength(2)
  })
})
