/**
 * The genesis in the database: written at the first opening, compared with the expected one at every later one.
 * @module
 */
import { bigintToBytes, bytesTo0x, equalBytes, utf8ToBytes } from '../../../base/bytes.ts'
import { describeError, StorageError } from '../../../base/errors.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { type Genesis, type GenesisJson, genesisFromJson } from '../config/genesis.ts'
import {
  blockKey,
  canonicalKey,
  encodeNumber,
  metaKey,
  numberOfKey,
  Prefix,
  SCHEMA_VERSION,
  SCHEMA_WITHOUT_INDEX,
} from './schema.ts'

const decoder = new TextDecoder()

/** @returns the genesis of the chain in the store, which is created if the store is empty. Throws `StorageError`. */
export async function openGenesis(store: KeyValueStore, wanted: Genesis | undefined): Promise<Genesis> {
  const schema = store.get(metaKey('schema'))
  if (!schema) return createChain(store, wanted)
  const version = decoder.decode(schema)
  if (version !== SCHEMA_VERSION && version !== SCHEMA_WITHOUT_INDEX) {
    throw foreign(`has schema ${JSON.stringify(version)}, this version of peerloom reads ${SCHEMA_VERSION}`)
  }
  const stored = readGenesis(store)
  if (wanted && !equalBytes(wanted.hash, stored.hash)) {
    const hashes = `it has genesis ${bytesTo0x(stored.hash)}, not ${bytesTo0x(wanted.hash)}`
    throw new StorageError('ERR_CHAIN_MISMATCH', '', `the database holds another chain: ${hashes}`)
  }
  // The chain id is not part of the genesis block, so equal hashes do not show it.
  if (wanted && wanted.config.chainId !== stored.config.chainId) {
    const ids = `it has chain id ${stored.config.chainId}, not ${wanted.config.chainId}`
    throw new StorageError('ERR_CHAIN_MISMATCH', '', `the database holds another chain: ${ids}`)
  }
  const operations = version === SCHEMA_VERSION ? [] : [schemaOperation()]
  if (wanted) operations.push(configOperation(wanted)) // future forks may have been added
  if (operations.length > 0) await store.write(operations)
  return wanted ?? stored
}

async function createChain(store: KeyValueStore, genesis: Genesis | undefined): Promise<Genesis> {
  for await (const _ of store.iterate({ limit: 1, keysOnly: true })) throw foreign('contains other data than a chain')
  if (!genesis) throw new StorageError('ERR_CHAIN_MISSING', '', 'the database is empty and needs a genesis')
  const { hash, header, body } = genesis
  const put = (key: Uint8Array, value: Uint8Array): Operation => ({ type: 'put', key, value })
  await store.write([
    schemaOperation(),
    configOperation(genesis),
    put(metaKey('head'), hash),
    put(metaKey('receipts'), encodeNumber(0)),
    put(metaKey('transactions'), encodeNumber(0)),
    put(canonicalKey(0), hash),
    put(numberOfKey(hash), encodeNumber(0)),
    put(blockKey(Prefix.Header, 0, hash), header.raw),
    put(blockKey(Prefix.Body, 0, hash), body.raw),
    put(blockKey(Prefix.Receipts, 0, hash), Uint8Array.of(0xc0)),
    put(blockKey(Prefix.TotalDifficulty, 0, hash), bigintToBytes(header.difficulty)),
  ])
  return genesis
}

function schemaOperation(): Operation {
  return { type: 'put', key: metaKey('schema'), value: utf8ToBytes(SCHEMA_VERSION) }
}

function configOperation(genesis: Genesis): Operation {
  return { type: 'put', key: metaKey('genesis'), value: utf8ToBytes(JSON.stringify(genesis.json)) }
}

function readGenesis(store: KeyValueStore): Genesis {
  try {
    return genesisFromJson(JSON.parse(decoder.decode(store.get(metaKey('genesis')))) as GenesisJson)
  } catch (error) {
    throw new StorageError('ERR_STORAGE_CORRUPT', '', `the genesis in the database: ${describeError(error)}`, {
      cause: error,
    })
  }
}

function foreign(what: string): StorageError {
  return new StorageError('ERR_STORAGE_FOREIGN', '', `the database ${what}`)
}
