import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { hexToBytes } from '../../base/bytes.ts'
import { type Block, blockReceiptsCodec, Header, type HeaderFields, readBlocks, readItems } from '../types/index.ts'
import { verifyAccessList, verifyBody, verifyReceipts } from './contents.ts'
import { type Genesis, parseGenesis } from './genesis.ts'
import { verifyHeader } from './rules.ts'

const asset = (name: string) => readFileSync(new URL(`../../../assets/demo/${name}`, import.meta.url))
const info = JSON.parse(asset('info.json').toString()) as { genesisHash: string; headHash: string }

let genesis: Genesis
let blocks: Block[]

beforeAll(() => {
  genesis = parseGenesis(asset('genesis.json').toString())
  blocks = [...readBlocks(asset('chain.rlp'))]
})

const parentOf = (block: Block): Header =>
  block.header.number === 1 ? genesis.header : blocks[block.header.number - 2]!.header

describe('the bundled chain, Shanghai to Amsterdam', () => {
  it('has the genesis that go-ethereum computes, state root included', () => {
    expect(genesis.hash).toEqual(hexToBytes(info.genesisHash))
  })

  it('follows the rules, header by header', () => {
    for (const block of blocks) verifyHeader(genesis.config, parentOf(block), block.header)
    expect(blocks.at(-1)?.header.hash).toEqual(hexToBytes(info.headHash))
  })

  it('has the bodies, receipts and access lists its headers speak of', () => {
    const receipts = [...readItems(asset('receipts.rlp'))].map((raw) => blockReceiptsCodec.decode(raw))
    const lists = [...readItems(asset('bals.rlp'))]
    for (const [i, { header, body }] of blocks.entries()) {
      verifyBody(header, body)
      verifyReceipts(header, receipts[i]!, body)
      if (header.blockAccessListHash) verifyAccessList(header, lists[i]!)
    }
  })
})

describe('a header that breaks one rule', () => {
  const at = (number: number): Block => blocks[number - 1]!
  const broken = (number: number, change: Partial<HeaderFields>): (() => void) => {
    const block = at(number)
    const header = Header.from({ ...block.header, ...change } as HeaderFields)
    return () => verifyHeader(genesis.config, parentOf(block), header)
  }
  const last = 320
  const cases: [string, string, (h: Header) => Partial<HeaderFields>][] = [
    ['number', 'ERR_HEADER_NUMBER', (h) => ({ number: h.number + 1 })],
    ['parent hash', 'ERR_HEADER_PARENT', () => ({ parentHash: new Uint8Array(32) })],
    ['time', 'ERR_HEADER_TIMESTAMP', (h) => ({ timestamp: h.timestamp - 10 })],
    ['gas limit', 'ERR_HEADER_GAS_LIMIT', (h) => ({ gasLimit: h.gasLimit * 2n })],
    ['gas limit above 2^63', 'ERR_HEADER_GAS_LIMIT', () => ({ gasLimit: 2n ** 63n })],
    ['gas used', 'ERR_HEADER_GAS_USED', (h) => ({ gasUsed: h.gasLimit + 1n })],
    ['difficulty', 'ERR_HEADER_DIFFICULTY', () => ({ difficulty: 1n })],
    ['nonce', 'ERR_HEADER_NONCE', () => ({ nonce: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) })],
    ['ommers', 'ERR_HEADER_OMMERS', () => ({ ommersHash: new Uint8Array(32) })],
    ['extra data', 'ERR_HEADER_EXTRA_DATA', () => ({ extraData: new Uint8Array(33) })],
    ['base fee', 'ERR_HEADER_BASE_FEE', (h) => ({ baseFeePerGas: (h.baseFeePerGas ?? 0n) + 1n })],
    ['blob gas above the schedule', 'ERR_HEADER_BLOB_GAS_USED', () => ({ blobGasUsed: 131_072n * 22n })],
    ['blob gas of no whole blob', 'ERR_HEADER_BLOB_GAS_USED', () => ({ blobGasUsed: 131_073n })],
    ['excess blob gas', 'ERR_HEADER_EXCESS_BLOB_GAS', (h) => ({ excessBlobGas: (h.excessBlobGas ?? 0n) + 1n })],
    ['missing slot number', 'ERR_HEADER_SLOT_NUMBER', () => ({ slotNumber: undefined })],
    [
      'missing access list hash',
      'ERR_HEADER_ACCESS_LIST_HASH',
      () => ({ blockAccessListHash: undefined, slotNumber: undefined }),
    ],
  ]
  for (const [what, code, change] of cases) {
    it(`is refused with its own code: ${what}`, () => {
      expect(broken(last, change(at(last).header))).toThrow(expect.objectContaining({ code, penalty: 100 }))
    })
  }

  it('is refused when it has a field of a fork to come', () => {
    const early = { slotNumber: 1n, blockAccessListHash: new Uint8Array(32) }
    expect(broken(200, early)).toThrow(expect.objectContaining({ code: 'ERR_HEADER_ACCESS_LIST_HASH' }))
  })

  it('is refused when the blob schedule of its time is exceeded, though a later one allows it', () => {
    expect(broken(60, { blobGasUsed: 131_072n * 7n })).toThrow(
      expect.objectContaining({ code: 'ERR_HEADER_BLOB_GAS_USED' }),
    )
  })
})
