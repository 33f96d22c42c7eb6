/**
 * The RLPx transport: an encrypted, authenticated stream of numbered messages between two nodes. Knows neither Hello
 * nor protocols. Start at `transport.ts`, then `connection.ts`; `handshake.ts` and `frame-codec.ts` hold the formats.
 * @module
 */
export { MAX_MESSAGE_BYTES } from './frame-codec.ts'
export type { FrameLimits } from './frame-reader.ts'
export { type RlpxInitiateOptions, type RlpxOptions, RlpxTransport } from './transport.ts'
