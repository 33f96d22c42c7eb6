/**
 * Encodings: RLP (`rlp`) and snappy blocks for Ethereum. Knows no message, key or socket. Decoders throw `CodecError` and
 * nothing else on malformed bytes.
 * Start at `codec.ts`, then `rlp/index.ts`.
 * @module
 */
export type { Codec, TypeOf } from './codec.ts'
export * as rlp from './rlp/index.ts'
export type { RlpType } from './rlp/type.ts'
export { SnappyUnpacking, snappyCompress, snappyDecompress, snappyDecompressedLength } from './snappy.ts'
