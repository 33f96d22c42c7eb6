/**
 * The genesis block, read from go-ethereum's genesis.json: its state root is computed from the accounts in the file.
 * @module
 */
import { bigintToBytes, bytesToBigint, bytesToHex, EMPTY_BYTES, hexToBytes } from '../../../base/bytes.ts'
import { ConfigError, describeError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import { keccak256, sha256 } from '../../../crypto/index.ts'
import {
  BlockBody,
  EMPTY_CODE_HASH,
  EMPTY_OMMERS_HASH,
  EMPTY_ROOT,
  Header,
  type HeaderFields,
  secureTrieRoot,
  ZERO_HASH,
} from '../../types/index.ts'
import { type ChainConfig, isBlockFork, isTimeFork, parseChainConfig } from './chain-config.ts'
import { JsonReader, parseJson } from './json-reader.ts'

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

/** Reads the text of a genesis.json. Throws `ConfigError` with the field at fault. */
export function parseGenesis(text: string): Genesis {
  let json: unknown
  try {
    json = parseJson(text)
  } catch (error) {
    throw new ConfigError('genesis', `is not JSON: ${describeError(error)}`, {
      hint: 'expected a genesis.json of go-ethereum',
    })
  }
  const reader = new JsonReader(json, 'genesis')
  const config = parseChainConfig(reader.object.config)
  return genesisOf(config, Header.from(headerFields(reader, config)))
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
    gasLimit: reader.optionalUint64('gasLimit') || DEFAULT_GAS_LIMIT,
    gasUsed: reader.optionalUint64('gasUsed') ?? 0n,
    timestamp,
    extraData: extraDataOf(reader, config),
    mixHash,
    nonce: nonceBytes(reader.optionalUint64('nonce') ?? 0n),
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
      blobGasUsed: reader.optionalUint64('blobGasUsed') ?? 0n,
      excessBlobGas: reader.optionalUint64('excessBlobGas') ?? 0n,
      parentBeaconBlockRoot: ZERO_HASH,
    }),
    ...(active('pragueTime') && { requestsHash: EMPTY_REQUESTS_HASH }),
    ...(amsterdam && {
      blockAccessListHash: EMPTY_ACCESS_LIST_HASH,
      slotNumber: reader.optionalUint64('slotNumber') ?? 0n,
    }),
  }
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

const accountCodec = rlp.struct({
  nonce: rlp.uint64,
  balance: rlp.uint,
  storageRoot: rlp.fixed(32),
  codeHash: rlp.fixed(32),
})

function stateRootOf(alloc: JsonReader | undefined): Uint8Array {
  if (!alloc) return EMPTY_ROOT
  return hashedRoot(alloc, addressBytes, (address) => {
    const account = alloc.optionalObject(address)
    if (!account) throw alloc.error(address, 'is null', 'an account is an object, with a balance')
    const code = account.optionalBytes('code')
    return accountCodec.encode({
      nonce: account.optionalUint64('nonce') ?? 0n,
      balance: account.optionalBigint('balance') ?? 0n,
      storageRoot: storageRootOf(account.optionalObject('storage')),
      codeHash: code && code.length > 0 ? keccak256(code) : EMPTY_CODE_HASH,
    })
  })
}

function storageRootOf(storage: JsonReader | undefined): Uint8Array {
  if (!storage) return EMPTY_ROOT
  return hashedRoot(storage, slotBytes, (slot) => {
    const value = bytesToBigint(wordBytes(storage, slot, storage.object[slot]))
    return value === 0n ? undefined : rlp.bytes.encode(bigintToBytes(value))
  })
}

/** Computes the root of the trie from the hash of each field's name to its value; names without a value are omitted. */
function hashedRoot(
  json: JsonReader,
  nameBytes: (json: JsonReader, name: string) => Uint8Array,
  encode: (name: string) => Uint8Array | undefined,
): Uint8Array {
  const entries = new Map<string, [Uint8Array, Uint8Array | undefined]>()
  for (const name of Object.keys(json.object)) {
    const key = keccak256(nameBytes(json, name))
    const id = bytesToHex(key)
    if (entries.has(id))
      throw json.error(name, 'is a duplicate', 'the same name is there with and without 0x, or in another case')
    entries.set(id, [key, encode(name)])
  }
  return secureTrieRoot([...entries.values()].filter((entry): entry is [Uint8Array, Uint8Array] => !!entry[1]))
}

function addressBytes(alloc: JsonReader, address: string): Uint8Array {
  if (!/^(0x)?[0-9a-fA-F]{40}$/.test(address)) throw alloc.error(address, 'is not an address', '40 hex digits')
  return hexToBytes(address)
}

function slotBytes(storage: JsonReader, slot: string): Uint8Array {
  return wordBytes(storage, slot, slot)
}

/** Decodes a slot or its value: hex, with or without 0x, so that `10` is sixteen. */
function wordBytes(storage: JsonReader, slot: string, hex: unknown): Uint8Array {
  if (typeof hex !== 'string' || !/^(0x)?[0-9a-fA-F]{0,64}$/.test(hex)) {
    throw storage.error(slot, 'is not a storage slot and its value', 'up to 64 hex digits each')
  }
  return hexToBytes(hex.replace(/^0x/, '').padStart(64, '0'))
}
