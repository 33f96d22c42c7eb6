/**
 * Header rules: checks a header against its parent, by the rules of its fork.
 *
 * Everything that follows from header and parent alone is checked. The seal of proof of work, signatures of clique, and
 * results of execution (state root, gas used, requests) are not: a sync follows a head that a trusted source names.
 * @module
 */
import { bytesTo0x, equalBytes, utf8ToBytes } from '../../../base/bytes.ts'
import { ProtocolError } from '../../../base/errors.ts'
import { EMPTY_OMMERS_HASH, type Header, ZERO_HASH } from '../../types/index.ts'
import { blobParametersAt, type ChainConfig, isBlockFork, isTimeFork } from '../config/chain-config.ts'
import { expectedDifficulty } from './difficulty.ts'
import { ELASTICITY, expectedBaseFee, expectedExcessBlobGas, GAS_PER_BLOB } from './fees.ts'

const MIN_GAS_LIMIT = 5_000n
const MAX_GAS_LIMIT = 2n ** 63n - 1n
const GAS_LIMIT_DIVISOR = 1024n
const MAX_EXTRA_DATA_BYTES = 32
/** Extra data of clique without signers: 32 bytes of vanity and a signature of 65. */
const CLIQUE_EXTRA_DATA_BYTES = 97
/** Seconds that a block of proof of work may be ahead of the local clock. */
const MAX_FUTURE_SECONDS = 15
/** Extra data of the first blocks after the DAO fork (EIP-779); chains without the fork forbid it there. */
const DAO_EXTRA_DATA = utf8ToBytes('dao-hard-fork')
const DAO_EXTRA_DATA_BLOCKS = 10

export interface HeaderContext {
  /** Local time in seconds since 1970, compared with blocks of proof of work only. @default not compared */
  readonly unixTime?: number
}

/**
 * Checks a header. Throws `ProtocolError`: the code names the rule (`ERR_HEADER_…`), the message the expected value.
 */
export function verifyHeader(config: ChainConfig, parent: Header, header: Header, context: HeaderContext = {}): void {
  verifyLink(config, parent, header)
  verifyGas(config, parent, header)
  if (header.difficulty === 0n) verifyStake(config, header)
  else verifyWork(config, parent, header, context)
  verifyBaseFee(config, parent, header)
  verifyForkFields(config, header)
  verifyBlobGas(config, parent, header)
}

function verifyLink(config: ChainConfig, parent: Header, header: Header): void {
  if (header.number !== parent.number + 1) throw wrong('NUMBER', header, header.number, parent.number + 1)
  if (!equalBytes(header.parentHash, parent.hash)) throw wrong('PARENT', header, header.parentHash, parent.hash)
  const step = config.clique && header.difficulty > 0n ? config.cliquePeriod : 1
  const earliest = plus(parent.exactTimestamp, step)
  if (header.exactTimestamp < earliest) {
    throw wrong('TIMESTAMP', header, header.exactTimestamp, `at least ${earliest}`)
  }
}

function verifyGas(config: ChainConfig, parent: Header, header: Header): void {
  const { gasLimit, gasUsed } = header
  if (gasLimit > MAX_GAS_LIMIT) throw wrong('GAS_LIMIT', header, gasLimit, `at most ${MAX_GAS_LIMIT}`)
  if (gasUsed > gasLimit) throw wrong('GAS_USED', header, gasUsed, `at most ${gasLimit}`)
  const london = isBlockFork(config, 'londonBlock', header.number)
  const firstOfLondon = london && !isBlockFork(config, 'londonBlock', parent.number)
  const before = firstOfLondon ? parent.gasLimit * ELASTICITY : parent.gasLimit
  const step = before / GAS_LIMIT_DIVISOR
  const change = gasLimit > before ? gasLimit - before : before - gasLimit
  if (change >= step) throw wrong('GAS_LIMIT', header, gasLimit, `less than ${step} from ${before}`)
  if (gasLimit < MIN_GAS_LIMIT) throw wrong('GAS_LIMIT', header, gasLimit, `at least ${MIN_GAS_LIMIT}`)
}

function verifyStake(config: ChainConfig, header: Header): void {
  if (config.terminalTotalDifficulty === undefined)
    throw wrong('DIFFICULTY', header, 0, 'above 0: this chain has no proof of stake')
  if (header.extraData.length > MAX_EXTRA_DATA_BYTES) throw tooMuchExtraData(header)
  if (header.nonce.some((byte) => byte !== 0)) throw wrong('NONCE', header, header.nonce, '0')
  verifyNoOmmers(header)
}

function verifyNoOmmers(header: Header): void {
  if (equalBytes(header.ommersHash, EMPTY_OMMERS_HASH)) return
  throw wrong('OMMERS', header, header.ommersHash, EMPTY_OMMERS_HASH)
}

function verifyWork(config: ChainConfig, parent: Header, header: Header, { unixTime }: HeaderContext): void {
  if (parent.difficulty === 0n) throw wrong('DIFFICULTY', header, header.difficulty, '0 after the merge')
  if (isTimeFork(config, 'shanghaiTime', header.number, header.exactTimestamp)) {
    throw wrong('DIFFICULTY', header, header.difficulty, '0 since Shanghai')
  }
  if (unixTime !== undefined && header.exactTimestamp > unixTime + MAX_FUTURE_SECONDS) {
    throw wrong('FUTURE', header, header.exactTimestamp, `at most ${unixTime + MAX_FUTURE_SECONDS}`)
  }
  if (config.clique) return verifyClique(header)
  if (header.extraData.length > MAX_EXTRA_DATA_BYTES) throw tooMuchExtraData(header)
  verifyDaoExtraData(config, header)
  const expected = expectedDifficulty(config, parent, header.exactTimestamp)
  if (header.difficulty !== expected) throw wrong('DIFFICULTY', header, header.difficulty, expected)
}

function verifyDaoExtraData({ daoForkBlock, daoForkSupport }: ChainConfig, header: Header): void {
  if (daoForkBlock === undefined || header.number < daoForkBlock) return
  if (header.number >= plus(daoForkBlock, DAO_EXTRA_DATA_BLOCKS)) return
  if (equalBytes(header.extraData, DAO_EXTRA_DATA) === daoForkSupport) return
  throw wrong('EXTRA_DATA', header, header.extraData, daoForkSupport ? DAO_EXTRA_DATA : 'not dao-hard-fork')
}

function verifyClique(header: Header): void {
  const { length } = header.extraData
  if (length < CLIQUE_EXTRA_DATA_BYTES) throw wrong('EXTRA_DATA', header, `${length} bytes`, 'vanity and signature')
  if (header.difficulty > 2n) throw wrong('DIFFICULTY', header, header.difficulty, '1 or 2')
  const [vote] = header.nonce
  if ((vote !== 0x00 && vote !== 0xff) || header.nonce.some((byte) => byte !== vote)) {
    throw wrong('NONCE', header, header.nonce, 'all 00 or all ff')
  }
  if (!equalBytes(header.mixHash, ZERO_HASH)) throw wrong('MIX_HASH', header, header.mixHash, '0')
  verifyNoOmmers(header)
}

function verifyBaseFee(config: ChainConfig, parent: Header, header: Header): void {
  const { baseFeePerGas } = header
  const london = isBlockFork(config, 'londonBlock', header.number)
  const expected = london ? expectedBaseFee(config, parent) : undefined
  if (baseFeePerGas !== expected) throw wrong('BASE_FEE', header, baseFeePerGas, expected)
}

function verifyForkFields(config: ChainConfig, header: Header): void {
  const { number, exactTimestamp: timestamp } = header
  const since = (fork: Parameters<typeof isTimeFork>[1]): boolean => isTimeFork(config, fork, number, timestamp)
  const cancun = since('cancunTime')
  const amsterdam = since('amsterdamTime')
  verifyPresence('WITHDRAWALS_ROOT', header, header.withdrawalsRoot, since('shanghaiTime'))
  verifyPresence('BLOB_GAS_USED', header, header.blobGasUsed, cancun)
  verifyPresence('EXCESS_BLOB_GAS', header, header.excessBlobGas, cancun)
  verifyPresence('PARENT_BEACON_ROOT', header, header.parentBeaconBlockRoot, cancun)
  verifyPresence('REQUESTS_HASH', header, header.requestsHash, since('pragueTime'))
  verifyPresence('ACCESS_LIST_HASH', header, header.blockAccessListHash, amsterdam)
  verifyPresence('SLOT_NUMBER', header, header.slotNumber, amsterdam)
}

function verifyPresence(what: string, header: Header, value: unknown, expected: boolean): void {
  if ((value !== undefined) === expected) return
  throw wrong(what, header, value === undefined ? 'absent' : 'present', expected ? 'present' : 'absent')
}

function verifyBlobGas(config: ChainConfig, parent: Header, header: Header): void {
  const { blobGasUsed, excessBlobGas, number, exactTimestamp: timestamp } = header
  const parameters = blobParametersAt(config, timestamp)
  if (blobGasUsed === undefined || !parameters) return
  const max = BigInt(parameters.max) * GAS_PER_BLOB
  if (blobGasUsed > max) throw wrong('BLOB_GAS_USED', header, blobGasUsed, `at most ${max}`)
  if (blobGasUsed % GAS_PER_BLOB !== 0n)
    throw wrong('BLOB_GAS_USED', header, blobGasUsed, `a multiple of ${GAS_PER_BLOB}`)
  const expected = expectedExcessBlobGas(config, parent, number, timestamp)
  if (excessBlobGas !== expected) throw wrong('EXCESS_BLOB_GAS', header, excessBlobGas, expected)
}

function tooMuchExtraData(header: Header): ProtocolError {
  return wrong('EXTRA_DATA', header, `${header.extraData.length} bytes`, `at most ${MAX_EXTRA_DATA_BYTES}`)
}

function wrong(rule: string, header: Header, got: unknown, expected: unknown): ProtocolError {
  const name = rule.toLowerCase().replaceAll('_', ' ')
  const message = `header ${header.number}: ${name} is ${show(got)}, expected ${show(expected)}`
  const penalty = rule === 'FUTURE' ? 0 : 100 // the local clock may be slow
  return new ProtocolError(`ERR_HEADER_${rule}`, message, { penalty })
}

/** @returns the sum, exactly: a bigint if `value` is one. */
function plus(value: number | bigint, more: number): number | bigint {
  return typeof value === 'bigint' ? value + BigInt(more) : value + more
}

function show(value: unknown): string {
  if (value === undefined) return 'absent'
  return value instanceof Uint8Array ? bytesTo0x(value) : String(value)
}
