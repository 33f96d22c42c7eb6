/**
 * The state root of a genesis, computed from the accounts in go-ethereum's genesis.json.
 * @module
 */
import { bigintToBytes, bytesToBigint, bytesToHex, hexToBytes } from '../../../base/bytes.ts'
import { rlp } from '../../../codec/index.ts'
import { keccak256 } from '../../../crypto/index.ts'
import { EMPTY_CODE_HASH, EMPTY_ROOT, secureTrieRoot } from '../../types/index.ts'
import { JsonReader } from './json-reader.ts'
import type { JsonValue } from './json-text.ts'

const accountCodec = rlp.struct({
  nonce: rlp.uint64,
  balance: rlp.uint,
  storageRoot: rlp.fixed(32),
  codeHash: rlp.fixed(32),
})

/** Computes the state root of the accounts of `alloc`. Throws `ConfigError` with the field at fault. */
export function stateRootOf(alloc: JsonReader | undefined): Uint8Array {
  if (!alloc) return EMPTY_ROOT
  return hashedRoot(alloc, addressBytes, (address, value) => {
    if (value === null) throw alloc.error(address, 'is null', 'an account is an object, with a balance')
    const account = new JsonReader(value, `${alloc.path}.${address}`, alloc.warnings)
    const code = account.optionalBytes('code')
    const encoded = accountCodec.encode({
      nonce: account.optionalUint64('nonce') ?? 0n,
      balance: account.optionalBigint('balance') ?? 0n,
      storageRoot: storageRootOf(account.optionalObject('storage')),
      codeHash: code && code.length > 0 ? keccak256(code) : EMPTY_CODE_HASH,
    })
    account.warnOfOthers()
    return encoded
  })
}

function storageRootOf(storage: JsonReader | undefined): Uint8Array {
  if (!storage) return EMPTY_ROOT
  return hashedRoot(storage, slotBytes, (slot, value) => {
    const number = bytesToBigint(wordBytes(storage, slot, value ?? ''))
    return number === 0n ? undefined : rlp.bytes.encode(bigintToBytes(number))
  })
}

/**
 * Computes the root of the trie from the hash of each field's name to its value; names without a value are omitted. A
 * name may be there twice, with and without 0x or in another case: the last one counts.
 */
function hashedRoot(
  json: JsonReader,
  nameBytes: (json: JsonReader, name: string) => Uint8Array,
  encode: (name: string, value: JsonValue) => Uint8Array | undefined,
): Uint8Array {
  const entries = new Map<string, [Uint8Array, Uint8Array | undefined]>()
  for (const [name, value] of json.entries) {
    const key = keccak256(nameBytes(json, name))
    const id = bytesToHex(key)
    if (entries.has(id)) json.warnings.add('Duplicate field', `${json.path}.${name}`, () => 'the last one counts')
    entries.set(id, [key, encode(name, value)])
  }
  return secureTrieRoot([...entries.values()].filter((entry): entry is [Uint8Array, Uint8Array] => !!entry[1]))
}

function addressBytes(alloc: JsonReader, address: string): Uint8Array {
  const hex = address.replace(/^0[xX]/, '')
  if (!/^[0-9a-fA-F]{40}$/.test(hex)) throw alloc.error(address, 'is not an address', '40 hex digits')
  return hexToBytes(hex)
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
