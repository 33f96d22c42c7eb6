/**
 * A stream of messages in both directions. RLPx and the in-memory pipe implement it.
 * @module
 */

/** Kind of a message on the wire: a number in devp2p, a command name in Bitcoin. */
export type MessageKey = number | string

/** Receiver of a transport. Frames come in the socket's own tick, without a promise in between. */
export interface FrameSink<K extends MessageKey> {
  /** Takes one whole message, decrypted and unframed, not decoded. `payload` belongs to the receiver. */
  frame(key: K, payload: Uint8Array): void
  /** Called when there is room again after a write that returned false. */
  drain(): void
  /** Called once, after the last frame. `error` is absent when the remote closed in order. */
  end(error?: unknown): void
}

export interface Transport<K extends MessageKey> {
  /** Begins delivery, or hands it over from another sink. */
  open(sink: FrameSink<K>): void
  /**
   * Frames, encrypts and queues for the socket before this tick has ended, so writes never interleave. `payload`
   * belongs to the transport from now on. @returns false to ask for a wait until `drain`.
   */
  write(key: K, payload: Uint8Array): boolean
  /** Stops delivery; at most the frames of one socket read still come. */
  pause(): void
  resume(): void
  /** Flushes, then closes. Never rejects. */
  close(): Promise<void>
  /** Closes at once; the sink's `end` gets the error. */
  destroy(error?: unknown): void
}
