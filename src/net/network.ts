/**
 * Interfaces of connections and networks, whether bytes cross a wire or stay in this process.
 * @module
 */

/** IP address, normalised as `parseIp` does it, and port. */
export interface Endpoint {
  readonly ip: string
  readonly port: number
}

/** Receiver of a stream. A throw from one of its methods destroys the stream with the thrown error. */
export interface StreamSink {
  /** Takes bytes, in the order they were sent; chunk borders mean nothing. The chunk belongs to the receiver. */
  data(chunk: Uint8Array): void
  /** Called once after a write that returned false, when the bytes written have left. */
  drain(): void
  /**
   * Called once, after all data, whichever side ended the stream. `error` is absent when either side closed in order,
   * the argument of `destroy`, or a `PeerClosedError` when the connection broke.
   */
  end(error?: unknown): void
}

/** A connection: TCP, or one in memory. When the remote ends, the stream has ended for both directions. */
export interface ByteStream {
  readonly local: Endpoint
  readonly remote: Endpoint
  /**
   * Begins delivery to `sink`, or hands the stream over from the sink before: from this call on `sink` gets everything,
   * and the sink before gets nothing more. No byte is lost, repeated or reordered.
   *
   * - Before the first `open` nothing is delivered; what arrives is kept, the end included.
   * - Inside a call of `data`, the chunk of that call stays with the sink that was called; its owner passes on what it
   *   has read and does not need. The chunk that follows goes to the new sink. A throw from that call still destroys
   *   the stream.
   * - A paused stream stays paused; `data` and an `end` that waits for `resume` go to the sink of that time.
   * - A `drain` that is owed goes to the sink of the time at which the bytes have left.
   * - Once `end` has been called, each later sink gets a call of its own with the same error, paused or not.
   *
   * A sink is never called from inside a call to the stream.
   */
  open(sink: StreamSink): void
  /**
   * Queues bytes, which belong to the stream from now on. Each write may be a system call: bytes that belong together
   * are one write. After the end it does nothing.
   * @returns false to ask for a wait until `drain`; the bytes are queued all the same. True after the end.
   */
  write(bytes: Uint8Array): boolean
  /** Bytes written that have not left yet. */
  readonly bufferedBytes: number
  /** Stops delivery at once, the end included: the remote's end is delivered after `resume`. */
  pause(): void
  resume(): void
  /**
   * Flushes, then closes; what still arrives is dropped. Resolves when closed, at the latest after
   * {@link CLOSE_TIMEOUT} even if the remote does not read. Never rejects.
   */
  end(): Promise<void>
  /** Closes at once, without flushing. The sink's `end` gets `error`. */
  destroy(error?: unknown): void
}

/** Accepts connections until it is closed. Connections that it accepted live on without it. */
export interface Listener extends AsyncDisposable {
  /** Bound endpoint, with the port that the system chose if 0 was asked for. */
  readonly endpoint: Endpoint
  close(): Promise<void>
}

export interface ListenOptions {
  /** IP to bind. @default all of this machine */
  readonly host?: string
  /** Port to bind; 0 takes any free one. */
  readonly port: number
  onConnection(stream: ByteStream): void
  /** Called when accepting fails, for example with too many open files; the listener goes on. */
  onError?(error: unknown): void
}

export interface ConnectOptions {
  /** Cancels the attempt; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the attempt. @default 15000 */
  readonly timeout?: number | undefined
}

export interface Network {
  /** Listens for connections. Rejects with a `ConfigError` naming `port` or `host` when it cannot listen there. */
  listen(options: ListenOptions): Promise<Listener>
  /** Connects. Rejects with `HandshakeError` (`ERR_CONNECT`, stage `connect`), whose cause says why. */
  connect(endpoint: HostAndPort, options?: ConnectOptions): Promise<ByteStream>
}

/** Address to connect to. `host` is an IP, or a name to be looked up. */
export interface HostAndPort {
  readonly host: string
  readonly port: number
}

/** Milliseconds for an attempt to connect: go-ethereum's `defaultDialTimeout` (p2p/dial.go). */
export const CONNECT_TIMEOUT = 15_000

/** Milliseconds for which `end()` waits for the remote to take what is left and to close its side. */
export const CLOSE_TIMEOUT = 2_000

/** Unsent bytes at which `write` returns false: two full reads of a socket. */
export const STREAM_HIGH_WATER_BYTES = 128 * 1024

/** Formats an endpoint: `10.0.0.1:30303`, `[2001:db8::1]:30303`. */
export function formatEndpoint(ip: string, port: number): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}
