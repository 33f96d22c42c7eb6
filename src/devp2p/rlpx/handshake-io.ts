import type { Clock, Timer } from '../../base/clock.ts'
import { HandshakeError, TimeoutError } from '../../base/errors.ts'
import type { ByteStream, StreamSink } from '../../net/index.ts'
import type { Handshake, HandshakeResult } from './handshake.ts'

/** go-ethereum's `handshakeTimeout` (p2p/transport.go): for both messages together, in milliseconds. */
export const HANDSHAKE_TIMEOUT = 5_000

export interface ExchangeOptions {
  readonly clock: Clock
  readonly signal: AbortSignal | undefined
  readonly timeout: number
}

/** A handshake that succeeded. The stream is paused; what arrives later goes to `next`. */
export interface Established extends HandshakeResult {
  readonly bytesIn: number
  readonly bytesOut: number
}

/**
 * Runs a handshake over a stream, then passes everything on to the sink that `established` gives. Rejects with a
 * `HandshakeError`, or with the signal's reason; the stream is destroyed then.
 */
export function exchangeHandshake<S extends StreamSink>(
  stream: ByteStream,
  handshake: Handshake,
  options: ExchangeOptions,
  established: (result: Established) => S,
): Promise<S> {
  return new Promise((resolve, reject) => {
    const exchange = new Exchange(stream, handshake, options, (result) => {
      const next = established(result)
      resolve(next)
      return next
    })
    exchange.start(reject)
  })
}

class Exchange implements StreamSink {
  readonly #stream: ByteStream
  readonly #handshake: Handshake
  readonly #options: ExchangeOptions
  readonly #established: (result: Established) => StreamSink
  #reject: ((error: unknown) => void) | undefined
  #timer: Timer | undefined
  #next: StreamSink | undefined
  #bytesIn = 0
  #bytesOut = 0

  constructor(
    stream: ByteStream,
    handshake: Handshake,
    options: ExchangeOptions,
    established: (result: Established) => StreamSink,
  ) {
    this.#stream = stream
    this.#handshake = handshake
    this.#options = options
    this.#established = established
  }

  start(reject: (error: unknown) => void): void {
    const { clock, signal, timeout } = this.#options
    this.#reject = reject
    if (signal?.aborted) return this.#fail(signal.reason)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#timer = clock.setTimer(timeout, () => {
      const cause = new TimeoutError('RLPx handshake', timeout)
      this.#fail(this.#error('ERR_HANDSHAKE_TIMEOUT', `no handshake within ${timeout} ms`, cause))
    })
    this.#send(this.#handshake.opening)
    this.#stream.open(this)
  }

  data(chunk: Uint8Array): void {
    if (this.#next) return this.#next.data(chunk)
    if (!this.#reject) return
    this.#bytesIn += chunk.length
    try {
      const result = this.#handshake.push(chunk)
      if (result) this.#finish(result)
    } catch (error) {
      this.#fail(error)
    }
  }

  drain(): void {
    this.#next?.drain()
  }

  end(error?: unknown): void {
    if (this.#next) return this.#next.end(error)
    this.#fail(this.#error('ERR_HANDSHAKE_CLOSED', 'the remote closed the connection during the handshake', error))
  }

  #finish(result: HandshakeResult): void {
    this.#stream.pause()
    this.#send(result.reply)
    this.#next = this.#established({ ...result, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut })
    this.#settle()
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#bytesOut += bytes.length
    this.#stream.write(bytes)
  }

  #fail(error: unknown): void {
    const reject = this.#reject
    if (!reject) return
    this.#settle()
    this.#stream.destroy(error)
    reject(error)
  }

  #settle(): void {
    this.#reject = undefined
    this.#timer?.cancel()
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason)

  #error(code: 'ERR_HANDSHAKE_TIMEOUT' | 'ERR_HANDSHAKE_CLOSED', message: string, cause: unknown): HandshakeError {
    return new HandshakeError(code, this.#handshake.stage, message, { cause })
  }
}
