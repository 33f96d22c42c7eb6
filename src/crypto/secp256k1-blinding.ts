/**
 * Blinding of a static key in a multiplication whose time depends on the scalar.
 * @module
 */
import { bytesToBigint, hexToBytes } from '../base/bytes.ts'
import { randomBytes } from './node-crypto.ts'

/**
 * Random factor t and its inverse: k·P is computed as (k·t⁻¹)·(t·P), with new ones for each k·P.
 *
 * Not constant time: both multiplications, and finding the inverse, take times that depend on t and on k·t⁻¹. Those are
 * drawn anew for each k·P, from 2⁶⁴ equally likely pairs that are spread over the whole group whatever k is, so that
 * neither one time nor the average of many tells of k. The product of k and t⁻¹ is computed in constant time.
 * An observer of a single multiplication, such as through the caches of the same machine, is not kept out.
 */
export interface Blinding {
  /** Factor t: 32 bytes, the first 24 of them zero. */
  readonly factor: Uint8Array
  /** Inverse t⁻¹ modulo the order of the curve, 32 bytes. */
  readonly inverse: Uint8Array
}

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** Bytes of the factor: a short one makes t·P cost a third of k·P, and 2⁶⁴ pairs are too many to average over. */
const FACTOR_BYTES = 8

export function drawBlinding(random: (length: number) => Uint8Array = randomBytes): Blinding {
  const factor = new Uint8Array(32)
  let t: bigint
  do {
    factor.set(random(FACTOR_BYTES), 32 - FACTOR_BYTES)
    t = bytesToBigint(factor)
  } while (t === 0n)
  return { factor, inverse: hexToBytes(inverseOf(t).toString(16).padStart(64, '0')) }
}

/** Computes an inverse by Euclid's algorithm. `value` is from 1 to the order minus 1. */
function inverseOf(value: bigint): bigint {
  let [higher, lower] = [ORDER, value]
  let [previous, factor] = [0n, 1n]
  while (lower > 1n) {
    const quotient = higher / lower
    ;[higher, lower] = [lower, higher - quotient * lower]
    ;[previous, factor] = [factor, previous - quotient * factor]
  }
  return factor < 0n ? factor + ORDER : factor
}
