import { method, param } from '../../../rpc/index.ts'
import { blobBaseFee } from '../../chain/index.ts'
import type { Header } from '../../types/index.ts'
import type { BlockReader } from '../block-reader.ts'
import { quantity } from '../json.ts'
import { blockTagParam, countParam, percentilesParam } from '../params.ts'
import type { SearchLimiter } from '../query-limits.ts'
import { feeHistory, nextBaseFee } from './fee-history.ts'
import { TipOracle } from './tip-oracle.ts'

const HISTORY = [
  param('blockCount', countParam),
  param('newestBlock', blockTagParam),
  param('rewardPercentiles', percentilesParam),
] as const

/** Methods about fees, computed from stored blocks. */
export function feeMethods(reader: BlockReader, limiter: SearchLimiter) {
  const { chain } = reader
  const oracle = new TipOracle(reader)
  const head = () => chain.header(chain.head.hash) as Header
  return {
    gasPrice: method(
      { summary: 'Suggested gas price of a transaction without a separate tip, in wei.', params: [] },
      () => quantity(oracle.suggest() + (head().baseFeePerGas ?? 0n)),
    ),
    maxPriorityFeePerGas: method({ summary: 'Suggested tip of a transaction, in wei per gas.', params: [] }, () =>
      quantity(oracle.suggest()),
    ),
    baseFee: method({ summary: 'Base fee of the next block, in wei; null before London.', params: [] }, () => {
      const fee = nextBaseFee(chain.chainConfig, head())
      return fee === 0n ? null : quantity(fee)
    }),
    blobBaseFee: method({ summary: 'Base fee of blobs in the head, in wei; null before Cancun.', params: [] }, () => {
      const header = head()
      return header.excessBlobGas === undefined ? null : quantity(blobBaseFee(chain.chainConfig, header))
    }),
    feeHistory: method(
      { summary: 'Base fees, ratios of used gas and tips of a range of blocks.', params: HISTORY },
      (count, newest, percentiles, { signal }) =>
        limiter.run(() => feeHistory(reader, count, newest, percentiles, signal), signal),
    ),
  }
}
