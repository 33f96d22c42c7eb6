import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { header } from '../../../../test/support/headers.ts'
import { hexToBytes } from '../../../base/bytes.ts'
import {
  type Block,
  blockReceiptsCodec,
  EMPTY_ROOT,
  Header,
  type HeaderFields,
  readBlocks,
  readItems,
} from '../../types/index.ts'
import { type ChainConfig, parseChainConfig } from '../config/chain-config.ts'
import { type Genesis, parseGenesis } from '../config/genesis.ts'
import { networkGenesis } from '../config/networks.ts'
import { verifyAccessList, verifyBody, verifyReceipts } from './contents.ts'
import { expectedDifficulty } from './difficulty.ts'
import { expectedBaseFee } from './fees.ts'
import { verifyHeader } from './header-rules.ts'

const asset = (name: string) => readFileSync(new URL(`../../../../assets/demo/${name}`, import.meta.url))
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
  test('the genesis of the bundled chain is the one that go-ethereum computes, state root included', () => {
    expect(genesis.hash).toEqual(hexToBytes(info.genesisHash))
  })

  test('every header of the bundled chain follows the rules, from Shanghai to Amsterdam', () => {
    for (const block of blocks) verifyHeader(genesis.config, parentOf(block), block.header)
    expect(blocks.at(-1)?.header.hash).toEqual(hexToBytes(info.headHash))
  })

  test('bodies, receipts and access lists of the bundled chain are those of its headers', () => {
    const receipts = [...readItems(asset('receipts.rlp'))].map((raw) => blockReceiptsCodec.decode(raw))
    const lists = [...readItems(asset('bals.rlp'))]
    const verified = { bodies: 0, receipts: 0, lists: 0 }
    for (const [i, { header, body }] of blocks.entries()) {
      verifyBody(header, body)
      verified.bodies++
      verifyReceipts(header, receipts[i]!, body)
      verified.receipts++
      if (!header.blockAccessListHash) continue
      verifyAccessList(header, lists[i]!)
      verified.lists++
    }
    expect(verified).toEqual({ bodies: 320, receipts: 320, lists: 81 })
    const last = blocks.at(-1)!.header
    const refused = (code: string) => expect.objectContaining({ code })
    expect(() => verifyBody(last, blocks.at(-2)!.body)).toThrow(refused('ERR_BODY_TRANSACTIONS'))
    expect(() => verifyReceipts(last, receipts.at(-2)!)).toThrow(refused('ERR_RECEIPTS_ROOT'))
    expect(() => verifyAccessList(last, lists.at(-2)!)).toThrow(refused('ERR_ACCESS_LIST'))
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
    test(`a header that breaks a rule is rejected with the code of the rule: ${what}`, () => {
      expect(broken(last, change(at(last).header))).toThrow(expect.objectContaining({ code, penalty: 100 }))
    })
  }

  test('a header with a field of a future fork is rejected', () => {
    const early = { slotNumber: 1n, blockAccessListHash: new Uint8Array(32) }
    expect(broken(200, early)).toThrow(expect.objectContaining({ code: 'ERR_HEADER_ACCESS_LIST_HASH' }))
  })

  test('a header above the blob schedule of its time is rejected, though a later schedule allows it', () => {
    expect(broken(60, { blobGasUsed: 131_072n * 7n })).toThrow(
      expect.objectContaining({ code: 'ERR_HEADER_BLOB_GAS_USED' }),
    )
  })
})

/** A child of `parent` that follows every rule of proof of work on mainnet, but for `fields`. */
function worked(config: ChainConfig, parent: Header, fields: Partial<HeaderFields> = {}): Header {
  const timestamp = fields.timestamp ?? parent.timestamp + 13
  return header({
    number: parent.number + 1,
    parentHash: parent.hash,
    gasLimit: parent.gasLimit,
    timestamp,
    difficulty: expectedDifficulty(config, parent, timestamp),
    ...fields,
  })
}

const code = (code: string) => expect.objectContaining({ code, penalty: 100 })

describe('a header of proof of work', () => {
  const { config } = networkGenesis('mainnet')
  const parent = header({ number: 1_000_000, difficulty: 10n ** 13n, timestamp: 1_455_404_053 })
  const verify = (fields: Partial<HeaderFields>, unixTime?: number) => () =>
    verifyHeader(config, parent, worked(config, parent, fields), unixTime === undefined ? {} : { unixTime })

  test('a header of proof of work follows its parent', () => {
    verify({})()
    verify({ extraData: new Uint8Array(32), nonce: new Uint8Array(8).fill(7), ommersHash: new Uint8Array(32) })()
  })

  test('a header of proof of work that breaks a rule is rejected', () => {
    expect(verify({ difficulty: 10n ** 13n })).toThrow(code('ERR_HEADER_DIFFICULTY'))
    expect(verify({ extraData: new Uint8Array(33) })).toThrow(code('ERR_HEADER_EXTRA_DATA'))
    expect(verify({ timestamp: parent.timestamp })).toThrow(code('ERR_HEADER_TIMESTAMP'))
    expect(verify({ baseFeePerGas: 1n })).toThrow(code('ERR_HEADER_BASE_FEE'))
    expect(verify({ baseFeePerGas: 1n, withdrawalsRoot: EMPTY_ROOT })).toThrow(code('ERR_HEADER_BASE_FEE'))
    expect(verify({ gasLimit: 4_999n })).toThrow(code('ERR_HEADER_GAS_LIMIT'))
  })

  test('a header whose time is above 2^53 is compared with its parent to the digit', () => {
    const at = 1_700_000_000_123_456_789n
    const born = header({ number: 0, timestamp: at })
    const child = (timestamp: bigint) => header({ number: 1, parentHash: born.hash, timestamp })
    const staked = parseChainConfig({ chainId: 1, terminalTotalDifficulty: 0 })
    verifyHeader(staked, born, child(at + 1n))
    expect(() => verifyHeader(staked, born, child(at))).toThrow(code('ERR_HEADER_TIMESTAMP'))
  })

  test('a header of proof of work may be 15 seconds ahead of the local clock, if that is given', () => {
    const timestamp = parent.timestamp + 13
    verify({ timestamp }, timestamp - 15)()
    const future = expect.objectContaining({ code: 'ERR_HEADER_FUTURE', penalty: 0 })
    expect(verify({ timestamp }, timestamp - 16)).toThrow(future)
    const staked = header({ number: 1_000_001, parentHash: parent.hash, timestamp })
    verifyHeader(config, parent, staked, { unixTime: 0 })
  })

  test('a header of proof of work cannot follow one of proof of stake', () => {
    const staked = header({ number: 15_537_394, difficulty: 0n, gasLimit: parent.gasLimit, baseFeePerGas: 10n ** 9n })
    const back = header({ number: 15_537_395, parentHash: staked.hash, timestamp: 23, difficulty: 131_072n })
    expect(() => verifyHeader(config, staked, back)).toThrow(code('ERR_HEADER_DIFFICULTY'))
    const work = header({ number: 15_537_393, difficulty: 10n ** 16n, baseFeePerGas: 10n ** 9n })
    const fee = expectedBaseFee(config, work)
    const merge = header({ number: 15_537_394, parentHash: work.hash, timestamp: 23, baseFeePerGas: fee })
    verifyHeader(config, work, merge)
    const never = parseChainConfig({ chainId: 1, londonBlock: 12_965_000 })
    expect(() => verifyHeader(never, work, merge)).toThrow(code('ERR_HEADER_DIFFICULTY'))
  })

  test('a header of proof of work cannot have a time of Shanghai', () => {
    const london = header({ number: 16_000_000, difficulty: 10n ** 16n, timestamp: 1_681_338_450, baseFeePerGas: 8n })
    const late = worked(config, london, { baseFeePerGas: 7n })
    expect(() => verifyHeader(config, london, late)).toThrow(code('ERR_HEADER_DIFFICULTY'))
  })

  test('headers have dao-hard-fork as extra data for ten blocks, on chains that support the fork', () => {
    const extraData = new TextEncoder().encode('dao-hard-fork')
    const opposed = parseChainConfig({ chainId: 61, daoForkBlock: 1_920_000, homesteadBlock: 0 })
    const at = (number: number, config: ChainConfig, fields: Partial<HeaderFields>) => () => {
      const before = header({ number: number - 1, difficulty: 10n ** 13n })
      verifyHeader(config, before, worked(config, before, fields))
    }
    for (const number of [1_920_000, 1_920_009]) {
      at(number, config, { extraData })()
      expect(at(number, config, {})).toThrow(code('ERR_HEADER_EXTRA_DATA'))
      at(number, opposed, {})()
      expect(at(number, opposed, { extraData })).toThrow(code('ERR_HEADER_EXTRA_DATA'))
    }
    for (const number of [1_919_999, 1_920_010]) {
      at(number, config, {})()
      at(number, opposed, { extraData })()
    }
  })
})

describe('the first block of London', () => {
  const config = parseChainConfig({ chainId: 1, homesteadBlock: 0, byzantiumBlock: 0, londonBlock: 5 })
  const follow = (number: number, parentLimit: bigint, gasLimit: bigint) => () => {
    const fee = number >= 5 ? 1_000_000_000n : undefined
    const parent = header({
      number,
      gasLimit: parentLimit,
      gasUsed: parentLimit / 2n,
      difficulty: 131_072n,
      baseFeePerGas: fee,
    })
    verifyHeader(
      config,
      parent,
      worked(config, parent, { gasLimit, baseFeePerGas: number >= 4 ? 1_000_000_000n : undefined }),
    )
  }

  test('the first block of London may have twice the gas limit, and later ones change from there', () => {
    // go-ethereum v1.17.8, consensus/misc/eip1559, TestBlockGasLimits
    for (const [number, parent, low, high] of [
      [4, 10_000_000n, 19_980_470n, 20_019_530n],
      [5, 20_000_000n, 19_980_470n, 20_019_530n],
      [5, 40_000_000n, 39_960_939n, 40_039_061n],
    ] as const) {
      for (const limit of [low, parent * (number === 4 ? 2n : 1n), high]) follow(number, parent, limit)()
      for (const limit of [low - 1n, high + 1n])
        expect(follow(number, parent, limit)).toThrow(code('ERR_HEADER_GAS_LIMIT'))
    }
    expect(follow(3, 10_000_000n, 20_000_000n)).toThrow(code('ERR_HEADER_GAS_LIMIT'))
  })

  test('the first block of London needs the initial base fee', () => {
    const parent = header({ number: 4, gasLimit: 10_000_000n, difficulty: 131_072n })
    const first = (baseFeePerGas: bigint | undefined) => () =>
      verifyHeader(config, parent, worked(config, parent, { gasLimit: 20_000_000n, baseFeePerGas }))
    first(1_000_000_000n)()
    expect(first(undefined)).toThrow(code('ERR_HEADER_BASE_FEE'))
    expect(first(999_999_999n)).toThrow(code('ERR_HEADER_BASE_FEE'))
  })
})

describe('a header of clique', () => {
  const config = (period: number) =>
    parseChainConfig({ chainId: 5, homesteadBlock: 0, clique: { period, epoch: 30_000 } })
  const parent = header({ number: 7, difficulty: 2n, timestamp: 100 })
  const verify =
    (fields: Partial<HeaderFields>, period = 15) =>
    () =>
      verifyHeader(
        config(period),
        parent,
        worked(config(period), parent, { difficulty: 1n, timestamp: 115, extraData: new Uint8Array(97), ...fields }),
      )

  test('a header of clique has a signature in its extra data and a difficulty of 1 or 2', () => {
    verify({})()
    verify({ difficulty: 2n, extraData: new Uint8Array(97 + 40), nonce: new Uint8Array(8).fill(255) })()
    expect(verify({ difficulty: 3n })).toThrow(code('ERR_HEADER_DIFFICULTY'))
    expect(verify({ extraData: new Uint8Array(96) })).toThrow(code('ERR_HEADER_EXTRA_DATA'))
  })

  test('a header of clique votes with its nonce, and has neither ommers nor a mix hash', () => {
    expect(verify({ nonce: new Uint8Array(8).fill(1) })).toThrow(code('ERR_HEADER_NONCE'))
    expect(verify({ mixHash: new Uint8Array(32).fill(1) })).toThrow(code('ERR_HEADER_MIX_HASH'))
    expect(verify({ ommersHash: new Uint8Array(32) })).toThrow(code('ERR_HEADER_OMMERS'))
  })

  test('a header of clique keeps the period; without one, two blocks may share a second', () => {
    expect(verify({ timestamp: 114 })).toThrow(code('ERR_HEADER_TIMESTAMP'))
    verify({ timestamp: 100 }, 0)()
    expect(verify({ timestamp: 99 }, 0)).toThrow(code('ERR_HEADER_TIMESTAMP'))
  })
})
