/**
 * Values to bytes and back. RLP (`rlp`) and snappy blocks for Ethereum. Knows encodings, not what messages mean, and never
 * touches keys or sockets. Everything here throws `CodecError` and nothing else on bytes it does not understand.
 * Start at `codec.ts`, then `rlp/index.ts`.
 * @module
 */
export type { Codec, TypeOf } from './codec.ts'
export * as rlp from './rlp/index.ts'
export type { RlpType } from './rlp/type.ts'
export { SnappyUnpacking, snappyCompress, snappyDecompress, snappyDecompressedLength } from './snappy.ts'
