/**
 * Ethereum node records: signed key-value lists that describe a node (EIP-778).
 * @module
 */
import { utf8ToBytes } from '../base/bytes.ts'
import { CodecError } from '../base/errors.ts'
import { rlp } from '../codec/index.ts'
import { keccak256, secp256k1 } from '../crypto/index.ts'
import type { NodeKey } from './node-key.ts'

/** Largest encoded record (EIP-778). */
export const MAX_ENR_BYTES = 300
/** Most items that fit into 300 bytes. */
const MAX_ITEMS = 150
const PREFIX = 'enr:'

const itemsCodec = rlp.list(rlp.raw, { max: MAX_ITEMS })
const decoder = new TextDecoder('latin1')

export interface EnrOptions {
  /** Sequence number, which grows whenever an entry changes. */
  readonly sequence: bigint
  /** RLP values by key. `id` and `secp256k1` are added. */
  readonly entries: Readonly<Record<string, Uint8Array>>
}

/** Record whose signature has been verified. */
export class Enr {
  /** Encoded record: RLP `[signature, sequence, key, value, …]`. */
  readonly raw: Uint8Array
  readonly sequence: bigint
  /** Public key, 64 bytes. */
  readonly publicKey: Uint8Array
  readonly #entries: ReadonlyMap<string, Uint8Array>

  private constructor(
    raw: Uint8Array,
    sequence: bigint,
    publicKey: Uint8Array,
    entries: ReadonlyMap<string, Uint8Array>,
  ) {
    this.raw = raw
    this.sequence = sequence
    this.publicKey = publicKey
    this.#entries = entries
  }

  /** Signs a record under the identity scheme `v4`. Throws `CodecError` `ERR_ENR` when it is longer than 300 bytes. */
  static sign(key: NodeKey, options: EnrOptions): Enr {
    const identity = {
      id: rlp.text.encode('v4'),
      secp256k1: rlp.bytes.encode(secp256k1().compress(key.publicKey)),
    }
    const entries = Object.entries({ ...options.entries, ...identity }).sort(([a], [b]) => (a < b ? -1 : 1))
    const content = [
      rlp.uint64.encode(options.sequence),
      ...entries.flatMap(([k, v]) => [rlp.bytes.encode(utf8ToBytes(k)), v]),
    ]
    const hash = keccak256(rlp.encodeListOfRaw(content))
    const signature = secp256k1().sign(hash, key.privateKey).subarray(0, 64)
    const raw = rlp.encodeListOfRaw([rlp.bytes.encode(signature), ...content])
    if (raw.length > MAX_ENR_BYTES) throw bad(`${raw.length} bytes, at most ${MAX_ENR_BYTES}`)
    return new Enr(raw, options.sequence, key.publicKey, new Map(entries))
  }

  /** Decodes a record and verifies its signature. Throws `CodecError`. */
  static decode(raw: Uint8Array): Enr {
    if (raw.length > MAX_ENR_BYTES) throw bad(`${raw.length} bytes, at most ${MAX_ENR_BYTES}`)
    const [signature, ...content] = itemsCodec.decode(raw)
    const [sequence, ...pairs] = content
    if (!signature || !sequence) throw bad('has no signature or no sequence number')
    const entries = entriesOf(pairs)
    const publicKey = publicKeyOf(entries)
    const signed = keccak256(rlp.encodeListOfRaw(content))
    if (!secp256k1().verify(signed, rlp.fixed(64).decode(signature), publicKey)) throw bad('has an invalid signature')
    return new Enr(raw.slice(), rlp.uint64.decode(sequence), publicKey, entries)
  }

  /** Parses `enr:…`. Throws `CodecError`. */
  static parse(text: string): Enr {
    const body = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text
    if (!/^[A-Za-z0-9_-]+$/.test(body) || body.length > MAX_ENR_BYTES * 2) throw bad('is not base64url')
    return Enr.decode(new Uint8Array(Buffer.from(body, 'base64url')))
  }

  /** keccak-256 of the public key, 32 bytes. */
  get id(): Uint8Array {
    return keccak256(this.publicKey)
  }

  get keys(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /** Value of an entry as RLP. */
  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key)
  }

  toString(): string {
    return PREFIX + Buffer.from(this.raw).toString('base64url')
  }

  toJSON(): string {
    return this.toString()
  }
}

/** Reads key-value pairs. Keys must be sorted and unique: a record has one encoding only. */
function entriesOf(pairs: readonly Uint8Array[]): Map<string, Uint8Array> {
  if (pairs.length % 2 !== 0) throw bad('has a key without a value')
  const entries = new Map<string, Uint8Array>()
  let last = ''
  for (let i = 0; i < pairs.length; i += 2) {
    const key = decoder.decode(rlp.bytes.decode(pairs[i] as Uint8Array))
    if (i > 0 && key <= last) throw bad('has its keys out of order')
    entries.set(key, pairs[i + 1] as Uint8Array)
    last = key
  }
  return entries
}

function publicKeyOf(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const scheme = entries.get('id')
  const key = entries.get('secp256k1')
  if (!scheme || rlp.text.decode(scheme) !== 'v4') throw bad('has an unknown identity scheme')
  if (!key) throw bad('has no key')
  return secp256k1().decompress(rlp.fixed(33).decode(key))
}

function bad(message: string): CodecError {
  return new CodecError('ERR_ENR', `node record: ${message}`)
}
