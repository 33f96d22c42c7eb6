/**
 * Fee history, from headers and receipts. Source: go-ethereum eth/gasprice, EIP-1559, EIP-4844.
 * @module
 */
import { YieldBudget, yieldNow } from '../../../base/yield-budget.ts'
import {
  blobBaseFee,
  blobBaseFeeAt,
  blobParametersAt,
  type ChainConfig,
  expectedBaseFee,
  expectedExcessBlobGas,
  GAS_PER_BLOB,
  isBlockFork,
} from '../../chain/index.ts'
import type { Header, Receipt } from '../../types/index.ts'
import { type BlockReader, type StoredBlock, serverError } from '../block-reader.ts'
import { type JsonObject, quantity } from '../json.ts'
import type { BlockTag } from '../params.ts'
import { priorityFee } from '../transactions/transaction-json.ts'

/** Blocks of one history; a larger count is cut. */
const MAX_BLOCKS = 1_024
const MAX_PERCENTILES = 100
const NOTHING: JsonObject = { oldestBlock: '0x0', gasUsedRatio: null }

/** Fees of one block. */
interface BlockFees {
  readonly baseFee: bigint
  readonly nextBaseFee: bigint
  readonly blobBaseFee: bigint
  readonly nextBlobBaseFee: bigint
  readonly gasUsedRatio: number
  readonly blobGasUsedRatio: number
  readonly rewards: readonly bigint[]
}

/**
 * Computes base fees, ratios of used gas, and the tips at percentiles (0 to 100, rising) of the gas of `count` blocks
 * up to `last`. Throws `RpcError` with go-ethereum's text.
 */
export async function feeHistory(
  reader: BlockReader,
  count: number,
  last: BlockTag,
  percentiles: readonly number[],
  signal?: AbortSignal,
): Promise<JsonObject> {
  if (count < 1) return NOTHING
  checkPercentiles(percentiles)
  const range = rangeOf(reader, Math.min(count, MAX_BLOCKS), last)
  if (!range) return NOTHING
  const fees: BlockFees[] = []
  const budget = new YieldBudget()
  for (let number = range.first; number <= range.last; number++) {
    const block = reader.block(reader.hashOfTag(number))
    if (!block) break // the chain was shortened by a reorganization
    fees.push(feesOf(reader, block, percentiles))
    if (!budget.spend(block.body.raw.length)) continue
    await yieldNow()
    signal?.throwIfAborted()
  }
  return fees.length > 0 ? historyJson(range.first, fees, percentiles.length > 0) : NOTHING
}

/** @returns the base fee of the block after `parent`, in wei; 0 before London. */
export function nextBaseFee(config: ChainConfig, parent: Header): bigint {
  return isBlockFork(config, 'londonBlock', parent.number + 1) ? expectedBaseFee(config, parent) : 0n
}

function checkPercentiles(percentiles: readonly number[]): void {
  if (percentiles.length > MAX_PERCENTILES) {
    throw serverError(`invalid reward percentile: over the query limit ${MAX_PERCENTILES}`)
  }
  for (const [i, percentile] of percentiles.entries()) {
    if (!(percentile >= 0 && percentile <= 100))
      throw serverError(`invalid reward percentile: ${percentile.toFixed(6)}`)
    const before = percentiles[i - 1]
    if (before === undefined || percentile > before) continue
    throw serverError(`invalid reward percentile: #${i - 1}:${before.toFixed(6)} >= #${i}:${percentile.toFixed(6)}`)
  }
}

/**
 * @returns the range of blocks; undefined if it is empty. The pending block, which this node lacks, counts and is
 * omitted.
 */
function rangeOf(reader: BlockReader, count: number, tag: BlockTag): { first: number; last: number } | undefined {
  const head = reader.chain.head.number
  if (typeof tag === 'number' && tag > head) {
    throw serverError(`request beyond head block: requested ${tag}, head ${head}`)
  }
  const blocks = tag === 'pending' ? count - 1 : count
  const last = typeof tag === 'number' ? tag : reader.numberOfTag(tag === 'pending' ? 'latest' : tag)
  return blocks > 0 ? { first: Math.max(0, last + 1 - blocks), last } : undefined
}

function feesOf(reader: BlockReader, block: StoredBlock, percentiles: readonly number[]): BlockFees {
  const config = reader.chain.chainConfig
  const { header } = block
  const { number, exactTimestamp: timestamp } = header
  const excess = header.excessBlobGas
  const max = blobParametersAt(config, timestamp)?.max ?? 0
  return {
    baseFee: header.baseFeePerGas ?? 0n,
    nextBaseFee: nextBaseFee(config, header),
    blobBaseFee: blobBaseFee(config, header),
    nextBlobBaseFee:
      excess === undefined
        ? 0n
        : blobBaseFeeAt(config, expectedExcessBlobGas(config, header, number, timestamp), timestamp),
    gasUsedRatio: Number(header.gasUsed) / Number(header.gasLimit),
    blobGasUsedRatio: max > 0 ? Number(header.blobGasUsed ?? 0n) / Number(BigInt(max) * GAS_PER_BLOB) : 0,
    rewards: percentiles.length > 0 ? rewardsOf(block, reader.receipts(block), percentiles) : [],
  }
}

/** @returns the tip at each percentile of the block's gas, sorted by tip. */
function rewardsOf({ header, body }: StoredBlock, receipts: readonly Receipt[], percentiles: readonly number[]) {
  let before = 0n
  const paid = receipts.map(({ cumulativeGasUsed }, i) => {
    const gas = cumulativeGasUsed - before
    before = cumulativeGasUsed
    const fields = body.transactions[i]?.fields
    return { gas, tip: fields ? priorityFee(fields, header) : 0n }
  })
  paid.sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  let at = 0
  let gas = paid[0]?.gas ?? 0n
  return percentiles.map((percentile) => {
    const wanted = BigInt(Math.trunc((Number(header.gasUsed) * percentile) / 100))
    while (gas < wanted && at < paid.length - 1) gas += paid[++at]?.gas ?? 0n
    return paid[at]?.tip ?? 0n
  })
}

function historyJson(first: number, fees: readonly BlockFees[], withRewards: boolean): JsonObject {
  const last = fees.at(-1) as BlockFees
  return {
    oldestBlock: quantity(first),
    reward: withRewards ? fees.map(({ rewards }) => rewards.map(quantity)) : undefined,
    baseFeePerGas: [...fees.map(({ baseFee }) => quantity(baseFee)), quantity(last.nextBaseFee)],
    gasUsedRatio: fees.map(({ gasUsedRatio }) => gasUsedRatio),
    baseFeePerBlobGas: [...fees.map((each) => quantity(each.blobBaseFee)), quantity(last.nextBlobBaseFee)],
    blobGasUsedRatio: fees.map(({ blobGasUsedRatio }) => blobGasUsedRatio),
  }
}
