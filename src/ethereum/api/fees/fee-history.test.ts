import { beforeAll, expect, test } from 'vitest'
import { demoBlocks, demoChain } from '../../../../test/support/demo-chain.ts'
import { emptyBlocks } from '../../../../test/support/sync-nodes.ts'
import { RpcErrorCode } from '../../../rpc/index.ts'
import { type ChainStore, expectedBaseFee, GAS_PER_BLOB } from '../../chain/index.ts'
import type { Block } from '../../types/index.ts'
import { BlockReader } from '../block-reader.ts'
import { quantity } from '../json.ts'
import { feeHistory, nextBaseFee } from './fee-history.ts'

interface History {
  readonly oldestBlock: string
  readonly reward?: readonly (readonly string[])[]
  readonly baseFeePerGas: readonly string[]
  readonly gasUsedRatio: readonly number[]
  readonly baseFeePerBlobGas: readonly string[]
  readonly blobGasUsedRatio: readonly number[]
}

const EMPTY = { oldestBlock: '0x0', gasUsedRatio: null }
let chain: ChainStore
let reader: BlockReader
beforeAll(async () => {
  chain = await demoChain()
  reader = new BlockReader(chain)
})

const history = async (...args: [count: number, last: number | 'latest' | 'earliest' | 'pending', number[]?]) =>
  (await feeHistory(reader, args[0], args[1], args[2] ?? [])) as unknown as History
const block = (number: number): Block => demoBlocks[number - 1]!

test('a fee history has base fees and ratios of each block, and the base fee of the one after', async () => {
  const { oldestBlock, reward, baseFeePerGas, gasUsedRatio } = await history(5, 100)
  expect(oldestBlock).toBe(quantity(96))
  expect(reward).toBeUndefined()
  expect(baseFeePerGas).toEqual([96, 97, 98, 99, 100, 101].map((n) => quantity(block(n).header.baseFeePerGas!)))
  expect(gasUsedRatio).toEqual(
    [96, 97, 98, 99, 100].map((n) => Number(block(n).header.gasUsed) / Number(block(n).header.gasLimit)),
  )
})

test('a fee history has blob fees and ratios since Cancun, and zeros before', async () => {
  const first = demoBlocks.findIndex(({ header }) => header.blobGasUsed !== undefined) + 1
  const before = await history(3, first - 2)
  expect(before.baseFeePerBlobGas).toEqual(['0x0', '0x0', '0x0', '0x0'])
  expect(before.blobGasUsedRatio).toEqual([0, 0, 0])
  const withBlobs = demoBlocks.filter(({ header }) => (header.blobGasUsed ?? 0n) > 0n)
  expect(withBlobs.length).toBeGreaterThan(0)
  for (const { number, header } of withBlobs) {
    const { blobGasUsedRatio, baseFeePerBlobGas } = await history(1, number)
    const blobs = Number(header.blobGasUsed! / GAS_PER_BLOB)
    expect([6, 9, 15, 21].map((max) => blobs / max)).toContain(blobGasUsedRatio[0])
    expect(BigInt(baseFeePerBlobGas[0]!)).toBeGreaterThan(0n)
  }
})

test('the fee after the head is computed, as there is no block to read it from', async () => {
  const { baseFeePerGas } = await history(1, 'latest')
  const head = block(320).header
  expect(baseFeePerGas).toEqual([head.baseFeePerGas!, expectedBaseFee(chain.chainConfig, head)].map(quantity))
  expect(nextBaseFee(chain.chainConfig, head)).toBe(expectedBaseFee(chain.chainConfig, head))
})

test('rewards are the tips at each percentile of the gas that a block used', async () => {
  const percentiles = [0, 10, 50, 90, 100]
  const { reward } = await history(320, 'latest', percentiles)
  expect(reward).toHaveLength(320)
  for (const [i, { header, body, hash }] of demoBlocks.entries()) {
    const receipts = reader.receipts({ hash, header })
    const paid = body.transactions.map(({ fields }, at) => {
      const price = 'gasPrice' in fields ? fields.gasPrice : fields.maxPriorityFeePerGas + header.baseFeePerGas!
      const capped = 'gasPrice' in fields || price < fields.maxFeePerGas ? price : fields.maxFeePerGas
      const gas = receipts[at]!.cumulativeGasUsed - (receipts[at - 1]?.cumulativeGasUsed ?? 0n)
      return { tip: capped - header.baseFeePerGas!, gas }
    })
    /** The lowest tip such that the gas paid with it or less reaches the percentile. */
    const tipAt = (percentile: number): bigint => {
      const wanted = BigInt(Math.trunc((Number(header.gasUsed) * percentile) / 100))
      const tips = paid.map(({ tip }) => tip).sort((a, b) => Number(a - b))
      const gasUpTo = (tip: bigint) => paid.reduce((sum, each) => (each.tip <= tip ? sum + each.gas : sum), 0n)
      return tips.find((tip) => gasUpTo(tip) >= wanted) ?? tips.at(-1) ?? 0n
    }
    expect(reward![i], `block ${header.number}`).toEqual(percentiles.map((p) => quantity(tipAt(p))))
  }
})

test('rewards of a block without transactions are zero', async () => {
  const empty = await demoChain(320)
  await empty.extend(emptyBlocks(empty, empty.headerAt(320)!, 1))
  const { reward } = (await feeHistory(new BlockReader(empty), 1, 'latest', [0, 100])) as unknown as History
  expect(reward).toEqual([['0x0', '0x0']])
})

test('a fee history starts at the genesis block at most, and has 1024 blocks at most', async () => {
  expect((await history(50, 3)).baseFeePerGas).toHaveLength(5)
  expect((await history(50, 'earliest')).oldestBlock).toBe('0x0')
  const long = await demoChain(320)
  await long.extend(emptyBlocks(long, long.headerAt(320)!, 800))
  const { oldestBlock, gasUsedRatio } = (await feeHistory(
    new BlockReader(long),
    5_000,
    'latest',
    [],
  )) as unknown as History
  expect(gasUsedRatio).toHaveLength(1_024)
  expect(oldestBlock).toBe(quantity(1_120 - 1_023))
})

test('the pending block counts and is left out', async () => {
  expect(await history(3, 'pending')).toEqual(await history(2, 'latest'))
  expect(await history(1, 'pending')).toEqual(EMPTY)
})

test('a fee history of no blocks is empty, whatever else is asked', async () => {
  expect(await history(0, 'latest', [200])).toEqual(EMPTY)
})

test.each<[string, number[], string]>([
  ['below 0', [-1], 'invalid reward percentile: -1.000000'],
  ['above 100', [50, 100.5], 'invalid reward percentile: 100.500000'],
  ['not a number', [Number.NaN], 'invalid reward percentile: NaN'],
  ['falling', [10, 5], 'invalid reward percentile: #0:10.000000 >= #1:5.000000'],
  ['equal', [10, 20, 20], 'invalid reward percentile: #1:20.000000 >= #2:20.000000'],
  ['over a hundred', Array.from({ length: 101 }, (_, i) => i), 'invalid reward percentile: over the query limit 100'],
])('percentiles that are %s are refused in the words of go-ethereum', async (_, percentiles, message) => {
  await expect(history(1, 'latest', percentiles)).rejects.toMatchObject({ errorCode: RpcErrorCode.Default, message })
})

test('a fee history up to a block that is not there yet is refused in the words of go-ethereum', async () => {
  await expect(history(1, 321)).rejects.toMatchObject({
    errorCode: RpcErrorCode.Default,
    message: 'request beyond head block: requested 321, head 320',
  })
})

test('a fee history yields while it reads many blocks, and stops when its caller has gone', async () => {
  const gone = new AbortController()
  const asked = feeHistory(reader, 320, 'latest', [50], gone.signal)
  let turns = 0
  const turn = (): void => {
    if (++turns === 2) gone.abort(new Error('gone'))
    else setImmediate(turn)
  }
  setImmediate(turn)
  await expect(asked).rejects.toThrow('gone')
  expect(turns).toBe(2)
})
