import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { hexToBytes } from '../../src/base/bytes.ts'
import { debugRawApi, ethApi, ethSubscriptions } from '../../src/ethereum/api/index.ts'
import { parseGenesis } from '../../src/ethereum/chain/index.ts'
import { EthereumService } from '../../src/ethereum/index.ts'
import { Node } from '../../src/node/index.ts'
import { MemoryStore } from '../../src/storage/index.ts'
import { type Answer, answer, call } from '../support/api-call.ts'
import { type ChainFiles, demoChain, hivechain } from './chains.ts'
import { Geth } from './geth.ts'

interface RpcBlock {
  readonly hash: string
  readonly transactions: readonly string[]
  readonly uncles: readonly string[]
}

const NO_HASH = `0x${'ab'.repeat(32)}`
const hex = (number: number): string => `0x${number.toString(16)}`

/** @returns the response of geth, in the form of `answer`. */
async function ask(geth: Geth, method: string, params: readonly unknown[]): Promise<Answer> {
  try {
    return { result: await geth.rpc(method, params) }
  } catch (error) {
    const [, message, code] = /^(.*) \((-?\d+)\)$/s.exec((error as Error).message) ?? []
    return { error: { code: Number(code), message: message! } }
  }
}

describe.each([
  ['the 600 blocks of the conformance suites', hivechain],
  ['the bundled chain', () => demoChain],
] as const)('%s', (_, filesOf: () => ChainFiles) => {
  let geth: Geth
  let node: Node
  let ethereum: EthereumService
  let head: number
  /** Blocks of geth by number. */
  const blocks: RpcBlock[] = []
  /** The price of blob gas in each block, by number. */
  const blobFees: string[] = []

  beforeAll(async () => {
    const files = filesOf()
    geth = await Geth.start({ genesis: files.genesis, chainFile: files.chain })
    const { number, hash } = await geth.head()
    head = number
    const genesis = parseGenesis(readFileSync(files.genesis, 'utf8'))
    ethereum = new EthereumService({ store: new MemoryStore(), genesis })
    node = await Node.start({ services: [ethereum], p2p: { staticNodes: [geth.enode] } })
    await ethereum.sync.syncTo(hexToBytes(hash))
    for (let n = 0; n <= head; n++) {
      blocks.push(await geth.rpc<RpcBlock>('eth_getBlockByNumber', [hex(n), false]))
      const alone = await geth.rpc<{ baseFeePerBlobGas: string[] }>('eth_feeHistory', ['0x1', hex(n), []])
      blobFees.push(alone.baseFeePerBlobGas[0]!)
    }
  })

  afterAll(async () => {
    await node?.close()
    await geth?.[Symbol.asyncDispose]()
  })

  const apis = () => ({
    eth: ethApi({ chain: ethereum.chain, sync: ethereum.sync }),
    debug: debugRawApi({ chain: ethereum.chain }),
  })

  /** Calls both, and compares the responses. */
  async function same(method: string, ...params: unknown[]): Promise<void> {
    const [namespace, name] = method.split('_') as ['eth' | 'debug', string]
    const theirs = await ask(geth, method, params)
    expect(await answer(apis()[namespace], name, params), `${method} ${JSON.stringify(params)}`).toEqual(theirs)
  }

  test('peerloom answers like geth for every block, header, uncle and receipt, by number and by hash', async () => {
    for (const [n, { hash, uncles }] of blocks.entries()) {
      for (const full of [true, false]) {
        await same('eth_getBlockByNumber', hex(n), full)
        await same('eth_getBlockByHash', hash, full)
      }
      await same('eth_getHeaderByNumber', hex(n))
      await same('eth_getHeaderByHash', hash)
      await same('eth_getBlockReceipts', hex(n))
      await same('eth_getBlockReceipts', hash)
      await same('eth_getBlockTransactionCountByNumber', hex(n))
      await same('eth_getBlockTransactionCountByHash', hash)
      await same('eth_getUncleCountByBlockNumber', hex(n))
      await same('eth_getUncleCountByBlockHash', hash)
      for (let i = 0; i <= uncles.length; i++) {
        await same('eth_getUncleByBlockNumberAndIndex', hex(n), hex(i))
        await same('eth_getUncleByBlockHashAndIndex', hash, hex(i))
      }
    }
  })

  test('peerloom answers like geth for every transaction, by its hash and by its position', async () => {
    let count = 0
    for (const [n, { hash, transactions }] of blocks.entries()) {
      for (const [i, tx] of transactions.entries()) {
        count++
        await same('eth_getTransactionByHash', tx)
        await same('eth_getRawTransactionByHash', tx)
        await same('eth_getTransactionReceipt', tx)
        await same('debug_getRawTransaction', tx)
        await same('eth_getTransactionByBlockNumberAndIndex', hex(n), hex(i))
        await same('eth_getTransactionByBlockHashAndIndex', hash, hex(i))
        await same('eth_getRawTransactionByBlockNumberAndIndex', hex(n), hex(i))
        await same('eth_getRawTransactionByBlockHashAndIndex', hash, hex(i))
      }
      await same('eth_getTransactionByBlockNumberAndIndex', hex(n), hex(transactions.length))
      await same('eth_getRawTransactionByBlockHashAndIndex', hash, hex(transactions.length))
    }
    expect(count).toBeGreaterThan(300)
  })

  test('peerloom answers like geth for the bytes of every block', async () => {
    for (const [n, { hash }] of blocks.entries()) {
      for (const method of ['debug_getRawHeader', 'debug_getRawBlock', 'debug_getRawReceipts']) {
        await same(method, hex(n))
        await same(method, hash)
      }
    }
  })

  test('peerloom answers like geth for logs of every block and of ranges, by address and topics', async () => {
    const all = await geth.rpc<{ address: string; topics: string[] }[]>('eth_getLogs', [
      { fromBlock: '0x0', toBlock: 'latest' },
    ])
    expect(all.length).toBeGreaterThan(50)
    for (const { hash } of blocks) await same('eth_getLogs', { blockHash: hash })
    const whole = { fromBlock: 'earliest', toBlock: hex(head) }
    await same('eth_getLogs', whole)
    await same('eth_getLogs', {})
    const addresses = [...new Set(all.map(({ address }) => address))]
    const topics = [...new Set(all.flatMap((log) => log.topics))].slice(0, 20)
    for (const address of addresses) await same('eth_getLogs', { ...whole, address })
    await same('eth_getLogs', { ...whole, address: addresses })
    for (const topic of topics) {
      await same('eth_getLogs', { ...whole, topics: [topic] })
      await same('eth_getLogs', { ...whole, topics: [null, topic] })
      await same('eth_getLogs', { ...whole, topics: [[topic, topics[0]], []] })
      await same('eth_getLogs', { ...whole, topics: [[null, topic]] })
    }
    await same('eth_getLogs', { ...whole, topics: [NO_HASH] })
    await same('eth_getLogs', { ...whole, topics: [null, null, null, null] })
  })

  /**
   * Requests a range from both, and compares. Geth collects the blocks of a range in the order in which its goroutines
   * end, and each also writes the blob fee of the next block: around the start of blobs, its response for a range is not
   * deterministic. Its response for a single block is.
   */
  async function sameFeeHistory(count: number | string, last: string, percentiles: readonly number[]): Promise<void> {
    const params = [count, last, percentiles]
    const theirs = await geth.rpc<{ oldestBlock: string; baseFeePerBlobGas: string[] }>('eth_feeHistory', params)
    const oldest = Number(theirs.oldestBlock)
    const fees = theirs.baseFeePerBlobGas.slice(0, -1).map((_, i) => blobFees[oldest + i]!)
    const baseFeePerBlobGas = [...fees, theirs.baseFeePerBlobGas.at(-1)]
    expect(await answer(apis().eth, 'feeHistory', params), JSON.stringify(params)).toEqual({
      result: { ...theirs, baseFeePerBlobGas },
    })
  }

  test('peerloom answers like geth for fees', async () => {
    for (const n of [0, 1, 2, 16, 17, 100, head - 1, head]) {
      for (const percentiles of [[], [0, 10, 50, 99.5, 100]]) await sameFeeHistory(hex(16), hex(n), percentiles)
    }
    await sameFeeHistory(hex(2_000), 'latest', [])
    await sameFeeHistory(1_000, 'latest', [0, 1.5, 25, 50, 75, 100])
    await sameFeeHistory('7', 'earliest', [50])
    await same('eth_feeHistory', '0x0', 'latest', [50])
    for (const percentiles of [[50, 50], [101], [-1], [60, 5]])
      await same('eth_feeHistory', '0x2', 'latest', percentiles)
    await same('eth_feeHistory', '0x2', hex(head + 1), [])
    await same('eth_feeHistory', '0x2', 'safe', [])
    await same('eth_feeHistory', 'two', 'latest', [])
    await same('eth_gasPrice')
    await same('eth_maxPriorityFeePerGas')
    await same('eth_baseFee')
    await same('eth_blobBaseFee')
  })

  test('peerloom answers like geth for the chain and its head', async () => {
    await same('eth_chainId')
    await same('eth_blockNumber')
    await same('eth_syncing')
    await same('eth_accounts')
    await same('eth_config')
    for (const tag of ['latest', 'earliest', 'safe', 'finalized']) {
      await same('eth_getBlockByNumber', tag, false)
      await same('eth_getHeaderByNumber', tag)
      await same('eth_getBlockReceipts', tag)
      await same('eth_getBlockTransactionCountByNumber', tag)
      await same('eth_getTransactionByBlockNumberAndIndex', tag, '0x0')
      await same('debug_getRawHeader', tag)
      await same('debug_getRawReceipts', tag)
      await same('eth_getLogs', { fromBlock: tag })
      await same('eth_getLogs', { toBlock: tag })
    }
    await same('eth_getHeaderByNumber', 'pending')
  })

  test('peerloom answers like geth for missing blocks and transactions', async () => {
    for (const id of [NO_HASH, { blockHash: NO_HASH }, hex(head + 1), '0x7fffffffffffffff']) {
      await same('eth_getBlockReceipts', id)
      await same('debug_getRawReceipts', id)
    }
    await same('eth_getBlockByHash', NO_HASH, true)
    await same('eth_getBlockByNumber', hex(head + 1), true)
    await same('eth_getHeaderByHash', NO_HASH)
    await same('eth_getHeaderByNumber', hex(head + 1))
    await same('eth_getBlockTransactionCountByHash', NO_HASH)
    await same('eth_getUncleCountByBlockNumber', hex(head + 1))
    await same('eth_getTransactionByHash', NO_HASH)
    await same('eth_getRawTransactionByHash', NO_HASH)
    await same('eth_getTransactionReceipt', NO_HASH)
    await same('debug_getRawTransaction', NO_HASH)
    await same('eth_getTransactionByBlockHashAndIndex', NO_HASH, '0x0')
    await same('eth_getRawTransactionByBlockHashAndIndex', NO_HASH, '0x0')
    await same('eth_getTransactionByBlockNumberAndIndex', '0x1', '0xffffffffffffffff')
    await same('debug_getRawBlock', hex(head + 1))
    await same('debug_getRawHeader', hex(head + 1))
    await same('eth_getLogs', { blockHash: NO_HASH })
    await same('eth_getFilterChanges', '0x1')
    await same('eth_getFilterLogs', '0x1')
    await same('eth_uninstallFilter', '0x1')
  })

  test('peerloom answers like geth for invalid parameters, with the same code and text', async () => {
    const bad: [string, ...unknown[]][] = [
      ['eth_getBlockByNumber', '1', true],
      ['eth_getBlockByNumber', '', true],
      ['eth_getBlockByNumber', '0x', true],
      ['eth_getBlockByNumber', '0x01', true],
      ['eth_getBlockByNumber', '0xg', true],
      ['eth_getBlockByNumber', 'newest', true],
      ['eth_getBlockByNumber', '0x10000000000000000', true],
      ['eth_getBlockByNumber', '0xffffffffffffffff', true],
      ['eth_getBlockByNumber', 5, true],
      ['eth_getBlockByNumber', '0x1'],
      ['eth_getBlockReceipts', { blockHash: NO_HASH, blockNumber: '0x1' }],
      ['eth_getBlockReceipts', {}],
      ['eth_getBlockReceipts', 'abc'],
      ['eth_getLogs', { blockHash: NO_HASH, fromBlock: '0x1' }],
      ['eth_getLogs', { fromBlock: '0x5', toBlock: '0x4' }],
      ['eth_getLogs', { fromBlock: '0x5', toBlock: hex(head + 1) }],
      ['eth_getLogs', { fromBlock: hex(head + 2) }],
      ['eth_getLogs', { fromBlock: 'pending' }],
      ['eth_newFilter', { fromBlock: '0x5', toBlock: '0x4' }],
      ['eth_newFilter', { fromBlock: 'safe' }],
      ['eth_newFilter', { toBlock: '0x5' }],
      ['eth_newFilter', { toBlock: 'pending' }],
    ]
    for (const call of bad) await same(...call)
    /** Geth's errors for these name types of Go, and ours the field: the reason is the same. */
    const similar: [string, ...unknown[]][] = [
      ['eth_getBlockByHash', '0x12', true],
      ['eth_getBlockByHash', '0x123', true],
      ['eth_getBlockByHash', 'ab'.repeat(32), true],
      ['eth_getBlockByHash', 5, true],
      ['eth_getBlockByHash', `0x${'zz'.repeat(32)}`, true],
      ['eth_getTransactionByHash', ''],
      ['eth_getTransactionByBlockNumberAndIndex', '0x1', '01'],
      ['eth_getTransactionByBlockNumberAndIndex', '0x1', '0x01'],
      ['eth_getTransactionByBlockNumberAndIndex', '0x1', 1],
      ['eth_getLogs', { fromBlock: 'x' }],
      ['eth_getLogs', { address: 5 }],
      ['eth_getLogs', { topics: [5] }],
      ['eth_getLogs', { topics: [null, null, null, null, null] }],
      ['eth_getLogs', { address: '0x12' }],
      ['eth_getLogs', { address: ['0x1'] }],
      ['eth_getLogs', { topics: ['0x12'] }],
      ['eth_getLogs', { topics: [['12']] }],
    ]
    for (const [method, ...params] of similar) {
      const theirs = await ask(geth, method, params)
      const ours = await answer(apis().eth, method.slice(4), params)
      if (!('error' in theirs) || !('error' in ours)) throw new Error(`${method} ${JSON.stringify(params)}: no error`)
      expect(ours.error.code).toBe(theirs.error.code)
      const said = ours.error.message.replace(/^invalid argument \d: (\w+(\.\d+)*: )?/, '')
      expect(theirs.error.message, `${method} ${JSON.stringify(params)}`).toContain(said)
    }
  })

  test('geth has each method that peerloom supports or knows as unsupported', async () => {
    for (const [namespace, api] of Object.entries(apis())) {
      for (const name of Object.keys(api)) {
        const theirs = await ask(geth, `${namespace}_${name}`, [])
        expect('error' in theirs ? theirs.error.code : 0, name).not.toBe(-32_601)
      }
    }
  })
})

test('subscriptions during a sync have the notifications of geth', async () => {
  const { genesis, chain } = hivechain()
  await using source = await Geth.start({ genesis, chainFile: chain })
  const head = await source.head()
  await using geth = await Geth.start({ genesis, syncTarget: head.hash })
  const theirs = {
    heads: await geth.subscribe('newHeads'),
    logs: await geth.subscribe('logs', {}),
    receipts: await geth.subscribe('transactionReceipts'),
  }
  const ethereum = new EthereumService({
    store: new MemoryStore(),
    genesis: parseGenesis(readFileSync(genesis, 'utf8')),
  })
  await using _node = await Node.start({ services: [ethereum], p2p: { staticNodes: [source.enode] } })
  const subscriptions = ethSubscriptions({ chain: ethereum.chain })
  const gone = new AbortController()
  const told = {
    heads: collect(subscriptions, 'newHeads', [], gone.signal),
    logs: collect(subscriptions, 'logs', [{}], gone.signal),
    receipts: collect(subscriptions, 'transactionReceipts', [], gone.signal),
  }
  await ethereum.sync.syncTo(hexToBytes(head.hash))
  await geth.rpc('admin_addPeer', [source.enode])
  await vi.waitUntil(() => theirs.heads.length === head.number, { timeout: 60_000 })
  await vi.waitUntil(() => told.heads.length === head.number && told.receipts.length === theirs.receipts.length)
  gone.abort()
  expect(told.heads).toEqual(theirs.heads)
  expect(told.logs).toEqual(theirs.logs)
  expect(told.logs.length).toBeGreaterThan(50)
  expect(withoutPrice(told.receipts)).toEqual(withoutPrice(theirs.receipts))
  expect(told.receipts.length).toBeGreaterThan(100)
})

/** Collects the notifications of a subscription, as JSON, until the signal aborts. */
function collect(api: object, name: string, params: readonly unknown[], signal: AbortSignal): readonly unknown[] {
  const told: unknown[] = []
  const read = async () => {
    const events = call(api, name, params, signal) as AsyncIterable<unknown>
    for await (const event of events) told.push(JSON.parse(JSON.stringify(event)))
  }
  void read()
  return told
}

/** Removes the prices, which geth omits from receipts of fresh blocks. */
function withoutPrice(batches: readonly unknown[]): unknown[] {
  return (batches as object[][]).map((receipts) =>
    receipts.map((receipt) => ({ ...receipt, effectiveGasPrice: null, blobGasPrice: null })),
  )
}
