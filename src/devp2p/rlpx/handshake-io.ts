import { attempt } from '../../base/attempt.ts'
import type { Clock } from '../../base/clock.ts'
import { HandshakeError, TimeoutError } from '../../base/errors.ts'
import type { ByteStream, StreamSink } from '../../net/index.ts'
import type { Handshake, HandshakeResult } from './handshake.ts'

/** Milliseconds for both messages together: go-ethereum's `handshakeTimeout` (p2p/transport.go). */
export const HANDSHAKE_TIMEOUT = 5_000

export interface ExchangeOptions {
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly timeout: number
}

/** A handshake that succeeded. The stream is paused; its next bytes are frames. */
export interface Established extends HandshakeResult {
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * Runs a handshake over a stream, then hands the stream over to the sink that `established` makes, and resolves with
 * it. Rejects with a `HandshakeError`, or with the signal's reason; the stream is destroyed then.
 */
export function exchangeHandshake<S extends StreamSink>(
  stream: ByteStream,
  handshake: Handshake,
  options: ExchangeOptions,
  established: (result: Established) => S,
): Promise<S> {
  const { clock, signal, timeout } = options
  if (signal?.aborted) stream.destroy(signal.reason)
  const explain = (why: unknown): unknown =>
    why instanceof TimeoutError
      ? failure(handshake, 'ERR_HANDSHAKE_TIMEOUT', `no handshake within ${timeout} ms`, why)
      : why
  return attempt<S>({ clock, what: 'RLPx handshake', timeout, signal, explain }, ({ resolve, fail }) => {
    const handOver = (result: Established): void => {
      const next = established(result)
      stream.open(next)
      resolve(next)
    }
    new Exchange(stream, { handshake, handOver, fail }).start()
    return (error) => stream.destroy(error)
  })
}

/** Outcomes of a handshake that is in flight. */
interface Pending {
  readonly handshake: Handshake
  readonly handOver: (result: Established) => void
  readonly fail: (error: unknown) => void
}

/** Sink of a stream while its handshake is in flight. */
class Exchange implements StreamSink {
  readonly #stream: ByteStream
  readonly #pending: Pending
  #bytesIn = 0
  #bytesOut = 0

  constructor(stream: ByteStream, pending: Pending) {
    this.#stream = stream
    this.#pending = pending
  }

  start(): void {
    this.#send(this.#pending.handshake.opening)
    this.#stream.open(this)
  }

  data(chunk: Uint8Array): void {
    const { handshake, fail } = this.#pending
    this.#bytesIn += chunk.length
    try {
      const result = handshake.push(chunk)
      if (result) this.#finish(result)
    } catch (error) {
      fail(error)
    }
  }

  drain(): void {} // both messages are small

  end(error?: unknown): void {
    const { handshake, fail } = this.#pending
    fail(failure(handshake, 'ERR_HANDSHAKE_CLOSED', 'the remote closed the connection during the handshake', error))
  }

  #finish(result: HandshakeResult): void {
    this.#stream.pause()
    this.#send(result.reply)
    this.#pending.handOver({ ...result, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut })
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#bytesOut += bytes.length
    this.#stream.write(bytes)
  }
}

function failure(
  { stage }: Handshake,
  code: 'ERR_HANDSHAKE_TIMEOUT' | 'ERR_HANDSHAKE_CLOSED',
  message: string,
  cause: unknown,
): HandshakeError {
  return new HandshakeError(code, stage, message, { cause })
}
