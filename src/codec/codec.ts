/** A two-way mapping between a value and its bytes. RLP and Bitcoin structs both implement it. */
export interface Codec<T> {
  encode(value: T): Uint8Array
  /** Throws a `CodecError`, and nothing else, on bytes it does not understand and on bytes left over. */
  decode(bytes: Uint8Array): T
}

/** The value a codec maps. */
export type TypeOf<C> = C extends Codec<infer T> ? T : never
