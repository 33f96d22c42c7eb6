import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import info from '../../../assets/demo/info.json' with { type: 'json' }
import { bytesTo0x, equalBytes } from '../../base/bytes.ts'
import {
  blockReceiptsCodec,
  blockReceiptsCodec68,
  mergeBlooms,
  readBlocks,
  readItems,
  receiptsRoot,
  transactionsRoot,
} from './index.ts'

const asset = (name: string) => new Uint8Array(readFileSync(new URL(`../../../assets/demo/${name}`, import.meta.url)))

/** A chain made by go-ethereum, with every fork from Shanghai to Amsterdam and every type of transaction. */
describe('the bundled chain', () => {
  const blocks = [...readBlocks(asset('chain.rlp'))]
  const receipts = [...readItems(asset('receipts.rlp'))]

  test('the bundled chain is linked by hashes from genesis to head', () => {
    const hashes = [info.genesisHash, ...blocks.map((block) => bytesTo0x(block.hash))]
    expect(blocks.map((block) => bytesTo0x(block.header.parentHash))).toEqual(hashes.slice(0, -1))
    expect(hashes.at(-1)).toBe(info.headHash)
  })

  test('the bodies of the bundled chain match their headers', () => {
    for (const { body, header, number } of blocks) {
      expect(body.matches(header), `block ${number}`).toBe(true)
      expect(transactionsRoot(body.transactions)).toEqual(header.transactionsRoot)
    }
  })

  test('the receipts of the bundled chain have the roots and blooms of their headers, in either wire form', () => {
    expect(receipts.length).toBe(blocks.length)
    for (const [i, { header }] of blocks.entries()) {
      const item = receipts[i] as Uint8Array
      const list = blockReceiptsCodec.decode(item)
      expect(receiptsRoot(list)).toEqual(header.receiptsRoot)
      expect(mergeBlooms(list.map((receipt) => receipt.logsBloom))).toEqual(header.logsBloom)
      expect(receiptsRoot(blockReceiptsCodec68.decode(blockReceiptsCodec68.encode(list)))).toEqual(header.receiptsRoot)
      expect(equalBytes(blockReceiptsCodec.encode(list), item)).toBe(true)
    }
  })

  test('the bundled chain has the declared number of transactions of each type, sent by the declared accounts', () => {
    const transactions = blocks.flatMap((block) => block.body.transactions)
    const { legacy, accessList, dynamicFee, blob, setCode } = info.transactions
    const counts = [0, 1, 2, 3, 4].map((type) => transactions.filter((one) => one.type === type).length)
    expect(counts).toEqual([legacy, accessList, dynamicFee, blob, setCode])
    const accounts = new Set(Object.keys(info.testKeys))
    const strangers = transactions.filter((one) => !accounts.has(bytesTo0x(one.sender())))
    expect(strangers.map((one) => bytesTo0x(one.hash))).toEqual([])
  })
})
