/**
 * What a block's difficulty must be under proof of work (EIP-2, EIP-100, and the delays of the difficulty bomb).
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { EMPTY_OMMERS_HASH, type Header } from '../types/index.ts'
import { type BlockFork, type ChainConfig, isBlockFork } from './config.ts'

const MINIMUM_DIFFICULTY = 131_072n
const BOUND_DIVISOR = 2048n
const BOMB_PERIOD = 100_000

/** By how many blocks each fork moved the bomb, youngest first (EIP-5133, 4345, 3554, 2384, 1234, 649). */
const BOMB_DELAYS: readonly (readonly [BlockFork, number])[] = [
  ['grayGlacierBlock', 11_400_000],
  ['arrowGlacierBlock', 10_700_000],
  ['londonBlock', 9_700_000],
  ['muirGlacierBlock', 9_000_000],
  ['constantinopleBlock', 5_000_000],
  ['byzantiumBlock', 3_000_000],
]

/** Of the block after `parent` with this time, in seconds. */
export function expectedDifficulty(config: ChainConfig, parent: Header, timestamp: number): bigint {
  const number = parent.number + 1
  const base = parent.difficulty + (parent.difficulty / BOUND_DIVISOR) * adjustment(config, parent, timestamp)
  const floored = base < MINIMUM_DIFFICULTY ? MINIMUM_DIFFICULTY : base
  const delay = BOMB_DELAYS.find(([fork]) => isBlockFork(config, fork, number))?.[1] ?? 0
  return floored + bomb(Math.max(0, number - delay))
}

/** In 2048ths of the parent's difficulty. */
function adjustment(config: ChainConfig, parent: Header, timestamp: number): bigint {
  const elapsed = timestamp - parent.timestamp
  const number = parent.number + 1
  if (!isBlockFork(config, 'homesteadBlock', number)) return elapsed < 13 ? 1n : -1n
  const byzantium = isBlockFork(config, 'byzantiumBlock', number)
  const steps = byzantium
    ? (equalBytes(parent.ommersHash, EMPTY_OMMERS_HASH) ? 1 : 2) - Math.floor(elapsed / 9)
    : 1 - Math.floor(elapsed / 10)
  return BigInt(Math.max(-99, steps))
}

function bomb(number: number): bigint {
  const periods = Math.floor(number / BOMB_PERIOD)
  return periods > 1 ? 1n << BigInt(periods - 2) : 0n
}
