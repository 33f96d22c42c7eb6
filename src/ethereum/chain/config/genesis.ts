/**
 * The genesis block, read from go-ethereum's genesis.json: its state root is computed from the accounts in the file.
 * @module
 */
import { EMPTY_BYTES, hexToBytes } from '../../../base/bytes.ts'
import { ConfigError, describeError } from '../../../base/errors.ts'
import { keccak256, sha256 } from '../../../crypto/index.ts'
import { BlockBody, EMPTY_OMMERS_HASH, EMPTY_ROOT, Header, type HeaderFields, ZERO_HASH } from '../../types/index.ts'
import { type ChainConfig, isBlockFork, isTimeFork, numberIfSafe, parseChainConfig } from './chain-config.ts'
import { stateRootOf } from './genesis-state.ts'
import { type GenesisWarning, JsonReader, Warnings } from './json-reader.ts'
import { type JsonText, parseJson } from './json-text.ts'

/** Wei. Source: EIP-1559, `INITIAL_BASE_FEE`. */
export const INITIAL_BASE_FEE = 1_000_000_000n
const DEFAULT_GAS_LIMIT = 4_712_388n
const DEFAULT_DIFFICULTY = 131_072n
const EMPTY_LIST = Uint8Array.of(0xc0)
/** Limit of a header's extra data; clique's signers need the room. */
const MAX_EXTRA_DATA_BYTES = 100 * 1024
/** Extra data of clique without signers: 32 bytes of vanity and a signature of 65. */
const MIN_CLIQUE_EXTRA_DATA_BYTES = 97

/** Hash of an empty list of requests (EIP-7685). */
const EMPTY_REQUESTS_HASH = sha256()
/** Hash of an empty block access list (EIP-7928). */
const EMPTY_ACCESS_LIST_HASH = keccak256(EMPTY_LIST)

export interface Genesis {
  readonly config: ChainConfig
  readonly header: Header
  readonly body: BlockBody
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** Config and header, without the accounts; `genesisFromJson` reads it. */
  readonly json: GenesisJson
}

/** The form in which a data directory keeps a genesis, so that it opens without the file. */
export interface GenesisJson {
  readonly config: Readonly<Record<string, unknown>>
  /** The header's RLP, hex. */
  readonly header: string
}

export interface GenesisReadOptions {
  /** Receives doubts about a file that is accepted, at most 100: an unknown field above all. */
  readonly onWarning?: ((warning: GenesisWarning) => void) | undefined
}

/**
 * Reads the text of a genesis.json by the rules of go-ethereum. Throws `ConfigError` with the field at fault. Fields of
 * unknown names are passed over, which `onWarning` hears.
 */
export function parseGenesis(text: string, { onWarning }: GenesisReadOptions = {}): Genesis {
  const { value, hasRest } = parseText(text)
  const warnings = new Warnings(onWarning)
  const reader = new JsonReader(value, 'genesis', warnings)
  if (hasRest) warnings.add('Unexpected text', 'genesis', () => 'what follows the closing brace is passed over')
  const configReader = reader.optionalObject('config', 'config')
  if (!configReader) throw new ConfigError('config', 'is missing', { hint: 'see a genesis.json of go-ethereum' })
  const config = parseChainConfig(configReader)
  const header = Header.from(headerFields(reader, config, configReader.has('ethash')))
  reader.warnOfOthers()
  return genesisOf(config, header)
}

function parseText(text: string): JsonText {
  try {
    return parseJson(text)
  } catch (error) {
    throw new ConfigError('genesis', `is not JSON: ${describeError(error)}`, {
      hint: 'expected a genesis.json of go-ethereum',
    })
  }
}

/** Makes a genesis of a known header, such as a public network's. */
export function genesisOf(config: ChainConfig, header: Header): Genesis {
  const withdrawals = header.withdrawalsRoot ? [] : undefined
  const body = BlockBody.from({ transactions: [], withdrawals })
  return {
    config,
    header,
    body,
    hash: header.hash,
    json: { config: config.json, header: Buffer.from(header.raw).toString('hex') },
  }
}

/** Reads the genesis that a data directory keeps. Throws `ConfigError` or `CodecError` if it is damaged. */
export function genesisFromJson(json: GenesisJson): Genesis {
  return genesisOf(parseChainConfig(json.config), Header.decode(hexToBytes(json.header)))
}

function headerFields(reader: JsonReader, config: ChainConfig, isEthash: boolean): HeaderFields {
  const number = reader.optionalUint64('number') ?? 0n
  if (number !== 0n) throw reader.error('number', `is ${number}`, 'a genesis block has number 0')
  const timestamp = numberIfSafe(reader.optionalUint64('timestamp') ?? 0n)
  return {
    parentHash: reader.optionalBytes('parentHash', 32) ?? ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: reader.optionalBytes('coinbase', 20) ?? new Uint8Array(20),
    stateRoot: stateRootOf(reader.optionalObject('alloc')),
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: reader.optionalBigint('difficulty') ?? (isEthash ? DEFAULT_DIFFICULTY : 0n),
    number: 0,
    gasLimit: reader.optionalUint64('gasLimit') || DEFAULT_GAS_LIMIT,
    gasUsed: reader.optionalUint64('gasUsed') ?? 0n,
    timestamp,
    extraData: extraDataOf(reader, config),
    mixHash: reader.optionalBytes('mixHash', 32) ?? ZERO_HASH,
    nonce: nonceBytes(reader.optionalUint64('nonce') ?? 0n),
    ...forkFields(reader, config, timestamp),
  }
}

/** Forks that add fields to the header, each after those of the fork before it. */
const FIELD_FORKS = ['shanghaiTime', 'cancunTime', 'pragueTime', 'amsterdamTime'] as const

/**
 * Reads the fields that forks added. As in go-ethereum the base fee and the excess blob gas of a file are in the header
 * before their fork, too, and the blob gas used is not.
 */
function forkFields(reader: JsonReader, config: ChainConfig, timestamp: number | bigint): Partial<HeaderFields> {
  const [shanghai, cancun, prague, amsterdam] = FIELD_FORKS.map((fork) => isTimeFork(config, fork, 0, timestamp))
  checkHoles(config, timestamp)
  const london = isBlockFork(config, 'londonBlock', 0)
  const baseFeePerGas = reader.optionalBigint('baseFeePerGas') ?? (london ? INITIAL_BASE_FEE : undefined)
  const blobGasUsed = reader.optionalUint64('blobGasUsed') ?? 0n
  const slotNumber = reader.optionalUint64('slotNumber') ?? 0n
  return {
    ...(baseFeePerGas !== undefined && { baseFeePerGas }),
    ...(shanghai && { withdrawalsRoot: EMPTY_ROOT }),
    ...(cancun ? { excessBlobGas: 0n, blobGasUsed, parentBeaconBlockRoot: ZERO_HASH } : undefined),
    ...excessOf(reader, shanghai === true, cancun === true),
    ...(prague && { requestsHash: EMPTY_REQUESTS_HASH }),
    ...(amsterdam && { blockAccessListHash: EMPTY_ACCESS_LIST_HASH, slotNumber }),
  }
}

function excessOf(reader: JsonReader, shanghai: boolean, cancun: boolean): Partial<HeaderFields> {
  const excessBlobGas = reader.optionalUint64('excessBlobGas')
  if (excessBlobGas === undefined || cancun) return excessBlobGas === undefined ? {} : { excessBlobGas }
  if (!shanghai) {
    throw reader.error('excessBlobGas', 'is there before Shanghai', 'go-ethereum cannot read back such a block either')
  }
  reader.warnings.add('Early field', 'genesis.excessBlobGas', () => 'Cancun is not active in the genesis block')
  return { blobGasUsed: 0n, excessBlobGas }
}

/** Checks that a fork which is active in the genesis block has the fields before its own: a header has no holes. */
function checkHoles(config: ChainConfig, timestamp: number | bigint): void {
  const active = FIELD_FORKS.map((fork) => isTimeFork(config, fork, 0, timestamp))
  const missing = FIELD_FORKS[active.indexOf(false)]
  const last = FIELD_FORKS[active.lastIndexOf(true)]
  if (!missing || !last || FIELD_FORKS.indexOf(missing) > FIELD_FORKS.indexOf(last)) return
  throw new ConfigError(`config.${missing}`, `is missing, but there is ${last}`, {
    hint: 'a genesis block with the fields of a fork has those of the forks before it',
  })
}

function extraDataOf(reader: JsonReader, config: ChainConfig): Uint8Array {
  const bytes = reader.optionalBytes('extraData') ?? EMPTY_BYTES
  if (bytes.length > MAX_EXTRA_DATA_BYTES) throw reader.error('extraData', 'is too long', 'at most 100 KiB')
  if (config.clique && bytes.length < MIN_CLIQUE_EXTRA_DATA_BYTES) {
    throw reader.error('extraData', 'has no signers', 'a clique chain needs 32 bytes, its signers, and 65 bytes')
  }
  return bytes
}

function nonceBytes(nonce: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, nonce)
  return bytes
}
