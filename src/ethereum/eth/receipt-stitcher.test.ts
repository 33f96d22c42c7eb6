import { describe, expect, test } from 'vitest'
import { demoBlocks, demoReceipts } from '../../../test/support/demo-chain.ts'
import { rlp } from '../../codec/index.ts'
import { type Block, Header } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import { ReceiptStitcher } from './receipt-stitcher.ts'

const indexes = [...demoReceipts.keys()].filter(
  (i) => BlockReceipts.fromRaw(demoReceipts[i] as Uint8Array).receipts.length >= 3,
)
const blocks = indexes.slice(0, 3).map((i) => demoBlocks[i] as Block)
const raws = indexes.slice(0, 3).map((i) => demoReceipts[i] as Uint8Array)
const queries = blocks.map(({ hash, header }) => ({ hash, header }))

function itemsOf(raw: Uint8Array): Uint8Array[] {
  const reader = new rlp.RlpReader(raw).enterList()
  const items: Uint8Array[] = []
  while (!reader.done) items.push(reader.rawItem())
  return items
}
const listOf = (items: Uint8Array[]): BlockReceipts => BlockReceipts.fromRaw(rlp.encodeListOfRaw(items))
const part = (i: number, from: number, to?: number): BlockReceipts =>
  listOf(itemsOf(raws[i] as Uint8Array).slice(from, to))
const answer = (lists: BlockReceipts[], lastBlockIncomplete: boolean) => ({
  id: 1n,
  blocks: lists,
  lastBlockIncomplete,
})
const codeOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'nothing thrown'
}

describe('receipts that come in parts', () => {
  test('receipts in one response are complete at once', () => {
    const stitcher = new ReceiptStitcher(queries)
    expect(stitcher.rest).toEqual({ hashes: blocks.map(({ hash }) => hash), firstBlockReceiptIndex: 0n })
    expect(stitcher.add(answer([part(0, 0), part(1, 0), part(2, 0)], false))).toBe(true)
    expect(stitcher.complete.map(({ raw }) => raw)).toEqual(raws)
  })

  test('receipts in any number of responses are assembled', () => {
    const stitcher = new ReceiptStitcher(queries)
    expect(stitcher.add(answer([part(0, 0), part(1, 0, 1)], true))).toBe(false)
    expect(stitcher.rest).toEqual({ hashes: blocks.slice(1).map(({ hash }) => hash), firstBlockReceiptIndex: 1n })
    expect(stitcher.add(answer([part(1, 1, 2)], true))).toBe(false)
    expect(stitcher.rest.firstBlockReceiptIndex).toBe(2n)
    expect(stitcher.add(answer([part(1, 2), part(2, 0)], false))).toBe(true)
    expect(stitcher.complete.map(({ raw }) => raw)).toEqual(raws)
  })

  test('receipts of a block that never became complete are omitted', () => {
    const stitcher = new ReceiptStitcher(queries)
    stitcher.add(answer([part(0, 0), part(1, 0, 1)], true))
    expect(stitcher.add(answer([], false))).toBe(true)
    expect(stitcher.complete.map(({ raw }) => raw)).toEqual(raws.slice(0, 1))
  })

  test('responses may have fewer blocks than were requested', () => {
    const stitcher = new ReceiptStitcher(queries)
    expect(stitcher.add(answer([part(0, 0)], false))).toBe(true)
    expect(stitcher.complete).toHaveLength(1)
  })

  test('each response with incomplete receipts must add some', () => {
    expect(codeOf(() => new ReceiptStitcher(queries).add(answer([], true)))).toBe('ERR_ETH_EMPTY_RECEIPTS')
    expect(codeOf(() => new ReceiptStitcher(queries).add(answer([listOf([])], true)))).toBe('ERR_ETH_EMPTY_RECEIPTS')
    expect(new ReceiptStitcher(queries).add(answer([part(0, 0), listOf([])], true))).toBe(false)
  })

  test('a response with more blocks than were requested is rejected', () => {
    const lists = [part(0, 0), part(1, 0), part(2, 0), part(2, 0)]
    expect(codeOf(() => new ReceiptStitcher(queries).add(answer(lists, false)))).toBe('ERR_ETH_TOO_MANY_ITEMS')
  })

  test('incomplete receipts are bounded by the gas of the block, in number and in bytes of logs', () => {
    const { header, hash } = blocks[0] as Block
    const poor = Header.from({ ...header, gasUsed: 41_999n, blockAccessListHash: undefined, slotNumber: undefined })
    const stitcher = new ReceiptStitcher([{ hash, header: poor }])
    expect(codeOf(() => stitcher.add(answer([part(0, 0, 2)], true)))).toBe('ERR_ETH_RECEIPTS_TOO_BIG')
    const log = rlp.encodeListOfRaw([
      rlp.bytes.encode(new Uint8Array(20)),
      Uint8Array.of(0xc0),
      rlp.bytes.encode(new Uint8Array(6000)),
    ])
    const receipt = rlp.encodeListOfRaw([
      Uint8Array.of(2),
      Uint8Array.of(1),
      Uint8Array.of(9),
      rlp.encodeListOfRaw([log]),
    ])
    const verbose = new ReceiptStitcher([{ hash, header: poor }])
    expect(codeOf(() => verbose.add(answer([listOf([receipt])], true)))).toBe('ERR_ETH_RECEIPTS_TOO_BIG')
    expect(new ReceiptStitcher([{ hash }]).add(answer([listOf([receipt])], true))).toBe(false)
  })

  test('a peer that drips receipts is stopped after 64 responses', () => {
    const drop = part(0, 0, 1)
    const stitcher = new ReceiptStitcher([{ hash: (blocks[0] as Block).hash }])
    for (let i = 0; i < 64; i++) stitcher.add(answer([drop], true))
    expect(codeOf(() => stitcher.add(answer([drop], true)))).toBe('ERR_ETH_RECEIPTS_DRIP')
  })

  test('malformed receipts in a response are a CodecError', () => {
    const junk = BlockReceipts.fromRaw(Uint8Array.of(0xc2, 0x01, 0x02))
    expect(codeOf(() => new ReceiptStitcher(queries).add(answer([junk], true)))).toBe('ERR_RLP_KIND')
  })
})
