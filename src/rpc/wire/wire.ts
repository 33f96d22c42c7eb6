/**
 * What a session writes to and reads from: a WebSocket, an IPC connection or the other half of a pair in this process.
 * @module
 */

/** Carries whole messages, both ways. */
export interface Wire {
  /** Sends a JSON text; what is sent in one tick may leave in one write. After the end it does nothing. */
  send(text: string): void
  /** Bytes sent that have not left yet. */
  readonly bufferedBytes: number
  /** Those of them that are being sent right now, and which the system has not taken yet. */
  readonly queuedBytes: number
  /** Stops and resumes reading. */
  pause(): void
  resume(): void
  /** Flushes and closes. `reason` reaches the other side where the transport has a way to say it. */
  close(reason?: string): void
  /** Closes at once. */
  destroy(): void
}

/** Where a wire pushes what happens. */
export interface WireSink {
  /** A parsed JSON value; `length` is that of its text. */
  message(value: unknown, length: number): void
  /** Something came that is no JSON. The sink decides whether to go on. */
  garbage(error?: unknown): void
  /** All that was sent has left. */
  drain(): void
  /** Nothing comes any more. Called once. */
  end(error?: unknown): void
}

/** A connection that delivers nothing until it is given a sink. */
export interface Dialed {
  readonly wire: Wire
  open(sink: WireSink): void
}
