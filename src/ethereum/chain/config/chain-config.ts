/**
 * A chain's configuration: the block or time from which each fork's rules apply. Read from the `config` of
 * go-ethereum's genesis.json, with the same names.
 * @module
 */
import { ConfigError } from '../../../base/errors.ts'
import { JsonReader } from './json-reader.ts'

/** Forks by block number, in the order of go-ethereum's `params.ChainConfig`. */
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
  'ubtTime',
  'bpo1Time',
  'bpo2Time',
  'bpo3Time',
  'bpo4Time',
  'bpo5Time',
  'amsterdamTime',
  'bogotaTime',
] as const

/** Forks that add fields to the header, each after the fields of the fork before it. */
const FIELD_FORKS = ['londonBlock', 'shanghaiTime', 'cancunTime', 'pragueTime', 'amsterdamTime'] as const

/** Forks that may change the blob schedule, youngest first: the first active one with an entry applies. */
const BLOB_FORKS = ['bpo5', 'bpo4', 'bpo3', 'bpo2', 'bpo1', 'prague', 'cancun'] as const

export type BlockFork = (typeof BLOCK_FORKS)[number]
export type TimeFork = (typeof TIME_FORKS)[number]
export type BlobFork = (typeof BLOB_FORKS)[number]

/** Number of blobs, and the speed at which their price changes (EIP-7840). */
export interface BlobParameters {
  /** Number of blobs in a block above which their price rises. */
  readonly target: number
  /** Largest number of blobs in a block. */
  readonly max: number
  readonly baseFeeUpdateFraction: bigint
}

/** Configuration of a chain; a fork that is absent does not take place. */
export interface ChainConfig extends Readonly<Partial<Record<BlockFork | TimeFork, number>>> {
  readonly chainId: bigint
  readonly daoForkSupport: boolean
  /** Total difficulty at which proof of stake takes over; absent on chains that never do. */
  readonly terminalTotalDifficulty?: bigint
  readonly blobSchedule: Readonly<Partial<Record<BlobFork, BlobParameters>>>
  /** True if the chain is one of proof of authority, with its signers in the extra data. */
  readonly clique: boolean
  /** Least seconds between blocks of clique; 0 on other chains. */
  readonly cliquePeriod: number
  /** The JSON it was read from: shown by `nodeInfo`. */
  readonly json: Readonly<Record<string, unknown>>
}

/** Reads the `config` of a genesis. Throws `ConfigError` with the field at fault. */
export function parseChainConfig(json: unknown): ChainConfig {
  const reader = new JsonReader(json, 'config')
  const forks: Partial<Record<BlockFork | TimeFork, number>> = {}
  for (const fork of [...BLOCK_FORKS, ...TIME_FORKS]) {
    const at = reader.optionalNumber(fork)
    if (at !== undefined) forks[fork] = at
  }
  checkOrder(forks, BLOCK_FORKS)
  checkOrder(forks, TIME_FORKS)
  checkFieldForks(reader, forks)
  if (reader.optionalBoolean('enableUBTAtGenesis')) {
    throw reader.error('enableUBTAtGenesis', 'is true', 'only genesis states in a Merkle Patricia trie are supported')
  }
  const terminal = reader.optionalBigint('terminalTotalDifficulty')
  const clique = reader.optionalObject('clique')
  return {
    ...forks,
    chainId: reader.bigint('chainId'),
    daoForkSupport: reader.optionalBoolean('daoForkSupport') ?? false,
    ...(terminal !== undefined && { terminalTotalDifficulty: terminal }),
    blobSchedule: parseBlobSchedule(reader),
    clique: clique !== undefined,
    cliquePeriod: clique?.optionalNumber('period') ?? 0,
    json: reader.object,
  }
}

/** @returns true if a fork by block number is active in this block. */
export function isBlockFork(config: ChainConfig, fork: BlockFork, number: number): boolean {
  const at = config[fork]
  return at !== undefined && number >= at
}

/** @returns true if a fork by time is active in a block of this time. Before London there are none. */
export function isTimeFork(config: ChainConfig, fork: TimeFork, number: number, timestamp: number): boolean {
  const at = config[fork]
  return at !== undefined && timestamp >= at && isBlockFork(config, 'londonBlock', number)
}

/** @returns the blob schedule in force at this time; undefined before Cancun. */
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
    if (entry) schedule[fork] = parseBlobParameters(entry)
    else if (reader.has(`${fork}Time`)) {
      const hint = `a chain with ${fork}Time needs one: target, max, baseFeeUpdateFraction`
      throw reader.error('blobSchedule', `has no entry "${fork}"`, hint)
    }
  }
  return schedule
}

function parseBlobParameters(entry: JsonReader): BlobParameters {
  const max = entry.number('max')
  if (max === 0) throw entry.error('max', 'is 0', 'a block must be able to hold a blob')
  const target = entry.number('target')
  if (target > max) throw entry.error('target', `is above max, ${max}`, 'copy both from EIP-7840')
  const baseFeeUpdateFraction = entry.bigint('baseFeeUpdateFraction')
  if (baseFeeUpdateFraction === 0n) throw entry.error('baseFeeUpdateFraction', 'is 0', 'copy it from EIP-7840')
  return { target, max, baseFeeUpdateFraction }
}

type Forks = Partial<Record<BlockFork | TimeFork, number>>

/** Checks that no fork comes before an older one, whose rules it would contradict. */
function checkOrder(forks: Forks, names: readonly (BlockFork | TimeFork)[]): void {
  let last: BlockFork | TimeFork | undefined
  for (const fork of names) {
    const at = forks[fork]
    if (at === undefined) continue
    if (last && (forks[last] as number) > at) {
      throw new ConfigError(`config.${fork}`, `is before ${last}`, { hint: 'forks must be in order' })
    }
    last = fork
  }
}

function checkFieldForks(reader: JsonReader, forks: Forks): void {
  const last = FIELD_FORKS.findLast((fork) => forks[fork] !== undefined)
  const missing = FIELD_FORKS.find((fork) => forks[fork] === undefined)
  if (!last || !missing || FIELD_FORKS.indexOf(missing) > FIELD_FORKS.indexOf(last)) return
  throw reader.error(missing, `is missing, but there is ${last}`, 'each fork builds on the one before')
}
