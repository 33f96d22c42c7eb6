/** Two-way mapping between a value and its bytes, such as RLP types and Bitcoin structs. */
export interface Codec<T> {
  encode(value: T): Uint8Array
  /** Throws a `CodecError`, and nothing else, on bytes it does not understand and on bytes left over. */
  decode(bytes: Uint8Array): T
}

/** Type of the values of a codec. */
export type TypeOf<C> = C extends Codec<infer T> ? T : never
