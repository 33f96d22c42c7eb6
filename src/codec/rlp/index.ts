/**
 * RLP, Ethereum's encoding: nested lists of byte strings. A type (`struct`, `list`, `uint64`, …) is the encoder and the
 * decoder in one, and can be nested in other types. Decoding is strict and works on the input's own memory: byte strings
 * are views. Start at `struct.ts`; `reader.ts` holds every rule of the format.
 * @module
 */
export { DEFAULT_MAX_LIST, type Lazy, type LazyType, type ListOptions, lazy, list, raw } from './collections.ts'
export { decodeItems, encodeItems, item, type RlpItem } from './items.ts'
export { MAX_DEPTH, RlpReader } from './reader.ts'
export { bool, bytes, bytesOf, fixed, number, numberOrBigint, text, uint, uint64 } from './scalars.ts'
export { type OptionalField, optional, type StructOf, type StructOptions, struct } from './struct.ts'
export { either, mapped } from './transforms.ts'
export { define, type RlpType, type RlpTypeParts } from './type.ts'
export {
  closeList,
  encodeListOfRaw,
  lengthOfList,
  lengthOfString,
  writeListHeader,
  writeRaw,
  writeString,
  writeStringHeader,
} from './writer.ts'
