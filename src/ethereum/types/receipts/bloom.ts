/**
 * The Bloom filter over addresses and topics of logs, in headers and receipts. Source: yellow paper, section 4.3.1.
 * @module
 */
import { keccak256 } from '../../../crypto/index.ts'

export const BLOOM_BYTES = 256
/** Bloom of receipts without logs. Shared: do not write to it. */
export const EMPTY_BLOOM: Uint8Array = new Uint8Array(BLOOM_BYTES)

const BITS_PER_VALUE = 3
const MAX_VALUE_BYTES = 32
/** Entries of the cache of values; a power of two. */
const SLOTS = 1_024

/**
 * Cache of the bits of recent values: contracts and events repeat within a block, and comparing 32 bytes costs a
 * twentieth of hashing them. BOUNDED: `SLOTS` values, a new one replaces the one in its slot.
 */
const seenValues = new Uint8Array(SLOTS * MAX_VALUE_BYTES)
const seenLengths = new Uint8Array(SLOTS)
const seenBits = new Uint16Array(SLOTS * BITS_PER_VALUE)

/** Sets the three bits of a value: an address (20 bytes) or a topic (32). */
export function addToBloom(bloom: Uint8Array, value: Uint8Array): void {
  const first = bitsOf(value)
  for (let i = first; i < first + BITS_PER_VALUE; i++) {
    const bit = seenBits[i] as number
    const at = BLOOM_BYTES - 1 - (bit >> 3)
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7))
  }
}

/** @returns false if the value is certainly not in the filter, true if it may be. */
export function bloomContains(bloom: Uint8Array, value: Uint8Array): boolean {
  const first = bitsOf(value)
  for (let i = first; i < first + BITS_PER_VALUE; i++) {
    const bit = seenBits[i] as number
    if (((bloom[BLOOM_BYTES - 1 - (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/** Merges the blooms of receipts into the bloom of their block. */
export function mergeBlooms(blooms: Iterable<Uint8Array>): Uint8Array {
  const merged = new Uint8Array(BLOOM_BYTES)
  for (const bloom of blooms) {
    if (bloom === EMPTY_BLOOM) continue
    for (let i = 0; i < BLOOM_BYTES; i++) merged[i] = (merged[i] as number) | (bloom[i] as number)
  }
  return merged
}

/** @returns the index of a value's bits in `seenBits`. */
function bitsOf(value: Uint8Array): number {
  const slot = slotOf(value)
  if (!isSeen(slot, value)) remember(slot, value)
  return slot * BITS_PER_VALUE
}

function slotOf(value: Uint8Array): number {
  const end = value.length - 1
  const low = ((value[end] ?? 0) << 2) ^ (value[end - 1] ?? 0)
  return (low ^ (value[0] ?? 0) ^ ((value[end >> 1] ?? 0) << 1)) & (SLOTS - 1)
}

function isSeen(slot: number, value: Uint8Array): boolean {
  const { length } = value
  if (length === 0 || seenLengths[slot] !== length) return false
  for (let i = 0, at = slot * MAX_VALUE_BYTES; i < length; i++, at++) if (seenValues[at] !== value[i]) return false
  return true
}

function remember(slot: number, value: Uint8Array): void {
  const hash = keccak256(value)
  const fits = value.length <= MAX_VALUE_BYTES
  seenLengths[slot] = fits ? value.length : 0
  if (fits) seenValues.set(value, slot * MAX_VALUE_BYTES)
  for (let i = 0; i < BITS_PER_VALUE; i++) {
    seenBits[slot * BITS_PER_VALUE + i] = (((hash[2 * i] as number) << 8) | (hash[2 * i + 1] as number)) & 0x7ff
  }
}
