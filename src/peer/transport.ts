/**
 * A stream of messages in both directions: RLPx, Bitcoin v1, BIP 324 and the in-memory pipe implement it.
 * @module
 */

/** What tells one message from another on the wire: a number in devp2p, a command name in Bitcoin. */
export type MessageKey = number | string

/** Where a transport pushes what arrives. Frames come in the socket's own tick: no promise sits in between. */
export interface FrameSink<K extends MessageKey> {
  /** One whole message, decrypted and unframed, not decoded. `payload` belongs to the receiver. */
  frame(key: K, payload: Uint8Array): void
  /** There is room again after a write that answered false. */
  drain(): void
  /** Nothing comes any more. Called once; `error` is absent when the remote closed in order. */
  end(error?: unknown): void
}

export interface Transport<K extends MessageKey> {
  /** Begins delivery. */
  open(sink: FrameSink<K>): void
  /**
   * Frames, encrypts and queues for the socket before this tick has ended, so writes never interleave. `payload` belongs to
   * the transport from now on. False: wait for `drain`.
   */
  write(key: K, payload: Uint8Array): boolean
  /** Asks for no more frames; at most those of one socket read still come. */
  pause(): void
  resume(): void
  /** Flushes, then closes. Never rejects. */
  close(): Promise<void>
  /** Closes at once; the sink's `end` gets the error. */
  destroy(error?: unknown): void
}
