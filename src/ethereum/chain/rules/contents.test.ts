import { describe, expect, test } from 'vitest'
import { demoAccessLists, demoBlocks, demoReceipts } from '../../../../test/support/demo-chain.ts'
import { BlockBody, blockReceiptsCodec, Header, type HeaderFields, Receipt, receiptsRoot } from '../../types/index.ts'
import { verifyAccessList, verifyBody, verifyReceipts } from './contents.ts'

const change = (header: Header, fields: Partial<HeaderFields>): Header => Header.from({ ...header, ...fields })
const amsterdam = demoBlocks.filter(({ header }) => header.blockAccessListHash)
const last = demoBlocks.at(-1)!
const receiptsOf = (number: number) => blockReceiptsCodec.decode(demoReceipts[number - 1]!)
const gasOf = (number: number) => receiptsOf(number).at(-1)?.cumulativeGasUsed ?? 0n
const code = (code: string) => expect.objectContaining({ code, penalty: 100 })
/** The contents are the header's, which contradicts them: no fault of the peer that relays both. */
const contradiction = (code: string) => expect.objectContaining({ code, penalty: 0 })

describe('a body', () => {
  const withBlobs = demoBlocks.find(({ header }) => (header.blobGasUsed ?? 0n) > 0n)!
  const withoutBlobs = demoBlocks.find(({ header, body }) => header.blobGasUsed === 0n && body.transactions.length > 0)!

  test('a body is rejected with the name of the list that differs', () => {
    const { transactions, withdrawals } = last.body
    const verify = (parts: Parameters<typeof BlockBody.from>[0]) => () =>
      verifyBody(last.header, BlockBody.from({ withdrawals, ...parts }))
    expect(verify({ transactions: withBlobs.body.transactions })).toThrow(code('ERR_BODY_TRANSACTIONS'))
    expect(verify({ transactions, ommers: [last.header] })).toThrow(code('ERR_BODY_OMMERS'))
    expect(verify({ transactions, withdrawals: undefined })).toThrow(code('ERR_BODY_WITHDRAWALS'))
  })

  test('a body is rejected if its blobs are more or fewer than the header has', () => {
    for (const blobGasUsed of [withBlobs.header.blobGasUsed! + 131_072n, 131_072n * 50n, 0n]) {
      const header = change(withBlobs.header, { blobGasUsed })
      expect(() => verifyBody(header, withBlobs.body)).toThrow(contradiction('ERR_BODY_BLOBS'))
    }
    const header = change(withoutBlobs.header, { blobGasUsed: 131_072n })
    expect(() => verifyBody(header, withoutBlobs.body)).toThrow(contradiction('ERR_BODY_BLOBS'))
  })
})

describe('receipts', () => {
  test('receipts are rejected if one is missing or of another block', () => {
    const block = demoBlocks.find(({ header }) => receiptsOf(header.number).length > 1)!
    const receipts = receiptsOf(block.number)
    expect(() => verifyReceipts(block.header, receipts.slice(1))).toThrow(code('ERR_RECEIPTS_ROOT'))
    expect(() => verifyReceipts(block.header, [])).toThrow(code('ERR_RECEIPTS_ROOT'))
    const header = change(block.header, { receiptsRoot: receiptsRoot(receipts.slice(0, 1)) })
    expect(() => verifyReceipts(header, receipts.slice(0, 1))).toThrow(contradiction('ERR_RECEIPTS_GAS'))
    const fewer = change(header, { gasUsed: receipts[0]!.cumulativeGasUsed })
    expect(() => verifyReceipts(fewer, receipts.slice(0, 1), block.body)).toThrow(contradiction('ERR_RECEIPTS_COUNT'))
  })

  test('receipts are rejected if one has another type than its transaction, though the header agrees with it', () => {
    const block = demoBlocks.find(({ header }) => receiptsOf(header.number).length > 1)!
    const others = receiptsOf(block.number).map((receipt, i) => {
      const { outcome, cumulativeGasUsed, rawLogs } = receipt
      const type = i === 0 ? (receipt.type === 2 ? 1 : 2) : receipt.type
      return new Receipt({ type, outcome, cumulativeGasUsed, rawLogs })
    })
    const header = change(block.header, { receiptsRoot: receiptsRoot(others) })
    expect(() => verifyReceipts(header, others)).not.toThrow()
    expect(() => verifyReceipts(header, others, block.body)).toThrow(contradiction('ERR_RECEIPTS_TYPE'))
  })

  test('receipts sum up to the gas of the header before Amsterdam, in every block', () => {
    for (const { header } of demoBlocks) {
      if (!header.blockAccessListHash) expect(gasOf(header.number)).toBe(header.gasUsed)
    }
  })

  test('receipts need not sum up to the gas of the header since Amsterdam (EIP-7778, EIP-8037)', () => {
    expect(amsterdam.length).toBeGreaterThan(50)
    const other = amsterdam.filter(({ header }) => gasOf(header.number) !== header.gasUsed)
    expect(other.length).toBeGreaterThan(10)
    for (const { header, body } of other) verifyReceipts(header, receiptsOf(header.number), body)
  })
})

describe('an access list', () => {
  test('an access list is verified by the hash in the header', () => {
    const raw = demoAccessLists[last.number - 1]!
    verifyAccessList(last.header, raw)
    expect(() => verifyAccessList(last.header, Uint8Array.of(0xc0))).toThrow(code('ERR_ACCESS_LIST'))
    expect(() => verifyAccessList(demoBlocks[0]!.header, raw)).toThrow(code('ERR_ACCESS_LIST'))
  })
})
