import type { Clock, Timer } from '../../base/clock.ts'
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
  return new Promise((resolve, reject) => {
    const handOver = (result: Established): void => {
      const next = established(result)
      stream.open(next)
      resolve(next)
    }
    new Exchange(stream).start({ handshake, options, handOver, reject })
  })
}

/** Work of a handshake that is in flight. */
interface Pending {
  readonly handshake: Handshake
  readonly options: ExchangeOptions
  readonly handOver: (result: Established) => void
  readonly reject: (error: unknown) => void
  readonly onAbort: () => void
  readonly timer: Timer
}

/** Sink of a stream while its handshake is in flight. */
class Exchange implements StreamSink {
  readonly #stream: ByteStream
  #pending: Pending | undefined
  #bytesIn = 0
  #bytesOut = 0

  constructor(stream: ByteStream) {
    this.#stream = stream
  }

  start(work: Omit<Pending, 'onAbort' | 'timer'>): void {
    const { handshake, options, reject } = work
    const { clock, signal, timeout } = options
    if (signal?.aborted) {
      this.#stream.destroy(signal.reason)
      return reject(signal.reason)
    }
    const onAbort = (): void => this.#fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer = clock.setTimer(timeout, () => {
      const cause = new TimeoutError('RLPx handshake', timeout)
      this.#fail(this.#error('ERR_HANDSHAKE_TIMEOUT', `no handshake within ${timeout} ms`, cause))
    })
    this.#pending = { ...work, onAbort, timer }
    this.#send(handshake.opening)
    this.#stream.open(this)
  }

  data(chunk: Uint8Array): void {
    const pending = this.#pending
    if (!pending) return
    this.#bytesIn += chunk.length
    try {
      const result = pending.handshake.push(chunk)
      if (result) this.#finish(result, pending)
    } catch (error) {
      this.#fail(error)
    }
  }

  drain(): void {} // both messages are small

  end(error?: unknown): void {
    this.#fail(this.#error('ERR_HANDSHAKE_CLOSED', 'the remote closed the connection during the handshake', error))
  }

  #finish(result: HandshakeResult, { handOver }: Pending): void {
    this.#stream.pause()
    this.#send(result.reply)
    handOver({ ...result, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut })
    this.#settle()
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#bytesOut += bytes.length
    this.#stream.write(bytes)
  }

  #fail(error: unknown): void {
    const pending = this.#settle()
    if (!pending) return
    this.#stream.destroy(error)
    pending.reject(error)
  }

  #settle(): Pending | undefined {
    const pending = this.#pending
    this.#pending = undefined
    pending?.timer.cancel()
    pending?.options.signal?.removeEventListener('abort', pending.onAbort)
    return pending
  }

  #error(code: 'ERR_HANDSHAKE_TIMEOUT' | 'ERR_HANDSHAKE_CLOSED', message: string, cause: unknown): HandshakeError {
    return new HandshakeError(code, this.#pending?.handshake.stage ?? 'rlpx', message, { cause })
  }
}
