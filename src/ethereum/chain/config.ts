/**
 * A chain's configuration: which rules hold from which block or time on. Read from the `config` of go-ethereum's
 * genesis.json, under the names it has there.
 * @module
 */
import { ConfigError } from '../../base/errors.ts'
import { JsonReader } from './json-reader.ts'

/** Forks by block number, in order of their field in go-ethereum's `params.ChainConfig`. */
export const BLOCK_FORKS = [
  'homesteadBlock',
  'daoForkBlock',
  'eip150Block',
  'eip155Block',
  'eip158Block',
  'byzantiumBlock',
  'constantinopleBlock',
  'petersburgBlock',
  'istanbulBlock',
  'muirGlacierBlock',
  'berlinBlock',
  'londonBlock',
  'arrowGlacierBlock',
  'grayGlacierBlock',
  'mergeNetsplitBlock',
] as const

/** Forks by time, in seconds since 1970, oldest first. */
export const TIME_FORKS = [
  'shanghaiTime',
  'cancunTime',
  'pragueTime',
  'osakaTime',
  'bpo1Time',
  'bpo2Time',
  'bpo3Time',
  'bpo4Time',
  'bpo5Time',
  'amsterdamTime',
  'bogotaTime',
] as const

/** Forks that may change the blob schedule, youngest first: the first one that is active and has an entry counts. */
const BLOB_FORKS = ['bpo5', 'bpo4', 'bpo3', 'bpo2', 'bpo1', 'prague', 'cancun'] as const

export type BlockFork = (typeof BLOCK_FORKS)[number]
export type TimeFork = (typeof TIME_FORKS)[number]
export type BlobFork = (typeof BLOB_FORKS)[number]

/** EIP-7840: how many blobs, and how fast their price moves. */
export interface BlobParameters {
  /** Blobs a block. */
  readonly target: number
  /** Blobs a block. */
  readonly max: number
  readonly baseFeeUpdateFraction: bigint
}

/** A fork that is absent does not take place. */
export interface ChainConfig extends Readonly<Partial<Record<BlockFork | TimeFork, number>>> {
  readonly chainId: bigint
  readonly daoForkSupport: boolean
  /** Total difficulty at which proof of stake takes over; absent on chains that never do. */
  readonly terminalTotalDifficulty?: bigint
  readonly blobSchedule: Readonly<Partial<Record<BlobFork, BlobParameters>>>
  /** Proof of authority, with its signers in the extra data. */
  readonly clique: boolean
  /** As it was read: what `nodeInfo` shows. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Throws a `ConfigError` that names the field at fault. */
export function parseChainConfig(json: unknown): ChainConfig {
  const reader = new JsonReader(json, 'config')
  const forks: Partial<Record<BlockFork | TimeFork, number>> = {}
  for (const fork of [...BLOCK_FORKS, ...TIME_FORKS]) {
    const at = reader.optionalNumber(fork)
    if (at !== undefined) forks[fork] = at
  }
  checkOrder(forks)
  const terminal = reader.optionalBigint('terminalTotalDifficulty')
  return {
    ...forks,
    chainId: reader.bigint('chainId'),
    daoForkSupport: reader.optionalBoolean('daoForkSupport') ?? false,
    ...(terminal !== undefined && { terminalTotalDifficulty: terminal }),
    blobSchedule: parseBlobSchedule(reader),
    clique: reader.has('clique'),
    json: reader.object,
  }
}

/** Whether a fork by block number is active in this block. */
export function isBlockFork(config: ChainConfig, fork: BlockFork, number: number): boolean {
  const at = config[fork]
  return at !== undefined && number >= at
}

/** Whether a fork by time is active in a block of this time. Before London there are none. */
export function isTimeFork(config: ChainConfig, fork: TimeFork, number: number, timestamp: number): boolean {
  const at = config[fork]
  return at !== undefined && timestamp >= at && isBlockFork(config, 'londonBlock', number)
}

/** The blob schedule in force in a block of this time; undefined before Cancun. */
export function blobParametersAt(config: ChainConfig, timestamp: number): BlobParameters | undefined {
  for (const fork of BLOB_FORKS) {
    const at = config[`${fork}Time`]
    const parameters = config.blobSchedule[fork]
    if (parameters && at !== undefined && timestamp >= at) return parameters
  }
  return undefined
}

function parseBlobSchedule(reader: JsonReader): ChainConfig['blobSchedule'] {
  const schedule: Partial<Record<BlobFork, BlobParameters>> = {}
  const entries = reader.optionalObject('blobSchedule')
  for (const fork of BLOB_FORKS) {
    const entry = entries?.optionalObject(fork)
    if (!entry) continue
    const max = entry.number('max')
    if (max === 0) throw entry.error('max', 'is 0', 'a block must be able to hold a blob')
    const baseFeeUpdateFraction = entry.bigint('baseFeeUpdateFraction')
    if (baseFeeUpdateFraction === 0n) throw entry.error('baseFeeUpdateFraction', 'is 0', 'copy it from EIP-7840')
    schedule[fork] = { target: entry.number('target'), max, baseFeeUpdateFraction }
  }
  if (reader.has('cancunTime') && !schedule.cancun) {
    throw reader.error('blobSchedule', 'has no entry "cancun"', 'a chain with cancunTime needs one: target, max, …')
  }
  return schedule
}

/** A fork by time must not come before an older one: the rules would contradict each other. */
function checkOrder(forks: Partial<Record<BlockFork | TimeFork, number>>): void {
  let last: TimeFork | undefined
  for (const fork of TIME_FORKS) {
    const at = forks[fork]
    if (at === undefined) continue
    if (last && (forks[last] as number) > at) {
      throw new ConfigError(`config.${fork}`, `is before ${last}`, { hint: 'forks must be in order' })
    }
    last = fork
  }
}
