import { beforeAll, describe, expect, test } from 'vitest'
import { type Answer, answer, call, context } from '../../../test/support/api-call.ts'
import { branch, branchGenesis } from '../../../test/support/branches.ts'
import { demoBlocks, demoChain, demoRange, sideBlocks } from '../../../test/support/demo-chain.ts'
import vectors from '../../../test/vectors/eth-api.json' with { type: 'json' }
import { bytesTo0x, utf8ToBytes } from '../../base/bytes.ts'
import { RawJson, RpcErrorCode } from '../../rpc/index.ts'
import { MemoryStore } from '../../storage/index.ts'
import { networkGenesis } from '../chain/config/networks.ts'
import { ChainStore } from '../chain/store/chain-store.ts'
import { metaKey } from '../chain/store/schema.ts'
import { debugRawApi, ethApi } from './index.ts'

const NO_HASH = `0x${'ab'.repeat(32)}`
const hex = (number: number): string => `0x${number.toString(16)}`
const code = (answered: Answer): number | undefined => ('error' in answered ? answered.error.code : undefined)

let chain: ChainStore
beforeAll(async () => {
  chain = await demoChain()
})

describe('the answers over the bundled chain', () => {
  test.each(vectors.calls)(
    'the answer to $method $params over the bundled chain is that of geth',
    async ({ method, params, ...expected }) => {
      const [namespace, name] = method.split('_') as [string, string]
      const api = namespace === 'eth' ? ethApi({ chain }) : debugRawApi({ chain })
      expect(await answer(api, name, params)).toEqual(expected)
    },
  )

  test('blocks and receipts of every fork are answered', async () => {
    const api = ethApi({ chain })
    for (const { number, body } of demoBlocks) {
      const { result } = (await answer(api, 'getBlockByNumber', [hex(number), true])) as { result: { number: string } }
      expect(result).toMatchObject({ number: hex(number), uncles: [] })
      expect(await answer(api, 'getBlockReceipts', [hex(number)])).toMatchObject({
        result: body.transactions.map(({ hash }) => ({ transactionHash: bytesTo0x(hash) })),
      })
    }
  })
})

describe('the forks of a chain', () => {
  interface Fork {
    readonly activationTime: number
    readonly forkId: string
    readonly blobSchedule: object | null
    readonly precompiles: Record<string, string>
    readonly systemContracts: Record<string, string>
  }

  test('eth_config has the forks of mainnet at its genesis', async () => {
    const mainnet = await ChainStore.open(new MemoryStore(), networkGenesis('mainnet'))
    const { result } = (await answer(ethApi({ chain: mainnet }), 'config')) as { result: Record<string, Fork | null> }
    const { current, next, last } = result
    expect(current).toBeNull() // no fork by time is in force yet
    expect(next).toMatchObject({ activationTime: 1_681_338_455, forkId: '0xdce96c2d', blobSchedule: null })
    expect(next?.systemContracts).toEqual({})
    expect(Object.keys(next?.precompiles ?? {})).toHaveLength(9)
    expect(last).toMatchObject({
      chainId: '0x1',
      blobSchedule: { target: 14, max: 21, baseFeeUpdateFraction: 11_684_671 },
    })
    expect(last?.precompiles.P256VERIFY).toBe('0x0000000000000000000000000000000000000100')
    expect(last?.systemContracts.DEPOSIT_CONTRACT_ADDRESS).toBe('0x00000000219ab540356cbb839cbe05303d7705fa')
  })
})

describe('blocks that only others know', () => {
  test.each([
    ['pending', 'pending block is not available'],
    ['safe', 'safe block not found'],
    ['finalized', 'finalized block not found'],
  ])('the block %s is an error, and its header null', async (tag, message) => {
    const api = ethApi({ chain })
    const error = { error: { code: RpcErrorCode.Default, message } }
    expect(await answer(api, 'getBlockByNumber', [tag, true])).toEqual(error)
    expect(await answer(api, 'getBlockTransactionCountByNumber', [tag])).toEqual(error)
    expect(await answer(api, 'getUncleCountByBlockNumber', [tag])).toEqual(error)
    expect(await answer(api, 'getHeaderByNumber', [tag])).toEqual({ result: null })
  })

  test('a block that is no longer canonical is found by its hash, unless it must be canonical', async () => {
    const forked = await demoChain(10)
    const left = bytesTo0x(forked.head.hash)
    await forked.extend(sideBlocks(forked.headerAt(9)!, 2))
    const api = ethApi({ chain: forked })
    expect(await answer(api, 'getBlockByHash', [left, false])).toMatchObject({ result: { hash: left } })
    const receipts = await answer(api, 'getBlockReceipts', [{ blockHash: left }])
    expect(receipts).toMatchObject({ result: demoBlocks[9]!.body.transactions.map(() => ({ blockHash: left })) })
    const canonical = { blockHash: left, requireCanonical: true }
    expect(await answer(api, 'getBlockReceipts', [canonical])).toEqual({
      error: { code: RpcErrorCode.Default, message: 'hash is not currently canonical' },
    })
    expect(await answer(api, 'getBlockReceipts', [{ blockHash: NO_HASH }])).toEqual({ result: null })
  })
})

describe('what cannot be answered', () => {
  test.each([
    ['getBalance', 'state'],
    ['call', 'state'],
    ['sendRawTransaction', 'pool'],
    ['newPendingTransactionFilter', 'pool'],
    ['sign', 'accounts'],
  ])('eth_%s is not supported, and its error has the reason', async (name, why) => {
    const answered = await answer(ethApi({ chain }), name)
    expect(answered).toMatchObject({ error: { code: RpcErrorCode.MethodNotSupported } })
    expect(answered).toMatchObject({ error: { message: expect.stringContaining(why) } })
  })

  test('receipts that are not stored are an error, not an empty list', async () => {
    const bare = await demoChain(4)
    await bare.extend(demoRange(5, 6).map(({ header, body }) => ({ header, body })))
    const api = ethApi({ chain: bare })
    const hash = bytesTo0x(demoBlocks[5]!.body.transactions[0]!.hash)
    expect(code(await answer(api, 'getBlockReceipts', ['0x6']))).toBe(RpcErrorCode.ResourceNotFound)
    expect(code(await answer(api, 'getTransactionReceipt', [hash]))).toBe(RpcErrorCode.ResourceNotFound)
    expect(code(await answer(api, 'getLogs', [{ fromBlock: '0x0' }]))).toBe(RpcErrorCode.ResourceNotFound)
    expect(code(await answer(api, 'feeHistory', ['0x2', 'latest', [50]]))).toBe(RpcErrorCode.ResourceNotFound)
    expect(await answer(api, 'getTransactionByHash', [hash])).toMatchObject({ result: { hash } })
    expect(await answer(api, 'capabilities')).toMatchObject({
      result: {
        state: { disabled: true },
        blocks: { disabled: false, oldestBlock: '0x0' },
        tx: { disabled: false, oldestBlock: '0x0' },
        receipts: { disabled: true },
        logs: { disabled: true },
      },
    })
    expect(code(await answer(debugRawApi({ chain: bare }), 'getRawReceipts', ['0x6']))).toBe(
      RpcErrorCode.ResourceNotFound,
    )
  })

  test('a missing transaction is an error while old blocks are not indexed, and eth_syncing is not false', async () => {
    const store = new MemoryStore()
    await demoChain(100, store)
    await store.write([
      { type: 'put', key: metaKey('schema'), value: utf8ToBytes('1') },
      { type: 'del', key: metaKey('transactions') },
    ])
    const old = await ChainStore.open(store)
    const api = ethApi({ chain: old })
    for (const name of ['getTransactionByHash', 'getRawTransactionByHash', 'getTransactionReceipt']) {
      expect(await answer(api, name, [NO_HASH])).toEqual({
        error: { code: RpcErrorCode.Default, message: 'transaction indexing is in progress' },
      })
    }
    expect(await answer(api, 'syncing')).toMatchObject({
      result: { currentBlock: '0x64', txIndexFinishedBlocks: '0x0', txIndexRemainingBlocks: '0x65' },
    })
    await old.indexTransactions()
    expect(await answer(api, 'getTransactionByHash', [NO_HASH])).toEqual({ result: null })
    expect(await answer(api, 'syncing')).toEqual({ result: false })
  })
})

describe('finished JSON', () => {
  test('encoded JSON is cached for blocks and receipts, whatever they were requested by', () => {
    const api = ethApi({ chain })
    const first = call(api, 'getBlockByNumber', ['0x5', true])
    expect(first).toBeInstanceOf(RawJson)
    expect(call(api, 'getBlockByHash', [bytesTo0x(chain.hashAt(5)!), true])).toBe(first)
    expect(call(api, 'getBlockByNumber', ['0x5', false])).not.toBe(first)
    expect(call(api, 'getBlockReceipts', ['0x5'])).toBe(call(api, 'getBlockReceipts', ['0x5']))
  })

  test('encoded JSON is evicted over the budget of bytes, and not cached without one', () => {
    const small = ethApi({ chain, cacheBytes: 20_000 })
    const first = call(small, 'getBlockByNumber', ['0x1', true])
    expect(call(small, 'getBlockByNumber', ['0x1', true])).toBe(first)
    for (let n = 2; n < 30; n++) call(small, 'getBlockByNumber', [hex(n), true])
    expect(call(small, 'getBlockByNumber', ['0x1', true])).not.toBe(first)
    const none = ethApi({ chain, cacheBytes: 0 })
    expect(call(none, 'getBlockByNumber', ['0x1', true])).not.toBe(call(none, 'getBlockByNumber', ['0x1', true]))
  })

  test('the latest block is that of the new head after the chain has grown', async () => {
    const growing = await demoChain(10)
    const api = ethApi({ chain: growing })
    expect(await answer(api, 'getBlockByNumber', ['latest', false])).toMatchObject({ result: { number: '0xa' } })
    await growing.extend(sideBlocks(growing.headerAt(8)!, 1))
    expect(await answer(api, 'getBlockByNumber', ['latest', false])).toMatchObject({ result: { number: '0x9' } })
    expect(await answer(api, 'getBlockByNumber', ['0xa', false])).toEqual({ result: null })
    expect(await answer(api, 'getBlockByNumber', ['0x9', false])).toMatchObject({
      result: { hash: bytesTo0x(growing.head.hash) },
    })
  })
})

describe('a chain of before London', () => {
  test('a chain before London has no base fee', async () => {
    const genesis = branchGenesis()
    const old = await ChainStore.open(new MemoryStore(), genesis)
    await old.extend(branch(genesis.header, 3))
    const api = ethApi({ chain: old })
    expect(await answer(api, 'baseFee')).toEqual({ result: null })
    expect(await answer(api, 'blobBaseFee')).toEqual({ result: null })
    expect(await answer(api, 'feeHistory', [2, 'latest', []])).toMatchObject({
      result: { oldestBlock: '0x2', baseFeePerGas: ['0x0', '0x0', '0x0'], baseFeePerBlobGas: ['0x0', '0x0', '0x0'] },
    })
    const block = (await answer(api, 'getBlockByNumber', ['0x1', true])) as { result: object }
    expect(Object.keys(block.result)).not.toContain('baseFeePerGas')
    expect(Object.keys(block.result)).not.toContain('withdrawals')
  })
})

test('eth_feeHistory stops when its caller has gone', async () => {
  const gone = new AbortController()
  const { feeHistory } = ethApi({ chain }) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const asked = feeHistory!(300, 'latest', [50], context(gone.signal))
  gone.abort(new Error('gone'))
  await expect(asked).rejects.toThrow('gone')
})
