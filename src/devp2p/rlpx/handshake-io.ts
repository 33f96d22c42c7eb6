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
    const done = (result: Established): S => {
      const next = established(result)
      resolve(next)
      return next
    }
    new Exchange(stream).start({ handshake, options, established: done, reject })
  })
}

/** What is needed until the handshake is over, and would be kept as long as the connection if it were not let go. */
interface Pending {
  readonly handshake: Handshake
  readonly options: ExchangeOptions
  readonly established: (result: Established) => StreamSink
  readonly reject: (error: unknown) => void
  readonly onAbort: () => void
  readonly timer: Timer
}

class Exchange implements StreamSink {
  readonly #stream: ByteStream
  #pending: Pending | undefined
  #next: StreamSink | undefined
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
    if (this.#next) return this.#next.data(chunk)
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

  drain(): void {
    this.#next?.drain()
  }

  end(error?: unknown): void {
    if (this.#next) return this.#next.end(error)
    this.#fail(this.#error('ERR_HANDSHAKE_CLOSED', 'the remote closed the connection during the handshake', error))
  }

  #finish(result: HandshakeResult, { established }: Pending): void {
    this.#stream.pause()
    this.#send(result.reply)
    this.#next = established({ ...result, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut })
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
