/**
 * A chain's configuration: the block or time from which each fork's rules apply. Read from the `config` of
 * go-ethereum's genesis.json, with the same names.
 * @module
 */
import { ConfigError } from '../../../base/errors.ts'
import { JsonReader, type Warnings } from './json-reader.ts'

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

/** Forks by time that add fields to the header, and the forks without which none of them can be. */
const FIELD_FORKS = ['shanghaiTime', 'cancunTime', 'pragueTime', 'amsterdamTime'] as const
const REQUIRED_FORKS = ['londonBlock', 'shanghaiTime'] as const

/** Forks that may change the blob schedule, youngest first: the first active one with an entry applies. */
const BLOB_FORKS = ['bpo5', 'bpo4', 'bpo3', 'bpo2', 'bpo1', 'prague', 'cancun'] as const

export type BlockFork = (typeof BLOCK_FORKS)[number]
export type TimeFork = (typeof TIME_FORKS)[number]
export type BlobFork = (typeof BLOB_FORKS)[number]

/** Block, or time in seconds: a number up to 2^53 - 1, a bigint above. The two compare with `<`, and never with `===`. */
export type ForkPoint = number | bigint

/** Fields of a config that go-ethereum reads, besides those read here. */
const OTHER_FIELDS = ['ethash']
/** Fields that older versions of go-ethereum read. */
const FORMER_FIELDS = ['eip150Hash', 'terminalTotalDifficultyPassed']
const MAX_UINT64 = 2n ** 64n - 1n
const MAX_INT64 = 2n ** 63n - 1n

/** Number of blobs, and the speed at which their price changes (EIP-7840). */
export interface BlobParameters {
  /** Number of blobs in a block above which their price rises. */
  readonly target: number
  /** Largest number of blobs in a block. */
  readonly max: number
  readonly baseFeeUpdateFraction: bigint
}

/** Configuration of a chain; a fork that is absent does not take place. */
export interface ChainConfig extends Readonly<Partial<Record<BlockFork | TimeFork, ForkPoint>>> {
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

/** Reads the `config` of a genesis: an object, or a reader of one. Throws `ConfigError` with the field at fault. */
export function parseChainConfig(json: unknown, warnings?: Warnings): ChainConfig {
  const reader = json instanceof JsonReader ? json : new JsonReader(json, 'config', warnings)
  const forks = readForks(reader)
  if (reader.optionalBoolean('enableUBTAtGenesis')) {
    throw reader.error('enableUBTAtGenesis', 'is true', 'only genesis states in a Merkle Patricia trie are supported')
  }
  for (const name of OTHER_FIELDS) reader.optionalObject(name)
  reader.optionalBytes('depositContractAddress', 20)
  const terminal = reader.optionalInteger('terminalTotalDifficulty')
  const config = {
    ...forks,
    chainId: reader.integer('chainId'),
    daoForkSupport: reader.optionalBoolean('daoForkSupport') ?? false,
    ...(terminal !== undefined && { terminalTotalDifficulty: terminal }),
    blobSchedule: parseBlobSchedule(reader),
    ...parseClique(reader.optionalObject('clique')),
    json: reader.toJson(),
  }
  reader.warnOfOthers(FORMER_FIELDS)
  return config
}

function readForks(reader: JsonReader): Forks {
  const forks: Forks = {}
  for (const fork of BLOCK_FORKS) setFork(forks, fork, reader.optionalInteger(fork))
  for (const fork of TIME_FORKS) setFork(forks, fork, reader.optionalInteger(fork, MAX_UINT64))
  checkOrder(forks, BLOCK_FORKS)
  checkOrder(forks, TIME_FORKS)
  checkMissing(reader, forks)
  return forks
}

function setFork(forks: Forks, fork: BlockFork | TimeFork, at: bigint | undefined): void {
  if (at !== undefined) forks[fork] = numberIfSafe(at)
}

function parseClique(clique: JsonReader | undefined): Pick<ChainConfig, 'clique' | 'cliquePeriod'> {
  const period = clique?.optionalPlainInteger('period', MAX_UINT64) ?? 0n
  clique?.optionalPlainInteger('epoch', MAX_UINT64)
  clique?.warnOfOthers()
  return { clique: clique !== undefined, cliquePeriod: Number(period) }
}

/** @returns a number up to 2^53 - 1, a bigint above. */
export function numberIfSafe(value: bigint): number | bigint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

/** @returns true if a fork by block number is active in this block. */
export function isBlockFork(config: ChainConfig, fork: BlockFork, number: number): boolean {
  const at = config[fork]
  return at !== undefined && number >= at
}

/** @returns true if a fork by time is active in a block of this time. Before London there are none. */
export function isTimeFork(config: ChainConfig, fork: TimeFork, number: number, timestamp: number | bigint): boolean {
  const at = config[fork]
  return at !== undefined && timestamp >= at && isBlockFork(config, 'londonBlock', number)
}

/** @returns the blob schedule in force at this time; undefined before Cancun. */
export function blobParametersAt(config: ChainConfig, timestamp: number | bigint): BlobParameters | undefined {
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
  entries?.warnOfOthers()
  return schedule
}

function parseBlobParameters(entry: JsonReader): BlobParameters {
  const baseFeeUpdateFraction = entry.optionalPlainInteger('baseFeeUpdateFraction', MAX_UINT64) ?? 0n
  if (baseFeeUpdateFraction === 0n) {
    throw entry.error('baseFeeUpdateFraction', 'is 0 or missing', 'copy it from EIP-7840')
  }
  const parameters = { target: blobsOf(entry, 'target'), max: blobsOf(entry, 'max'), baseFeeUpdateFraction }
  entry.warnOfOthers()
  return parameters
}

/** Reads a number of blobs. Above 2^47 none is reached: the gas of a block's blobs has 64 bits. */
function blobsOf(entry: JsonReader, name: string): number {
  const blobs = entry.optionalPlainInteger(name, MAX_INT64) ?? 0n
  return blobs > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(blobs)
}

type Forks = Partial<Record<BlockFork | TimeFork, ForkPoint>>

/** Checks that no fork comes before an older one, whose rules it would contradict. */
function checkOrder(forks: Forks, names: readonly (BlockFork | TimeFork)[]): void {
  let last: BlockFork | TimeFork | undefined
  for (const fork of names) {
    const at = forks[fork]
    if (at === undefined) continue
    if (last && (forks[last] as ForkPoint) > at) {
      throw new ConfigError(`config.${fork}`, `is before ${last}`, { hint: 'forks must be in order' })
    }
    last = fork
  }
}

/** Checks that a chain with such forks has London and Shanghai. Later ones may be left out, as in go-ethereum. */
function checkMissing(reader: JsonReader, forks: Forks): void {
  const last = FIELD_FORKS.findLast((fork) => forks[fork] !== undefined)
  const missing = REQUIRED_FORKS.find((fork) => forks[fork] === undefined)
  if (!last || !missing) return
  throw reader.error(missing, `is missing, but there is ${last}`, 'each fork builds on the one before')
}
