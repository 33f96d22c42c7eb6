/**
 * A protocol is a name, a table of typed messages, and one function that runs once per peer.
 * @module
 */
import type { Codec } from '../codec/index.ts'
import type { Peer } from './peer-connection.ts'
import type { MessageKey } from './transport.ts'

/** One row of a protocol's table: the message's key on the wire, what its body is, and how large it may be. */
export interface MessageSpec<T, K extends MessageKey = MessageKey> {
  readonly key: K
  readonly codec: Codec<T>
  /** Largest payload accepted, in bytes; a larger one costs the remote the connection. @default the transport's own limit */
  readonly maxBytes?: number
}

/** Makes a row of a protocol's message table. */
export function message<T, const K extends MessageKey>(
  key: K,
  codec: Codec<T>,
  options: { readonly maxBytes?: number } = {},
): MessageSpec<T, K> {
  return { key, codec, ...options }
}

export type MessageTable = Readonly<Record<string, MessageSpec<unknown>>>
export type MessageName<M extends MessageTable> = keyof M & string
export type MessageBody<S> = S extends MessageSpec<infer T> ? T : never

/** A received message, as a union told apart by `name`. */
export type Message<M extends MessageTable> = {
  [N in MessageName<M>]: { readonly name: N; readonly body: MessageBody<M[N]> }
}[MessageName<M>]

/** A message below the table: what go-ethereum's `MsgReadWriter` reads and writes. */
export interface RawMessage {
  /** Relative to the protocol: its first message is 0. */
  readonly key: MessageKey
  readonly payload: Uint8Array
  /** {@link Clock.now} at arrival. */
  readonly receivedAt: number
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds, not counting those in which this side had paused the socket. @default none */
  readonly timeout?: number | undefined
}

export interface RequestOptions<M extends MessageTable, R extends keyof M & string> extends WaitOptions {
  /** Name of the message that answers. */
  readonly reply: R
  /** Tells this answer from others of its name, by id or nonce. @default the first one */
  readonly where?: (body: MessageBody<M[R]>) => boolean
}

/** One protocol's share of a connection. Iterating it gives the messages no `expect` or `request` took. */
export interface Channel<M extends MessageTable = MessageTable> extends AsyncIterable<Message<M>> {
  /**
   * Sends, in call order. Await it to respect back-pressure; not awaiting is safe, up to the send budget. A body that the
   * codec cannot encode is thrown in the caller's own tick, awaited or not.
   */
  send<N extends keyof M & string>(name: N, body: MessageBody<M[N]>): Promise<void>
  /**
   * The next message, which must be of this name: for handshakes. Anything else is an `ERR_UNEXPECTED_MESSAGE`, no
   * message in time a `TimeoutError`.
   */
  expect<N extends keyof M & string>(name: N, options?: WaitOptions): Promise<MessageBody<M[N]>>
  /**
   * Sends, and resolves with the answer, which the iterator then does not see. No answer in time is a `TimeoutError`;
   * a closed peer a `PeerClosedError`.
   */
  request<N extends keyof M & string, R extends keyof M & string>(
    name: N,
    body: MessageBody<M[N]>,
    options: RequestOptions<M, R>,
  ): Promise<MessageBody<M[R]>>
  /** The next message, undecoded; undefined once the peer has closed. */
  read(options?: WaitOptions): Promise<RawMessage | undefined>
  /** Sends bytes as they are. `key` is relative to the protocol and must be below its length. */
  write(key: MessageKey, payload: Uint8Array): Promise<void>
}

/** A protocol of any message table: what peers and servers hold. */
export interface AnyProtocol {
  /** Capability name, at most 8 ASCII characters in devp2p. */
  readonly name: string
  readonly version: number
  /** Message keys reserved on the wire, for numeric keys. @default the highest key of the table + 1 */
  readonly length?: number
  readonly messages: MessageTable
  /** `never`, because which messages the channel carries is known to the protocol alone. */
  run(peer: Peer, channel: never): Promise<void>
  /** What `peerInfo` shows of this peer under the protocol's name. @default 'unknown' */
  peerInfo?(peerId: string): unknown
  /** What `nodeInfo` shows under the protocol's name. @default 'unknown' */
  nodeInfo?(): unknown
  /** Entries for this node's record (EIP-778): RLP by key, such as `eth`. */
  attributes?(): Readonly<Record<string, Uint8Array>>
}

export interface Protocol<M extends MessageTable> extends AnyProtocol {
  readonly messages: M
  /** Runs once per peer. When it returns, or throws, the whole peer closes. */
  run(peer: Peer, channel: Channel<M>): Promise<void>
}

/** Gives `run` its types. Returns the very object it was given. */
export function defineProtocol<const M extends MessageTable>(protocol: Protocol<M>): Protocol<M> {
  return protocol
}

/** Numeric keys a protocol takes on the wire. */
export function protocolLength(protocol: AnyProtocol): number {
  if (protocol.length !== undefined) return protocol.length
  let length = 0
  for (const { key } of Object.values(protocol.messages)) {
    if (typeof key === 'number') length = Math.max(length, key + 1)
  }
  return length
}
