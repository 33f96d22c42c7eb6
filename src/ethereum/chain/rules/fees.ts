/**
 * Base fee and excess blob gas of a block, computed from its parent (EIP-1559, EIP-4844, EIP-7840, EIP-7918).
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

/** Gas limit divided by gas target. Source: EIP-1559. */
export const ELASTICITY = 2n
const BASE_FEE_CHANGE_DENOMINATOR = 8n
/** Source: EIP-4844. */
export const GAS_PER_BLOB = 131_072n
const MIN_BLOB_BASE_FEE = 1n
/** Wei. Ends the computation, which would take for ever with an absurd excess. */
const MAX_BLOB_BASE_FEE = 2n ** 256n
/** Least execution gas that a blob is worth (EIP-7918). */
const BLOB_BASE_COST = 8_192n

/** Computes the base fee of the block after `parent`, in wei. */
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

/** Computes the excess of the block after `parent` with this time, by the schedule of the block, not of its parent. */
export function expectedExcessBlobGas(
  config: ChainConfig,
  parent: Header,
  number: number,
  timestamp: number | bigint,
): bigint {
  const parameters = blobParametersAt(config, timestamp)
  if (!parameters) return 0n
  const excess = parent.excessBlobGas ?? 0n
  const used = parent.blobGasUsed ?? 0n
  const target = BigInt(parameters.target) * GAS_PER_BLOB
  if (excess + used < target) return 0n
  if (isTimeFork(config, 'osakaTime', number, timestamp) && belowReserve(parent, parameters, excess)) {
    return excess + shareAboveTarget(used, parameters)
  }
  return excess + used - target
}

/**
 * Computes the gas that is above the target, of the gas that is used (EIP-7918). A target above the maximum wraps at 64
 * bits, as in go-ethereum; a maximum of 0, with which go-ethereum ends, has no blobs.
 */
function shareAboveTarget(used: bigint, { target, max }: BlobParameters): bigint {
  if (max === 0) return 0n
  return BigInt.asUintN(64, used * BigInt.asUintN(64, BigInt(max - target))) / BigInt(max)
}

/** Computes the price of blob gas in a block with this header, in wei; 0 before Cancun. Source: EIP-4844. */
export function blobBaseFee(config: ChainConfig, { excessBlobGas, exactTimestamp }: Header): bigint {
  return excessBlobGas === undefined ? 0n : blobBaseFeeAt(config, excessBlobGas, exactTimestamp)
}

/** Computes the price of blob gas in a block with this excess and this time, in wei; 0 before Cancun. */
export function blobBaseFeeAt(config: ChainConfig, excessBlobGas: bigint, timestamp: number | bigint): bigint {
  const parameters = blobParametersAt(config, timestamp)
  if (!parameters) return 0n
  return fakeExponential(MIN_BLOB_BASE_FEE, excessBlobGas, parameters.baseFeeUpdateFraction, MAX_BLOB_BASE_FEE)
}

/**
 * @returns true if blobs are priced below the cost of their execution, so that their price may only rise (EIP-7918).
 */
function belowReserve(parent: Header, parameters: BlobParameters, excess: bigint): boolean {
  const cost = BLOB_BASE_COST * (parent.baseFeePerGas ?? 0n)
  const enough = cost / GAS_PER_BLOB + 1n
  return cost > fakeExponential(MIN_BLOB_BASE_FEE, excess, parameters.baseFeeUpdateFraction, enough) * GAS_PER_BLOB
}

/**
 * Computes `factor * e ** (numerator / denominator)` by the integer series of EIP-4844. Ends early once the result has
 * reached `enough`: an absurd excess would take for ever.
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
