/**
 * **One** connection that carries many protocols. Knows no network: what tells messages apart is a key, what frames and
 * encrypts them a {@link Transport}, what pings and says farewell a {@link Control}.
 * Start reading at `protocol.ts`, then `peer-connection.ts`.
 * @module
 */
export { Keepalive, type KeepaliveOptions } from './keepalive.ts'
export type { MessageMeter, Tally } from './meters.ts'
export type { PeerObserver } from './observer.ts'
export { type Control, Peer, type PeerOptions } from './peer-connection.ts'
export { type PipeOptions, transportPipe } from './pipe.ts'
export {
  type AnyProtocol,
  type Channel,
  defineProtocol,
  type Message,
  type MessageBody,
  type MessageName,
  type MessageSpec,
  type MessageTable,
  message,
  type Protocol,
  protocolLength,
  type RawMessage,
  type RequestOptions,
  type WaitOptions,
} from './protocol.ts'
export type { Mounted } from './protocol-channel.ts'
export type { FrameSink, MessageKey, Transport } from './transport.ts'
