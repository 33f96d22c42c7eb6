/**
 * Roots of Merkle Patricia tries, without keeping their nodes. Source: yellow paper, appendix D.
 * @module
 */
import { compareBytes } from '../../base/bytes.ts'
import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { keccak256 } from '../../crypto/index.ts'
import { EMPTY_ROOT } from './constants.ts'

const HASH_BYTES = 32
/** Bytes reserved before a node's payload for its list header, whose length is known only afterwards. */
const HEADER_ROOM = 8
/** Bytes of a branch: 16 references of at most 33 bytes and an empty value. */
const BRANCH_BYTES = HEADER_ROOM + 16 * (HASH_BYTES + 1) + 1
const INITIAL_BYTES = 4_096
const EMPTY_STRING = 0x80

/**
 * Computes the root of the trie that maps `rlp(index)` to each item: transactions, receipts, withdrawals of a block.
 */
export function deriveRoot(items: readonly Uint8Array[]): Uint8Array {
  const count = items.length
  if (count === 0) return EMPTY_ROOT
  const keys: Uint8Array[] = []
  const values: Uint8Array[] = []
  const add = (index: number) => {
    keys.push(rlp.number.encode(index))
    values.push(items[index] as Uint8Array)
  }
  // Items are added in the order of their keys: 0 is encoded as 0x80, after 0x7f and before 0x8180.
  for (let i = 1; i < count && i < 0x80; i++) add(i)
  add(0)
  for (let i = 0x80; i < count; i++) add(i)
  return new RootBuilder(keys, values).root()
}

/**
 * Computes the root of a trie over hashed keys of 32 bytes: accounts by keccak-256 of their address, storage by
 * keccak-256 of the slot. Entries may come in any order. Throws `CodecError` ERR_TRIE_KEY on a key of another length or
 * a duplicate.
 */
export function secureTrieRoot(entries: Iterable<readonly [Uint8Array, Uint8Array]>): Uint8Array {
  const sorted = [...entries].sort((a, b) => compareBytes(a[0], b[0]))
  if (sorted.length === 0) return EMPTY_ROOT
  for (const [i, [key]] of sorted.entries()) {
    if (key.length !== HASH_BYTES) throw new CodecError('ERR_TRIE_KEY', `key of ${key.length} bytes instead of 32`)
    const next = sorted[i + 1]
    if (next && compareBytes(key, next[0]) === 0) throw new CodecError('ERR_TRIE_KEY', 'duplicate key')
  }
  return new RootBuilder(
    sorted.map(([key]) => key),
    sorted.map(([, value]) => value),
  ).root()
}

/**
 * Computes a root over keys in ascending order, none a prefix of another. A node is built where the reference to it
 * will stand in its parent, then replaced by that reference: one buffer, no node objects.
 */
class RootBuilder {
  readonly #keys: readonly Uint8Array[]
  readonly #values: readonly Uint8Array[]
  #out = new Uint8Array(INITIAL_BYTES)

  constructor(keys: readonly Uint8Array[], values: readonly Uint8Array[]) {
    this.#keys = keys
    this.#values = values
  }

  root(): Uint8Array {
    const end = this.#node(0, this.#keys.length, 0, 0)
    // Every other node below 32 bytes is embedded in its parent; the root is always hashed.
    return end <= HASH_BYTES ? keccak256(this.#out.subarray(0, end)) : this.#out.slice(1, end)
  }

  /** Writes the reference to the node of keys `from` up to `to`, which share `depth` nibbles. @returns its end. */
  #node(from: number, to: number, depth: number, at: number): number {
    const first = this.#keys[from] as Uint8Array
    if (to - from === 1) return this.#leaf(first, this.#values[from] as Uint8Array, depth, at)
    const shared = sharedNibbles(first, this.#keys[to - 1] as Uint8Array, depth)
    if (shared === depth) return this.#branch(from, to, depth, at)
    this.#reserve(at + HEADER_ROOM + first.length + 4)
    const path = this.#path(first, depth, shared, 0x00, at + HEADER_ROOM)
    return this.#close(at, this.#branch(from, to, shared, path))
  }

  #leaf(key: Uint8Array, value: Uint8Array, depth: number, at: number): number {
    this.#reserve(at + HEADER_ROOM + key.length + 4 + value.length + HEADER_ROOM)
    const path = this.#path(key, depth, key.length * 2, 0x20, at + HEADER_ROOM)
    return this.#close(at, rlp.writeString(value, this.#out, path))
  }

  #branch(from: number, to: number, depth: number, at: number): number {
    this.#reserve(at + BRANCH_BYTES)
    let end = at + HEADER_ROOM
    let start = from
    for (let nibble = 0; nibble < 16; nibble++) {
      let next = start
      while (next < to && nibbleAt(this.#keys[next] as Uint8Array, depth) === nibble) next++
      if (next === start) this.#out[end++] = EMPTY_STRING
      else end = this.#node(start, next, depth + 1, end)
      start = next
    }
    this.#out[end++] = EMPTY_STRING
    return this.#close(at, end)
  }

  /** Writes nibbles of the key, packed with their flag: an odd one shares the flag's byte. */
  #path(key: Uint8Array, from: number, to: number, flag: number, at: number): number {
    const out = this.#out
    const odd = (to - from) & 1
    const length = 1 + ((to - from) >> 1)
    const start = length === 1 ? at : at + 1
    if (length > 1) out[at] = EMPTY_STRING + length
    out[start] = odd ? flag | 0x10 | nibbleAt(key, from) : flag
    for (let i = 1, nibble = from + odd; i < length; i++, nibble += 2) {
      out[start + i] = (nibbleAt(key, nibble) << 4) | nibbleAt(key, nibble + 1)
    }
    return start + length
  }

  /**
   * Turns the payload between `at + HEADER_ROOM` and `end` into a reference at `at`: itself if short, else its hash.
   */
  #close(at: number, end: number): number {
    const length = end - at - HEADER_ROOM
    const size = rlp.lengthOfList(length)
    const start = end - size
    rlp.writeListHeader(length, this.#out, start)
    if (size < HASH_BYTES) {
      this.#out.copyWithin(at, start, end)
      return at + size
    }
    this.#out[at] = EMPTY_STRING + HASH_BYTES
    this.#out.set(keccak256(this.#out.subarray(start, end)), at + 1)
    return at + 1 + HASH_BYTES
  }

  /** Grows the buffer. BOUNDED: by the largest value and 64 nested branches. */
  #reserve(length: number): void {
    if (length <= this.#out.length) return
    const grown = new Uint8Array(Math.max(length, this.#out.length * 2))
    grown.set(this.#out)
    this.#out = grown
  }
}

function nibbleAt(key: Uint8Array, index: number): number {
  const byte = key[index >> 1] as number
  return index & 1 ? byte & 0x0f : byte >> 4
}

function sharedNibbles(a: Uint8Array, b: Uint8Array, from: number): number {
  let depth = from
  while (nibbleAt(a, depth) === nibbleAt(b, depth)) depth++
  return depth
}
