/**
 * The first block, from go-ethereum's genesis.json: its state root is computed from the accounts it lists.
 * @module
 */
import { bigintToBytes, EMPTY_BYTES, hexToBytes } from '../../base/bytes.ts'
import { ConfigError, describeError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { keccak256, sha256 } from '../../crypto/index.ts'
import {
  BlockBody,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  Header,
  type HeaderFields,
  secureTrieRoot,
  ZERO_HASH,
} from '../types/index.ts'
import { type ChainConfig, isBlockFork, isTimeFork, parseChainConfig } from './config.ts'
import { JsonReader } from './json-reader.ts'

/** In wei; EIP-1559's `INITIAL_BASE_FEE`. */
export const INITIAL_BASE_FEE = 1_000_000_000n
const DEFAULT_GAS_LIMIT = 4_712_388n
const DEFAULT_DIFFICULTY = 131_072n
const EMPTY_LIST = Uint8Array.of(0xc0)

/** EIP-7685: of no requests at all. */
const EMPTY_REQUESTS_HASH = sha256()
/** EIP-7928: of an empty list. */
const EMPTY_ACCESS_LIST_HASH = keccak256(EMPTY_LIST)

export interface Genesis {
  readonly config: ChainConfig
  readonly header: Header
  readonly body: BlockBody
  /** 32 bytes. */
  readonly hash: Uint8Array
  /** Fields of the file that make the chain: config and header, without the accounts; `genesisFromFields` reads it. */
  readonly json: GenesisJson
}

/** What a datadir keeps, so that it opens without the file. */
export interface GenesisJson {
  readonly config: Readonly<Record<string, unknown>>
  /** The header's RLP, hex. */
  readonly header: string
}

/** Reads the text of a genesis.json. Throws a `ConfigError` that names the field at fault. */
export function parseGenesis(text: string): Genesis {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new ConfigError('genesis', `is not JSON: ${describeError(error)}`, {
      hint: 'expected a genesis.json of go-ethereum',
    })
  }
  const reader = new JsonReader(json, 'genesis')
  const config = parseChainConfig(reader.object.config)
  return genesisOf(config, Header.from(headerFields(reader, config)))
}

/** A genesis whose header is known, such as a public network's. */
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

/** From what a datadir kept. Throws `ConfigError` or `CodecError` when that is damaged. */
export function genesisFromJson(json: GenesisJson): Genesis {
  return genesisOf(parseChainConfig(json.config), Header.decode(hexToBytes(json.header)))
}

function headerFields(reader: JsonReader, config: ChainConfig): HeaderFields {
  const number = reader.optionalNumber('number') ?? 0
  if (number !== 0) throw reader.error('number', `is ${number}`, 'a genesis block has number 0')
  const timestamp = reader.optionalNumber('timestamp') ?? 0
  const mixHash = reader.optionalBytes('mixHash', 32) ?? reader.optionalBytes('mixhash', 32) ?? ZERO_HASH
  const defaultDifficulty = reader.optionalObject('config')?.has('ethash') ? DEFAULT_DIFFICULTY : 0n
  return {
    parentHash: reader.optionalBytes('parentHash', 32) ?? ZERO_HASH,
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: reader.optionalBytes('coinbase', 20) ?? new Uint8Array(20),
    stateRoot: stateRootOf(reader.optionalObject('alloc')),
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: reader.optionalBigint('difficulty') ?? defaultDifficulty,
    number,
    gasLimit: reader.optionalBigint('gasLimit') || DEFAULT_GAS_LIMIT,
    gasUsed: reader.optionalBigint('gasUsed') ?? 0n,
    timestamp,
    extraData: reader.optionalBytes('extraData') ?? EMPTY_BYTES,
    mixHash,
    nonce: nonceBytes(reader.optionalBigint('nonce') ?? 0n),
    ...forkFields(reader, config, timestamp),
  }
}

function forkFields(reader: JsonReader, config: ChainConfig, timestamp: number): Partial<HeaderFields> {
  const active = (fork: Parameters<typeof isTimeFork>[1]): boolean => isTimeFork(config, fork, 0, timestamp)
  const amsterdam = active('amsterdamTime')
  return {
    ...(isBlockFork(config, 'londonBlock', 0) && {
      baseFeePerGas: reader.optionalBigint('baseFeePerGas') ?? INITIAL_BASE_FEE,
    }),
    ...(active('shanghaiTime') && { withdrawalsRoot: EMPTY_ROOT }),
    ...(active('cancunTime') && {
      blobGasUsed: reader.optionalBigint('blobGasUsed') ?? 0n,
      excessBlobGas: reader.optionalBigint('excessBlobGas') ?? 0n,
      parentBeaconBlockRoot: ZERO_HASH,
    }),
    ...(active('pragueTime') && { requestsHash: EMPTY_REQUESTS_HASH }),
    ...(amsterdam && {
      blockAccessListHash: EMPTY_ACCESS_LIST_HASH,
      slotNumber: reader.optionalBigint('slotNumber') ?? 0n,
    }),
  }
}

function nonceBytes(nonce: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, nonce)
  return bytes
}

const accountCodec = rlp.struct({
  nonce: rlp.uint64,
  balance: rlp.uint,
  storageRoot: rlp.fixed(32),
  codeHash: rlp.fixed(32),
})

function stateRootOf(alloc: JsonReader | undefined): Uint8Array {
  if (!alloc) return EMPTY_ROOT
  const accounts = Object.keys(alloc.object).map((address): [Uint8Array, Uint8Array] => {
    const account = alloc.optionalObject(address) as JsonReader
    const code = account.optionalBytes('code')
    const value = accountCodec.encode({
      nonce: account.optionalBigint('nonce') ?? 0n,
      balance: account.optionalBigint('balance') ?? 0n,
      storageRoot: storageRootOf(account.optionalObject('storage')),
      codeHash: code && code.length > 0 ? keccak256(code) : EMPTY_CODE_HASH,
    })
    return [keccak256(addressBytes(alloc, address)), value]
  })
  return secureTrieRoot(accounts)
}

function storageRootOf(storage: JsonReader | undefined): Uint8Array {
  if (!storage) return EMPTY_ROOT
  const slots = Object.keys(storage.object).flatMap((slot): [Uint8Array, Uint8Array][] => {
    const value = storage.optionalBigint(slot) ?? 0n
    if (value === 0n) return []
    return [[keccak256(slotBytes(storage, slot)), rlp.bytes.encode(bigintToBytes(value))]]
  })
  return slots.length === 0 ? EMPTY_ROOT : secureTrieRoot(slots)
}

function addressBytes(alloc: JsonReader, address: string): Uint8Array {
  if (!/^(0x)?[0-9a-fA-F]{40}$/.test(address)) throw alloc.error(address, 'is not an address', '40 hex digits')
  return hexToBytes(address)
}

function slotBytes(storage: JsonReader, slot: string): Uint8Array {
  if (!/^(0x)?[0-9a-fA-F]{1,64}$/.test(slot)) throw storage.error(slot, 'is not a storage slot', 'up to 64 hex digits')
  return hexToBytes(slot.replace(/^0x/, '').padStart(64, '0'))
}
