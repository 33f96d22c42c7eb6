import { beforeEach, describe, expect, test } from 'vitest'
import { answer, call } from '../../../../test/support/api-call.ts'
import { demoChain, demoRange, sideBlocks } from '../../../../test/support/demo-chain.ts'
import { bytesTo0x } from '../../../base/bytes.ts'
import { FakeClock } from '../../../base/clock.ts'
import { RpcErrorCode } from '../../../rpc/index.ts'
import type { ChainStore, StorableBlock } from '../../chain/index.ts'
import { type EthApiOptions, ethApi } from '../index.ts'
import { FILTER_TIMEOUT } from './filters.ts'

const NOT_FOUND = { error: { code: RpcErrorCode.Default, message: 'filter not found' } }
const EMPTY_RECEIPTS = Uint8Array.of(0xc0)
const START = 40

let chain: ChainStore
beforeEach(async () => {
  chain = await demoChain(START)
})

const hashes = (blocks: readonly StorableBlock[]): string[] => blocks.map(({ header }) => bytesTo0x(header.hash))
const api = (options: Omit<EthApiOptions, 'chain'> = {}) => ethApi({ chain, ...options })

async function changes(of: object, id: unknown): Promise<unknown> {
  const answered = await answer(of, 'getFilterChanges', [id])
  return 'result' in answered ? answered.result : answered
}

describe('a block filter', () => {
  test('a block filter returns every block once, in order', async () => {
    const eth = api()
    const id = call(eth, 'newBlockFilter', [])
    expect(await changes(eth, id)).toEqual([])
    await chain.extend(demoRange(41, 50))
    await chain.extend(demoRange(51, 52))
    expect(await changes(eth, id)).toEqual(hashes(demoRange(41, 52)))
    expect(await changes(eth, id)).toEqual([])
  })

  test('a block filter follows the chain to another branch', async () => {
    const eth = api()
    const id = call(eth, 'newBlockFilter', [])
    const side = sideBlocks(chain.headerAt(START - 5)!, 3)
    await chain.extend(side)
    expect(await changes(eth, id)).toEqual(hashes(side))
    await chain.extend(demoRange(START - 4, START + 1))
    expect(await changes(eth, id)).toEqual(hashes(demoRange(START - 4, START + 1)))
  })

  test('a block filter returns what exceeds the limit of a call with the next one', async () => {
    const eth = api({ logs: { maxBlocks: 100 } })
    const id = call(eth, 'newBlockFilter', [])
    await chain.extend(demoRange(41, 320))
    expect(await changes(eth, id)).toEqual(hashes(demoRange(41, 140)))
    expect(await changes(eth, id)).toEqual(hashes(demoRange(141, 240)))
    expect(await changes(eth, id)).toEqual(hashes(demoRange(241, 320)))
    expect(await changes(eth, id)).toEqual([])
  })
})

describe('a log filter', () => {
  test('a log filter returns the logs of new blocks that getLogs finds there', async () => {
    const eth = api()
    const id = call(eth, 'newFilter', [{}])
    await chain.extend(demoRange(41, 200))
    const range = { fromBlock: '0x29', toBlock: '0xc8' }
    const found = await changes(eth, id)
    expect({ result: found }).toEqual(await answer(eth, 'getLogs', [range]))
    expect((found as unknown[]).length).toBeGreaterThan(10)
  })

  test('a log filter returns those of a block that is no longer canonical again, as removed, from the last block back', async () => {
    await chain.extend(demoRange(41, 200))
    const eth = api()
    const gone = (await answer(eth, 'getLogs', [{ fromBlock: '0xb4', toBlock: 'latest' }])) as { result: object[] }
    const id = call(eth, 'newFilter', [{}])
    const side = sideBlocks(chain.headerAt(0xb3)!, 2).map((block) => ({ ...block, receipts: EMPTY_RECEIPTS }))
    await chain.extend(side)
    const found = (await changes(eth, id)) as { blockNumber: string }[]
    expect(found).toHaveLength(gone.result.length)
    expect(found).toEqual(expect.arrayContaining(gone.result.map((log) => ({ ...log, removed: true }))))
    const numbers = found.map(({ blockNumber }) => Number(blockNumber))
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a))
  })

  test('a log filter returns only logs of its range of blocks', async () => {
    const eth = api()
    const id = call(eth, 'newFilter', [{ fromBlock: '0x3c', toBlock: '0x50' }])
    await chain.extend(demoRange(41, 200))
    const range = { fromBlock: '0x3c', toBlock: '0x50' }
    expect({ result: await changes(eth, id) }).toEqual(await answer(eth, 'getLogs', [range]))
    expect(await answer(eth, 'getFilterLogs', [id])).toEqual(await answer(eth, 'getLogs', [range]))
  })

  test.each([
    [{ fromBlock: '0x5', toBlock: '0x4' }, 'invalid block range params'],
    [{ fromBlock: 'safe' }, 'invalid block range params'],
    [{ toBlock: '0x5' }, 'invalid block range params'],
    [{ fromBlock: 'pending' }, 'pending logs are not supported'],
  ])('a log filter is refused for %j', async (query, message) => {
    expect(await answer(api(), 'newFilter', [query])).toEqual({ error: { code: RpcErrorCode.InvalidParams, message } })
  })
})

describe('a filter', () => {
  test('a filter has an id of its own, and is gone when it is uninstalled', async () => {
    const eth = api()
    const [one, two] = [call(eth, 'newBlockFilter', []), call(eth, 'newFilter', [{}])]
    expect(one).toMatch(/^0x[1-9a-f][0-9a-f]{20,}$/)
    expect(two).not.toBe(one)
    expect(call(eth, 'uninstallFilter', [one])).toBe(true)
    expect(call(eth, 'uninstallFilter', [one])).toBe(false)
    expect(await changes(eth, one)).toEqual(NOT_FOUND)
    expect(await changes(eth, two)).toEqual([])
  })

  test('a filter of blocks has no logs', async () => {
    const eth = api()
    expect(await answer(eth, 'getFilterLogs', [call(eth, 'newBlockFilter', [])])).toEqual(NOT_FOUND)
  })

  test('a filter is removed five minutes after its last use', async () => {
    const clock = new FakeClock()
    const eth = api({ clock })
    const [used, unused] = [call(eth, 'newBlockFilter', []), call(eth, 'newBlockFilter', [])]
    await clock.advance(FILTER_TIMEOUT - 1)
    expect(await changes(eth, used)).toEqual([])
    await clock.advance(1)
    expect(await changes(eth, unused)).toEqual(NOT_FOUND)
    expect(await changes(eth, used)).toEqual([])
    await clock.advance(FILTER_TIMEOUT)
    expect(call(eth, 'uninstallFilter', [used])).toBe(false)
  })

  test('a new filter replaces the least recently used one at the limit', async () => {
    const eth = api({ maxFilters: 2 })
    const [first, second] = [call(eth, 'newBlockFilter', []), call(eth, 'newFilter', [{}])]
    expect(await answer(eth, 'getFilterChanges', [first])).toEqual({ result: [] })
    const third = call(eth, 'newBlockFilter', [])
    expect(await answer(eth, 'getFilterChanges', [second])).toMatchObject({ error: { message: 'filter not found' } })
    for (const id of [first, third]) expect(await answer(eth, 'getFilterChanges', [id])).toEqual({ result: [] })
  })

  test('a filter is refused when the queries of all are too large together, until some are removed', async () => {
    const eth = api({})
    const topics = [0, 1, 2, 3].map((place) => Array.from({ length: 1_000 }, (_, n) => word(place * 1_000 + n)))
    const ids = Array.from({ length: 50 }, () => call(eth, 'newFilter', [{ topics }]))
    expect(await answer(eth, 'newFilter', [{ topics }])).toMatchObject({ error: { code: RpcErrorCode.LimitExceeded } })
    expect(call(eth, 'uninstallFilter', [ids[0]])).toBe(true)
    expect(await answer(eth, 'newFilter', [{ topics }])).toMatchObject({ result: expect.any(String) })
  })
})

const word = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`
