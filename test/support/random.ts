/**
 * Random draws of tests: repeatable from one seed, which a failing test prints. Every test, and every test file while it
 * loads, begins at the seed, so that a test run alone draws the same bytes as among all others.
 *
 * `PEERLOOM_TEST_SEED=<seed>` repeats a run. Draws inside the package, such as ephemeral keys, are not repeated.
 * @module
 */
import { randomInt } from 'node:crypto'
import { bytesToBigint } from '../../src/base/bytes.ts'

/** Order of the group of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

export const SEED = seedOf(process.env.PEERLOOM_TEST_SEED)

let state = SEED

function seedOf(text: string | undefined): number {
  if (text === undefined || text === '') return randomInt(2 ** 31)
  if (!/^\d{1,10}$/.test(text))
    throw new Error(`PEERLOOM_TEST_SEED: ${text} is not a whole number of at most 10 digits`)
  return Number(text) | 0
}

/** Begins the draws again. */
export function restart(seed: number = SEED): void {
  state = seed
}

/** A whole number below 2³² (mulberry32). */
function draw(): number {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return (t ^ (t >>> 14)) >>> 0
}

/** A whole number from 0 to `limit` - 1. */
export function randomBelow(limit: number): number {
  return draw() % limit
}

export function randomBytes(length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4))
  for (let i = 0; i < words.length; i++) words[i] = draw()
  return new Uint8Array(words.buffer, 0, length)
}

/** A private key of secp256k1. */
export function randomKey(): Uint8Array {
  for (;;) {
    const key = randomBytes(32)
    const scalar = bytesToBigint(key)
    if (scalar > 0n && scalar < ORDER) return key
  }
}
