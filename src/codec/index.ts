/**
 * Values to bytes and back.
 * @module
 */
export type { Codec, TypeOf } from './codec.ts'
