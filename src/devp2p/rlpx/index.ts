/**
 * The RLPx transport: an encrypted, authenticated stream of numbered messages between two nodes. Knows neither Hello nor
 * protocols. Start at `transport.ts`; `handshake.ts` and `frame-codec.ts` hold the formats.
 * @module
 */
export { MAX_MESSAGE_BYTES } from './frame-codec.ts'
export { HANDSHAKE_TIMEOUT } from './handshake-io.ts'
export {
  HIGH_WATER_BYTES,
  READ_TIMEOUT,
  type RlpxInitiateOptions,
  type RlpxOptions,
  RlpxTransport,
  WRITE_TIMEOUT,
} from './transport.ts'
