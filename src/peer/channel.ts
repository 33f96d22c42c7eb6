/**
 * A protocol's table of typed messages, and the {@link Channel} on which it sends and receives them.
 * @module
 */
import { InternalError } from '../base/errors.ts'
import type { Codec } from '../codec/index.ts'
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

/** Key of the row that takes every message its table does not name. No network uses it. */
export const UNKNOWN_KEY = '*'

/** Body of a message that its table does not name. */
export interface UnknownMessage {
  /** Relative to the protocol, as in {@link RawMessage}. */
  readonly key: MessageKey
  readonly payload: Uint8Array
}

/**
 * Makes the row of a table for messages that no other row names: they are delivered under the row's name, where they would
 * end the peer or go to the {@link Control} otherwise. Numbers count as the protocol's own up to its length, textual keys
 * always, so that a protocol with such a row is mounted last. Sent are unknown messages with `write`.
 */
export function unknownMessages(
  options: { readonly maxBytes?: number } = {},
): MessageSpec<UnknownMessage, typeof UNKNOWN_KEY> {
  return message(UNKNOWN_KEY, unknownCodec, options)
}

/** Stands in the row for its type: the channel adds the key, which no codec sees. */
const unknownCodec: Codec<UnknownMessage> = {
  encode: () => {
    throw new InternalError('unknown messages are sent with write')
  },
  decode: (payload) => ({ key: UNKNOWN_KEY, payload }),
}

export type MessageTable = Readonly<Record<string, MessageSpec<unknown>>>
export type MessageName<M extends MessageTable> = keyof M & string
export type MessageBody<S> = S extends MessageSpec<infer T> ? T : never

/** A received message, as a union told apart by `name`; of the names in `Names`, if those are given. */
export type Message<M extends MessageTable, Names extends MessageName<M> = MessageName<M>> = {
  [N in Names]: { readonly name: N; readonly body: MessageBody<M[N]> }
}[Names]

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

/** One name of a message that answers a request, or several. */
export type Reply<M extends MessageTable> = MessageName<M> | readonly MessageName<M>[]

/** Result of a request: the body where one name may answer, the {@link Message} where several may. */
export type Answer<M extends MessageTable, R extends Reply<M>> = R extends readonly (infer N extends MessageName<M>)[]
  ? Message<M, N>
  : R extends MessageName<M>
    ? MessageBody<M[R]>
    : never

export interface RequestOptions<M extends MessageTable, R extends Reply<M>> extends WaitOptions {
  /** Name of the message that answers. Where it is a list, any of them does, and the result tells which came. */
  readonly reply: R
  /** Tells this answer from others of its name, by id or nonce. @default the first one */
  readonly where?: (answer: Answer<M, R>) => boolean
}

/** `high` goes ahead of the same protocol's queued `normal` messages; it changes nothing between protocols. */
export type SendPriority = 'normal' | 'high'

export interface SendOptions {
  /** High for small messages that must not wait for bulk, such as a ping or a refusal. @default 'normal' */
  readonly priority?: SendPriority
}

/** One protocol's share of a connection. Iterating it gives the messages no `expect` or `request` took. */
export interface Channel<M extends MessageTable = MessageTable> extends AsyncIterable<Message<M>> {
  /**
   * Sends, in call order among messages of one priority. Await it to respect back-pressure; not awaiting is safe, up to the
   * send budget. Throws in the caller's own tick, awaited or not, when the codec cannot encode the body.
   */
  send<N extends MessageName<M>>(name: N, body: MessageBody<M[N]>, options?: SendOptions): Promise<void>
  /**
   * The next message, which must be of this name: for handshakes. Anything else is an `ERR_UNEXPECTED_MESSAGE`, no
   * message in time a `TimeoutError`.
   */
  expect<N extends MessageName<M>>(name: N, options?: WaitOptions): Promise<MessageBody<M[N]>>
  /**
   * Sends, and resolves with the answer, which the iterator then does not see: with its body, or with name and body where
   * several names may answer. No answer in time is a `TimeoutError`; a closed peer a `PeerClosedError`.
   */
  request<N extends MessageName<M>, const R extends Reply<M>>(
    name: N,
    body: MessageBody<M[N]>,
    options: RequestOptions<M, R>,
  ): Promise<Answer<M, R>>
  /** The next message, undecoded; undefined once the peer has closed. */
  read(options?: WaitOptions): Promise<RawMessage | undefined>
  /** Sends bytes as they are. `key` is relative to the protocol and must be below its length. */
  write(key: MessageKey, payload: Uint8Array): Promise<void>
}
