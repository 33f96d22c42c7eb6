/**
 * A protocol's table of typed messages, and the {@link Channel} on which it sends and receives them.
 * @module
 */
import { InternalError } from '../base/errors.ts'
import type { Codec } from '../codec/index.ts'
import type { MessageKey } from './transport.ts'

/** One row of a protocol's table: key on the wire, codec of the body, and largest size. */
export interface MessageSpec<T, K extends MessageKey = MessageKey> {
  readonly key: K
  readonly codec: Codec<T>
  /**
   * Largest payload accepted, in bytes; a larger one ends the peer. @default the transport's own limit
   */
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
  /** Key relative to the protocol, as in {@link RawMessage}. */
  readonly key: MessageKey
  readonly payload: Uint8Array
}

/**
 * Makes the row of a table for messages that no other row names. They are delivered under the name of this row; without
 * it they end the peer, or go to the {@link Control}. Numbers belong to the protocol up to its length, textual keys
 * always: a protocol with such a row is mounted last. Unknown messages are sent with `write`.
 */
export function unknownMessages(
  options: { readonly maxBytes?: number } = {},
): MessageSpec<UnknownMessage, typeof UNKNOWN_KEY> {
  return message(UNKNOWN_KEY, unknownCodec, options)
}

/** Gives the row its type. The channel makes the body itself, because a codec does not see the key. */
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

/** A message with its body undecoded, as go-ethereum's `MsgReadWriter` reads and writes it. */
export interface RawMessage {
  /** Key relative to the protocol: its first message is 0. */
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

/** Name of the message that answers a request, or several of them. */
export type Reply<M extends MessageTable> = MessageName<M> | readonly MessageName<M>[]

/** Result of a request: the body when one message may answer, name and body when several may. */
export type Answer<M extends MessageTable, R extends Reply<M>> = R extends readonly (infer N extends MessageName<M>)[]
  ? Message<M, N>
  : R extends MessageName<M>
    ? MessageBody<M[R]>
    : never

export interface RequestOptions<M extends MessageTable, R extends Reply<M>> extends WaitOptions {
  /** Name of the message that answers. With a list any of its messages does, and the result tells which came. */
  readonly reply: R
  /** Accepts an answer, by its id or nonce, among others of the same name. @default accepts the first */
  readonly where?: (answer: Answer<M, R>) => boolean
}

/** Order of queued messages of one protocol: `high` leaves before `normal`. Between protocols it changes nothing. */
export type SendPriority = 'normal' | 'high'

export interface SendOptions {
  /** Priority; `high` is for small messages that must not wait for bulk, such as a pong. @default 'normal' */
  readonly priority?: SendPriority
}

/** One protocol's share of a connection. Iterating it yields the messages that no `expect` or `request` took. */
export interface Channel<M extends MessageTable = MessageTable> extends AsyncIterable<Message<M>> {
  /**
   * Sends, in call order among messages of one priority. Await it to respect back-pressure; not awaiting is safe, up to
   * the send budget. Throws in the caller's own tick, awaited or not, when the codec cannot encode the body.
   */
  send<N extends MessageName<M>>(name: N, body: MessageBody<M[N]>, options?: SendOptions): Promise<void>
  /**
   * Takes the next message, which must have this name: for handshakes. Rejects with `ERR_UNEXPECTED_MESSAGE` when it
   * has another, and with a `TimeoutError` when none comes in time.
   */
  expect<N extends MessageName<M>>(name: N, options?: WaitOptions): Promise<MessageBody<M[N]>>
  /**
   * Sends, and resolves with the {@link Answer}, which the iterator then does not see. Rejects with a `TimeoutError`
   * when none comes in time, and with a `PeerClosedError` when the peer closes.
   */
  request<N extends MessageName<M>, const R extends Reply<M>>(
    name: N,
    body: MessageBody<M[N]>,
    options: RequestOptions<M, R>,
  ): Promise<Answer<M, R>>
  /** Takes the next message, undecoded; undefined once the peer has closed. */
  read(options?: WaitOptions): Promise<RawMessage | undefined>
  /** Sends bytes as they are. `key` is relative to the protocol and must be below its length. */
  write(key: MessageKey, payload: Uint8Array): Promise<void>
}
