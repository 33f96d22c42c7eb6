import { beforeAll, describe, expect, test } from 'vitest'
import { answer, call } from '../../../../test/support/api-call.ts'
import { demoBlocks, demoChain } from '../../../../test/support/demo-chain.ts'
import { bytesTo0x, hexToBytes } from '../../../base/bytes.ts'
import { RpcErrorCode } from '../../../rpc/index.ts'
import type { ChainStore } from '../../chain/index.ts'
import { blockReceiptsCodec } from '../../types/index.ts'
import { BlockReader } from '../block-reader.ts'
import { ethApi } from '../index.ts'
import { SearchLimiter } from '../query-limits.ts'
import { LogMatcher } from './log-matcher.ts'
import { LogSearch } from './log-search.ts'

interface LogJson {
  readonly address: string
  readonly topics: readonly string[]
  readonly blockNumber: string
  readonly logIndex: string
}

const WHOLE = { fromBlock: 'earliest', toBlock: 'latest' }
let chain: ChainStore
let all: readonly LogJson[]

const find = async (query: object, api = ethApi({ chain })): Promise<readonly LogJson[]> =>
  ((await answer(api, 'getLogs', [query])) as { result: LogJson[] }).result

beforeAll(async () => {
  chain = await demoChain()
  all = await find(WHOLE)
})

describe('logs', () => {
  test('logs of a range are all that the receipts have, in order', () => {
    const counts = demoBlocks.map(({ hash }) => {
      const receipts = blockReceiptsCodec.decode(chain.rawReceipts(hash)!)
      return receipts.reduce((sum, { logs }) => sum + logs.length, 0)
    })
    expect(all.length).toBe(counts.reduce((a, b) => a + b))
    expect(all.length).toBeGreaterThan(30)
    const order = all.map(({ blockNumber, logIndex }) => Number(blockNumber) * 1000 + Number(logIndex))
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  test('logs are those of the requested addresses and topics', async () => {
    const one = all.find(({ topics }) => topics.length >= 2) as LogJson
    const { address, topics } = one
    const same = (query: object, wanted: (log: LogJson) => boolean) =>
      find({ ...WHOLE, ...query }).then((found) => expect(found).toEqual(all.filter(wanted)))
    await same({ address }, (log) => log.address === address)
    await same({ topics: [topics[0]] }, (log) => log.topics[0] === topics[0])
    await same({ topics: [null, topics[1]] }, (log) => log.topics[1] === topics[1])
    await same({ topics: [[], [topics[1], topics[0]]] }, (log) => topics.slice(0, 2).includes(log.topics[1]!))
    await same({ topics: [null, null] }, (log) => log.topics.length >= 2)
    await same({ address: `0x${'00'.repeat(20)}` }, () => false)
  })

  test('logs are searched for a few at a time, and calls beyond the queue are refused', async () => {
    const search = new LogSearch(new BlockReader(chain), {}, new SearchLimiter({ maxConcurrent: 1, maxQueued: 2 }))
    const query = { fromBlock: 'earliest', toBlock: 'latest', addresses: [], topics: [] } as const
    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => search.find(query)))
    const refused = { errorCode: RpcErrorCode.LimitExceeded, message: 'too many searches at a time' }
    expect(answers).toMatchObject([
      { status: 'fulfilled', value: all },
      { status: 'fulfilled', value: all },
      { status: 'fulfilled', value: all },
      { status: 'rejected', reason: refused },
      { status: 'rejected', reason: refused },
    ])
    expect(await search.find(query)).toEqual(all)
  })

  test('logs of one block are found by its hash, and those of the head by default', async () => {
    const { blockNumber } = all[0]!
    const blockHash = bytesTo0x(chain.hashAt(Number(blockNumber))!)
    expect(await find({ blockHash })).toEqual(all.filter((log) => log.blockNumber === blockNumber))
    expect(await find({})).toEqual(all.filter((log) => Number(log.blockNumber) === chain.head.number))
  })

  test.each([
    [{ fromBlock: '0x5', toBlock: '0x4' }, RpcErrorCode.InvalidParams, 'invalid block range params'],
    [{ toBlock: '0x4' }, RpcErrorCode.InvalidParams, 'invalid block range params'],
    [{ toBlock: '0x141' }, RpcErrorCode.InvalidParams, 'block range extends beyond current head block'],
    [{ fromBlock: 'pending' }, RpcErrorCode.InvalidParams, 'pending logs are not supported'],
    [{ fromBlock: 'safe' }, RpcErrorCode.Default, 'safe header not found'],
    [{ blockHash: `0x${'ab'.repeat(32)}` }, RpcErrorCode.Default, 'unknown block'],
    [
      { address: Array(1001).fill(`0x${'ab'.repeat(20)}`) },
      RpcErrorCode.Default,
      'exceed max addresses or topics per search position',
    ],
  ])('a search for logs is refused in case %#, with the text of go-ethereum', async (query, code, message) => {
    expect(await answer(ethApi({ chain }), 'getLogs', [query])).toEqual({ error: { code, message } })
  })

  test('a search for logs of too many blocks, or with too many results, is refused', async () => {
    const api = ethApi({ chain, logs: { maxBlocks: 100, maxResults: 10 } })
    const range = { fromBlock: '0x1', toBlock: '0x65' }
    expect(await answer(api, 'getLogs', [range])).toEqual({
      error: { code: RpcErrorCode.LimitExceeded, message: 'exceed maximum block range 100' },
    })
    expect(await answer(api, 'getLogs', [{ ...range, fromBlock: '0x2' }])).toEqual({
      error: { code: RpcErrorCode.LimitExceeded, message: 'query returned more than 10 results' },
    })
    expect(await find({ ...range, fromBlock: '0x64' }, api)).toEqual(
      all.filter(({ blockNumber }) => [100, 101].includes(Number(blockNumber))),
    )
  })

  test('a search for logs stops when its caller has gone, and yields in between', async () => {
    const gone = new AbortController()
    const asked = call(ethApi({ chain }), 'getLogs', [WHOLE], gone.signal) as Promise<unknown>
    let turns = 0
    const turn = () => {
      turns++
      if (turns === 2) gone.abort(new Error('gone'))
      else setImmediate(turn)
    }
    setImmediate(turn)
    await expect(asked).rejects.toThrow('gone')
    expect(turns).toBe(2)
  })
})

test('the bloom of a block excludes only blocks without a matching log', () => {
  const { address, topics } = all.find((log) => log.topics.length > 0)!
  const values = { address, topic: topics[0]! }
  const matcher = new LogMatcher({ addresses: [hexToBytes(values.address)], topics: [[hexToBytes(values.topic)]] })
  const some = demoBlocks.filter(({ header }) => matcher.mayMatch(header.logsBloom)).map(({ number }) => number)
  const wanted = demoBlocks.filter(({ hash }) =>
    blockReceiptsCodec.decode(chain.rawReceipts(hash)!).some(({ logs }) => logs.some((log) => matcher.matches(log))),
  )
  expect(some).toEqual(expect.arrayContaining(wanted.map(({ number }) => number)))
  expect(some.length).toBeLessThan(demoBlocks.length)
  expect(wanted.length).toBeGreaterThan(0)
})
