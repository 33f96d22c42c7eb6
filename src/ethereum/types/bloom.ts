import { keccak256 } from '../../crypto/index.ts'

export const BLOOM_BYTES = 256

/** Sets a value's three bits. `hash` is keccak-256 of the value, where it is known already. Source: yellow paper, section 4.3.1. */
export function addToBloom(bloom: Uint8Array, value: Uint8Array, hash: Uint8Array = keccak256(value)): void {
  for (let i = 0; i < 6; i += 2) {
    const bit = ((hash[i] as number) << 8) | (hash[i + 1] as number)
    const at = BLOOM_BYTES - 1 - ((bit & 0x7ff) >> 3)
    bloom[at] = (bloom[at] as number) | (1 << (bit & 7))
  }
}

/** False: the value (a log's address or topic) is not in it. True: it may be. */
export function bloomContains(bloom: Uint8Array, value: Uint8Array): boolean {
  const hash = keccak256(value)
  for (let i = 0; i < 6; i += 2) {
    const bit = ((hash[i] as number) << 8) | (hash[i + 1] as number)
    if (((bloom[BLOOM_BYTES - 1 - ((bit & 0x7ff) >> 3)] as number) & (1 << (bit & 7))) === 0) return false
  }
  return true
}

/** The bloom of a block from those of its receipts. */
export function mergeBlooms(blooms: Iterable<Uint8Array>): Uint8Array {
  const merged = new Uint8Array(BLOOM_BYTES)
  for (const bloom of blooms) {
    for (let i = 0; i < BLOOM_BYTES; i++) merged[i] = (merged[i] as number) | (bloom[i] as number)
  }
  return merged
}
