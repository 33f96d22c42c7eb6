/**
 * What a block's base fee and excess blob gas must be, given its parent (EIP-1559, EIP-4844, EIP-7840, EIP-7918).
 * @module
 */
import type { Header } from '../../types/index.ts'
import {
  type BlobParameters,
  blobParametersAt,
  type ChainConfig,
  isBlockFork,
  isTimeFork,
} from '../config/chain-config.ts'
import { INITIAL_BASE_FEE } from '../config/genesis.ts'

/** EIP-1559: limit over target. */
export const ELASTICITY = 2n
const BASE_FEE_CHANGE_DENOMINATOR = 8n
/** EIP-4844 */
export const GAS_PER_BLOB = 131_072n
const MIN_BLOB_BASE_FEE = 1n
/** Nobody has as much; an absurd excess would be computed for ever. */
const MAX_BLOB_BASE_FEE = 2n ** 256n
/** EIP-7918: execution gas a blob is worth at least. */
const BLOB_BASE_COST = 8_192n

/** In wei, of the block after `parent`. */
export function expectedBaseFee(config: ChainConfig, parent: Header): bigint {
  if (!isBlockFork(config, 'londonBlock', parent.number)) return INITIAL_BASE_FEE
  const baseFee = parent.baseFeePerGas ?? INITIAL_BASE_FEE
  const target = parent.gasLimit / ELASTICITY
  if (parent.gasUsed === target || target === 0n) return baseFee
  const over = parent.gasUsed > target
  const distance = over ? parent.gasUsed - target : target - parent.gasUsed
  const change = (baseFee * distance) / target / BASE_FEE_CHANGE_DENOMINATOR
  if (over) return baseFee + (change > 0n ? change : 1n)
  return baseFee - change
}

/** Of the block after `parent` with this time. The schedule is that of the block itself, not of its parent. */
export function expectedExcessBlobGas(config: ChainConfig, parent: Header, number: number, timestamp: number): bigint {
  const parameters = blobParametersAt(config, timestamp)
  if (!parameters) return 0n
  const excess = parent.excessBlobGas ?? 0n
  const used = parent.blobGasUsed ?? 0n
  const target = BigInt(parameters.target) * GAS_PER_BLOB
  if (excess + used < target) return 0n
  if (isTimeFork(config, 'osakaTime', number, timestamp) && belowReserve(parent, parameters, excess)) {
    return excess + (used * BigInt(parameters.max - parameters.target)) / BigInt(parameters.max)
  }
  return excess + used - target
}

/** In wei for each blob gas, in a block with this header; 0 before Cancun. Source: EIP-4844. */
export function blobBaseFee(config: ChainConfig, { excessBlobGas, timestamp }: Header): bigint {
  return excessBlobGas === undefined ? 0n : blobBaseFeeAt(config, excessBlobGas, timestamp)
}

/** As {@link blobBaseFee}, of a block with this excess and this time. */
export function blobBaseFeeAt(config: ChainConfig, excessBlobGas: bigint, timestamp: number): bigint {
  const parameters = blobParametersAt(config, timestamp)
  if (!parameters) return 0n
  return fakeExponential(MIN_BLOB_BASE_FEE, excessBlobGas, parameters.baseFeeUpdateFraction, MAX_BLOB_BASE_FEE)
}

/** EIP-7918: blobs are priced below what their execution would cost, so their price may only rise. */
function belowReserve(parent: Header, parameters: BlobParameters, excess: bigint): boolean {
  const cost = BLOB_BASE_COST * (parent.baseFeePerGas ?? 0n)
  const enough = cost / GAS_PER_BLOB + 1n
  return cost > fakeExponential(MIN_BLOB_BASE_FEE, excess, parameters.baseFeeUpdateFraction, enough) * GAS_PER_BLOB
}

/**
 * `factor * e ** (numerator / denominator)`, by the integer series of EIP-4844. Ends early once the result has reached
 * `enough`: an absurd excess would keep it busy for ever.
 */
function fakeExponential(factor: bigint, numerator: bigint, denominator: bigint, enough: bigint): bigint {
  let sum = 0n
  let term = factor * denominator
  for (let i = 1n; term > 0n && sum < enough * denominator; i++) {
    sum += term
    term = (term * numerator) / (denominator * i)
  }
  return sum / denominator
}
