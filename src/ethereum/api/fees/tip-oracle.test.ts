import { expect, test } from 'vitest'
import { branchGenesis } from '../../../../test/support/branches.ts'
import { demoBlocks, demoChain, demoRange } from '../../../../test/support/demo-chain.ts'
import { emptyBlocks } from '../../../../test/support/sync-nodes.ts'
import { equalBytes } from '../../../base/bytes.ts'
import { MemoryStore } from '../../../storage/index.ts'
import { ChainStore } from '../../chain/index.ts'
import { BlockReader } from '../block-reader.ts'
import { TipOracle } from './tip-oracle.ts'

/** @returns up to three lowest tips of a bundled block of at least 2 wei, without those of the miner. */
function lowestTips(number: number): bigint[] {
  const { header, body } = demoBlocks[number - 1]!
  return body.transactions
    .filter((transaction) => !equalBytes(transaction.sender(), header.coinbase))
    .map(({ fields }) => {
      if ('gasPrice' in fields) return fields.gasPrice - header.baseFeePerGas!
      const tip = fields.maxFeePerGas - header.baseFeePerGas!
      return tip < fields.maxPriorityFeePerGas ? tip : fields.maxPriorityFeePerGas
    })
    .filter((tip) => tip >= 2n)
    .sort((a, b) => Number(a - b))
    .slice(0, 3)
}

test('a suggested tip is one of the lowest tips of the last 40 blocks, or the initial one', async () => {
  const suggested = new Set<bigint>()
  for (const head of [50, 120, 200, 260, 320]) {
    const tips = Array.from({ length: 40 }, (_, i) => lowestTips(head - i)).flat()
    const tip = new TipOracle(new BlockReader(await demoChain(head))).suggest()
    expect([...tips, 1_000_000n]).toContain(tip)
    suggested.add(tip)
  }
  expect(suggested.size).toBeGreaterThan(1)
})

test('a suggested tip is 1 000 000 wei on a chain without transactions', async () => {
  const chain = await ChainStore.open(new MemoryStore(), branchGenesis())
  expect(new TipOracle(new BlockReader(chain)).suggest()).toBe(1_000_000n)
})

test('a suggested tip is computed once for each head', async () => {
  const chain = await demoChain(100)
  let reads = 0
  const reader = new BlockReader(chain)
  const block = reader.block.bind(reader)
  reader.block = (hash) => {
    reads++
    return block(hash)
  }
  const oracle = new TipOracle(reader)
  const first = oracle.suggest()
  const before = reads
  expect(before).toBeGreaterThan(0)
  expect(oracle.suggest()).toBe(first)
  expect(reads).toBe(before)
  await chain.extend(demoRange(101, 101))
  oracle.suggest()
  expect(reads).toBeGreaterThan(before)
})

test('a suggested tip stays as it was when the blocks after it have no transactions', async () => {
  const chain = await demoChain(320)
  const oracle = new TipOracle(new BlockReader(chain))
  const tip = oracle.suggest()
  await chain.extend(emptyBlocks(chain, chain.headerAt(320)!, 60))
  expect(oracle.suggest()).toBe(tip)
})
