/**
 * **One** connection that carries many protocols. Knows no network: a key tells messages apart, a {@link Transport}
 * frames and encrypts them, a {@link Control} answers pings and sends the farewell.
 * Start reading at `protocol.ts`, then `peer-connection.ts`.
 * @module
 */
export {
  type Answer,
  type Channel,
  type Message,
  type MessageBody,
  type MessageName,
  type MessageSpec,
  type MessageTable,
  message,
  type RawMessage,
  type Reply,
  type RequestOptions,
  type SendOptions,
  type SendPriority,
  type UnknownMessage,
  unknownMessages,
  type WaitOptions,
} from './channel.ts'
export { Keepalive, type KeepaliveOptions } from './keepalive.ts'
export type { MessageMeter, MessageTotals } from './meters.ts'
export { PeerConnection } from './peer-connection.ts'
export type { Control, PeerObserver, PeerOptions } from './peer-options.ts'
export { type PipeOptions, transportPipe } from './pipe.ts'
export { type AnyProtocol, defineProtocol, type Mounted, type Peer, type Protocol, protocolLength } from './protocol.ts'
export type { FrameSink, MessageKey, Transport } from './transport.ts'
