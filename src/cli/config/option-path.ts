/**
 * Paths of options, such as `p2p.maxPeers`, checked by the compiler: a flag cannot name an option that is not there.
 * @module
 */
import type { EthereumServiceOptions } from '../../ethereum/index.ts'
import type { NodeOptions } from '../../node/index.ts'

/** Options of a node, and of the service of each world under the world's name. */
export interface Settings extends NodeOptions {
  readonly ethereum: EthereumServiceOptions
}

/** Values that a path ends at. */
type Leaf = string | number | bigint | boolean | Uint8Array | readonly unknown[] | ((...args: never[]) => unknown)

/** Paths within `T`, of three names at most. */
type PathIn<T, Depth extends readonly 0[] = []> = Depth['length'] extends 3
  ? never
  : { [K in keyof T & string]: K | `${K}.${PathInValue<NonNullable<T[K]>, Depth>}` }[keyof T & string]

type PathInValue<V, Depth extends readonly 0[]> = V extends Leaf ? never : PathIn<V, [...Depth, 0]>

export type OptionPath = PathIn<Settings>
