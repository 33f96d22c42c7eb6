/**
 * The difficulty of a block under proof of work (EIP-2, EIP-100, and the delays of the difficulty bomb).
 * @module
 */
import { equalBytes } from '../../../base/bytes.ts'
import { EMPTY_OMMERS_HASH, type Header } from '../../types/index.ts'
import { type BlockFork, type ChainConfig, isBlockFork } from '../config/chain-config.ts'

const MINIMUM_DIFFICULTY = 131_072n
const BOUND_DIVISOR = 2048n
const BOMB_PERIOD = 100_000

/**
 * Blocks by which each fork since Byzantium delayed the bomb, youngest first (EIP-5133, 4345, 3554, 2384, 1234, 649).
 */
const BOMB_DELAYS: readonly (readonly [BlockFork, number])[] = [
  ['grayGlacierBlock', 11_400_000],
  ['arrowGlacierBlock', 10_700_000],
  ['londonBlock', 9_700_000],
  ['muirGlacierBlock', 9_000_000],
  ['constantinopleBlock', 5_000_000],
  ['byzantiumBlock', 3_000_000],
]

/** Computes the difficulty of the block after `parent` with this time, in seconds. */
export function expectedDifficulty(config: ChainConfig, parent: Header, timestamp: number | bigint): bigint {
  const number = parent.number + 1
  const delay = BOMB_DELAYS.find(([fork]) => isBlockFork(config, fork, number))?.[1]
  const elapsed = secondsBetween(parent.exactTimestamp, timestamp)
  const homestead = isBlockFork(config, 'homesteadBlock', number)
  const steps = delay !== undefined ? sinceByzantium(parent, elapsed) : beforeByzantium(homestead, elapsed)
  const base = parent.difficulty + (parent.difficulty / BOUND_DIVISOR) * BigInt(Math.max(-99, steps))
  const floored = base < MINIMUM_DIFFICULTY ? MINIMUM_DIFFICULTY : base
  return floored + bomb(Math.max(0, number - (delay ?? 0)))
}

/** Computes the change in 2048ths of the parent's difficulty, like `beforeByzantium`. */
function sinceByzantium(parent: Header, elapsed: number): number {
  const ommers = equalBytes(parent.ommersHash, EMPTY_OMMERS_HASH) ? 1 : 2
  return ommers - Math.floor(elapsed / 9)
}

function beforeByzantium(homestead: boolean, elapsed: number): number {
  if (homestead) return 1 - Math.floor(elapsed / 10)
  return elapsed < 13 ? 1 : -1
}

function secondsBetween(from: number | bigint, to: number | bigint): number {
  return typeof from === 'number' && typeof to === 'number' ? to - from : Number(BigInt(to) - BigInt(from))
}

function bomb(number: number): bigint {
  const periods = Math.floor(number / BOMB_PERIOD)
  return periods > 1 ? 1n << BigInt(periods - 2) : 0n
}
