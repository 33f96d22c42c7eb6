/**
 * RLPx over a stream: frames in and out once the handshake has told who is there.
 * @see https://github.com/ethereum/devp2p/blob/master/rlpx.md
 * @module
 */
import { EMPTY_BYTES } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { PeerClosedError, TimeoutError } from '../../base/errors.ts'
import type { ByteStream, Endpoint, StreamSink } from '../../net/index.ts'
import type { FrameSink, Transport } from '../../peer/index.ts'
import { type DeadlineOwner, ReadDeadline, WriteDeadline } from './deadlines.ts'
import { type FrameLimits, FrameReader, type MessageSink } from './frame-reader.ts'
import { FrameWriter, type PreparedFrame } from './frame-writer.ts'
import { type Handshake, Initiator, Recipient } from './handshake.ts'
import { type Established, exchangeHandshake, HANDSHAKE_TIMEOUT } from './handshake-io.ts'

/** go-ethereum's `frameReadTimeout` (p2p/transport.go), in milliseconds: for one frame, and for silence. */
export const READ_TIMEOUT = 30_000
/** go-ethereum's `frameWriteTimeout`, in milliseconds. */
export const WRITE_TIMEOUT = 20_000
/** Unsent bytes at which `write` asks to wait: above the socket's own mark, so that it never runs dry in between. */
export const HIGH_WATER_BYTES: number = 256 * 1024
/** Bytes on the wire at which a batch is sent before its tick ends: the system can send while we seal more. */
const BATCH_BYTES = 128 * 1024
/**
 * Bytes, on the wire and unpacked, after which the event loop turns to the other connections. Node alone reads up to 2 MiB
 * from one socket in a row, which is milliseconds of keccak: a few peers that send so would keep all others waiting.
 */
const TURN_BYTES = 512 * 1024
/** What a frame counts for beside its payload: empty ones cost time, too. */
const TURN_FRAME_BYTES = 2 * 1024

export interface RlpxOptions {
  /** Our node key; used in the handshake and not kept. The public half is computed where it is left out. */
  readonly key: { readonly privateKey: Uint8Array; readonly publicKey?: Uint8Array }
  /** @default systemClock */
  readonly clock?: Clock
  /** Gives up the handshake; the promise rejects with the signal's reason. Means nothing afterwards. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole handshake. @default 5000 */
  readonly handshakeTimeout?: number
  /** Milliseconds for one frame of the remote, and for its silence. @default 30000 */
  readonly readTimeout?: number
  /** Milliseconds in which something written has to leave. @default 20000 */
  readonly writeTimeout?: number
  /** Unsent bytes at which `write` answers false. @default 256 KiB */
  readonly highWaterBytes?: number
}

export interface RlpxInitiateOptions extends RlpxOptions {
  /** Who is expected at the other end: 64 bytes. */
  readonly remotePublicKey: Uint8Array
}

interface Port extends StreamSink, MessageSink, DeadlineOwner {
  readonly transport: RlpxTransport
  flush(): void
}

function flushLater(port: Port): void {
  port.flush()
}

/**
 * An encrypted, authenticated connection to one node. Keys are message ids.
 *
 * `pause` holds even within a chunk: after it returns, no frame is delivered until `resume`. `open` may be called again
 * to hand over to another sink, as from the Hello exchange to the peer. After the first error nothing is delivered.
 */
export class RlpxTransport implements Transport<number> {
  /** 64 bytes: who is at the other end, proven by the handshake. */
  readonly remotePublicKey: Uint8Array
  /** What the stream, the reader, the deadlines and the next tick call: not for our users. */
  static readonly #Port = class implements Port {
    readonly transport: RlpxTransport

    constructor(transport: RlpxTransport) {
      this.transport = transport
    }

    data(chunk: Uint8Array): void {
      this.transport.#data(chunk)
    }

    drain(): void {
      this.transport.#drained()
    }

    end(error: unknown): void {
      this.transport.#streamEnded(error)
    }

    message(code: number, payload: Uint8Array): void {
      this.transport.#message(code, payload)
    }

    isStopped(): boolean {
      return this.transport.#isStopped()
    }

    flush(): void {
      this.transport.#flush()
    }

    bytesLeft(): number | undefined {
      return this.transport.#bytesLeft()
    }

    readExpired(): void {
      this.transport.#fail(new TimeoutError('the remote is silent: read', this.transport.#readTimeout))
    }

    writeExpired(): void {
      this.transport.#fail(new TimeoutError('the remote does not read: write', this.transport.#writeTimeout))
    }
  }

  readonly #port: Port = new RlpxTransport.#Port(this)
  readonly #stream: ByteStream
  readonly #reader: FrameReader
  readonly #writer: FrameWriter
  /** What was written in this tick: it leaves as one. BOUNDED: BATCH_BYTES and one frame. */
  #batch: PreparedFrame[] = []
  #batchBytes = 0
  readonly #clock: Clock
  readonly #readTimeout: number
  readonly #writeTimeout: number
  readonly #highWaterBytes: number
  readonly #writeDeadline: WriteDeadline
  #readDeadline: ReadDeadline | undefined
  #sink: FrameSink<number> | undefined
  #paused = false
  /** Whether it is the others' turn, and what was delivered since it last was. */
  #yielding = false
  #turnBytes = 0
  /** What of a chunk is left undelivered. BOUNDED: one chunk, because the stream is paused with us. */
  #held: Uint8Array
  #waking = false
  #flushing = false
  #streamFull = false
  #owesDrain = false
  #bytesIn: number
  #bytesOut: number
  #frames = 0
  #closing: Promise<void> | undefined
  #end: { readonly error: unknown } | undefined

  /** Dials: proves who we are, and that the remote is who we think. Rejects with `HandshakeError`. */
  static async initiate(stream: ByteStream, options: RlpxInitiateOptions): Promise<RlpxTransport> {
    const { key, remotePublicKey } = options
    const { privateKey, publicKey } = key
    return RlpxTransport.#shake(stream, options, () => new Initiator({ privateKey, publicKey, remotePublicKey }))
  }

  /** Is dialed: answers a handshake, and learns who it is. Rejects with `HandshakeError`. */
  static async accept(stream: ByteStream, options: RlpxOptions): Promise<RlpxTransport> {
    return RlpxTransport.#shake(stream, options, () => new Recipient({ privateKey: options.key.privateKey }))
  }

  static async #shake(stream: ByteStream, options: RlpxOptions, begin: () => Handshake): Promise<RlpxTransport> {
    const { clock = systemClock, signal, handshakeTimeout: timeout = HANDSHAKE_TIMEOUT } = options
    let handshake: Handshake
    try {
      handshake = begin()
    } catch (error) {
      stream.destroy(error)
      throw error
    }
    const established = (result: Established): Port => new RlpxTransport(stream, result, options).#port
    const port = await exchangeHandshake(stream, handshake, { clock, signal, timeout }, established)
    return port.transport
  }

  private constructor(stream: ByteStream, result: Established, options: RlpxOptions) {
    this.remotePublicKey = result.remotePublicKey.slice() // not the message it came in
    this.#stream = stream
    this.#clock = options.clock ?? systemClock
    this.#readTimeout = options.readTimeout ?? READ_TIMEOUT
    this.#writeTimeout = options.writeTimeout ?? WRITE_TIMEOUT
    this.#highWaterBytes = options.highWaterBytes ?? HIGH_WATER_BYTES
    this.#held = result.rest
    this.#bytesIn = result.bytesIn
    this.#bytesOut = result.bytesOut
    this.#reader = new FrameReader(result.secrets, this.#port)
    this.#writer = new FrameWriter(result.secrets, (bytes) => this.#send(bytes))
    this.#writeDeadline = new WriteDeadline(this.#clock, this.#writeTimeout, this.#port)
  }

  get local(): Endpoint {
    return this.#stream.local
  }

  get remote(): Endpoint {
    return this.#stream.remote
  }

  /** Bytes received, the handshake included. */
  get bytesIn(): number {
    return this.#bytesIn
  }

  /** Bytes handed to the stream, the handshake included. */
  get bytesOut(): number {
    return this.#bytesOut
  }

  /** Compresses and expects compression from the next message on: call it when the remote's Hello has been read. */
  setSnappy(on: boolean): void {
    this.#reader.snappy = on
    this.#writer.snappy = on
  }

  /** What the remote may send from the next frame on. A frame past it ends the connection. @default 16 MiB - 1 each */
  setLimits(limits: FrameLimits): void {
    this.#reader.limits = limits
  }

  open(sink: FrameSink<number>): void {
    this.#sink = sink
    if (this.#end) return queueMicrotask(() => sink.end(this.#end?.error))
    this.#readDeadline ??= new ReadDeadline(this.#clock, this.#readTimeout, this.#port)
    if (this.#paused) this.#readDeadline.pause()
    this.#wakeSoon()
  }

  /**
   * Throws `CodecError` `ERR_RLPX_TOO_LARGE`, and nothing is sent, for a message of more than 16 MiB - 1, compressed or
   * not. After the end it does nothing and answers true.
   */
  write(code: number, payload: Uint8Array): boolean {
    if (this.#end || this.#closing) return true
    const frame = this.#writer.prepare(code, payload)
    this.#batch.push(frame)
    this.#batchBytes += frame.wireBytes
    if (this.#batchBytes >= BATCH_BYTES) this.#sendBatch()
    if (!this.#flushing) {
      this.#flushing = true
      // Behind the promises of this tick: what they answer leaves in the same write.
      process.nextTick(flushLater, this.#port)
    }
    if (this.#stream.bufferedBytes + this.#batchBytes < this.#highWaterBytes) return true
    this.#owesDrain = true
    return false
  }

  pause(): void {
    this.#paused = true
    this.#reader.interrupt()
    this.#readDeadline?.pause()
    this.#stream.pause()
  }

  resume(): void {
    this.#paused = false
    this.#readDeadline?.resume()
    this.#wakeSoon()
  }

  close(): Promise<void> {
    this.#reader.interrupt()
    this.#closing ??= this.#shut()
    return this.#closing
  }

  destroy(error?: unknown): void {
    this.#fail(error)
  }

  #isStopped(): boolean {
    return this.#paused || this.#yielding || !this.#sink || this.#closing !== undefined || this.#end !== undefined
  }

  #data(chunk: Uint8Array): void {
    this.#bytesIn += chunk.length
    this.#turnBytes += chunk.length
    this.#read(chunk)
    if (this.#turnBytes >= TURN_BYTES && !this.#isStopped()) this.#yield()
  }

  #read(chunk: Uint8Array): void {
    const frames = this.#frames
    try {
      const end = this.#reader.push(chunk)
      this.#held = end < chunk.length && !this.#end ? chunk.subarray(end) : EMPTY_BYTES
    } catch (error) {
      return this.#fail(error)
    }
    if (this.#frames !== frames) this.#readDeadline?.touch()
    if (this.#reader.busy && !this.#yielding) this.#yield()
  }

  #message(code: number, payload: Uint8Array): void {
    this.#frames++
    this.#turnBytes += payload.length + TURN_FRAME_BYTES
    this.#sink?.frame(code, payload)
    if (this.#turnBytes >= TURN_BYTES) this.#yield()
  }

  #yield(): void {
    this.#turnBytes = 0
    this.#yielding = true
    this.#stream.pause()
    setImmediate(() => {
      this.#yielding = false
      this.#wake()
    })
  }

  /** Delivery never begins inside a call of the receiver's. */
  #wakeSoon(): void {
    if (this.#waking) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      this.#wake()
    })
  }

  #wake(): void {
    if (this.#isStopped()) return
    if (this.#held.length > 0 || this.#reader.busy) this.#read(this.#held)
    if (!this.#isStopped()) this.#stream.resume()
  }

  #flush(): void {
    this.#flushing = false
    if (this.#end) return
    this.#sendBatch()
    if (!this.#streamFull) this.#giveRoom()
  }

  #sendBatch(): void {
    const frames = this.#batch
    if (frames.length === 0) return
    this.#batch = []
    this.#batchBytes = 0
    this.#writer.write(frames)
  }

  #send(bytes: Uint8Array): void {
    this.#bytesOut += bytes.length
    if (!this.#stream.write(bytes)) this.#streamFull = true
    this.#writeDeadline.watch()
  }

  #drained(): void {
    this.#streamFull = false
    this.#giveRoom()
  }

  #giveRoom(): void {
    if (!this.#owesDrain || this.#end || this.#closing) return
    this.#owesDrain = false
    this.#sink?.drain()
  }

  #bytesLeft(): number | undefined {
    const waiting = this.#stream.bufferedBytes
    return waiting === 0 ? undefined : this.#bytesOut - waiting
  }

  #streamEnded(error: unknown): void {
    const cutOff = error === undefined && !this.#closing && this.#reader.midFrame
    this.#finish(cutOff ? new PeerClosedError('remote', 'the connection ended inside a frame') : error)
  }

  async #shut(): Promise<void> {
    if (!this.#end) this.#sendBatch()
    await this.#stream.end()
    this.#finish(undefined)
  }

  #fail(error: unknown): void {
    this.#stream.destroy(error)
    this.#finish(error)
  }

  #finish(error: unknown): void {
    if (this.#end) return
    this.#end = { error }
    this.#readDeadline?.cancel()
    this.#writeDeadline.cancel()
    this.#reader.free()
    this.#writer.free()
    this.#batch = []
    this.#held = EMPTY_BYTES
    this.#sink?.end(error)
  }
}
