/**
 * One RLPx connection after its handshake: chunks of the stream become messages, messages become frames.
 *
 * The stream, the frame reader and the deadlines call it directly: nothing stands between them and it, because there
 * are as many calls as chunks and frames.
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
import type { Established } from './handshake-io.ts'

/** go-ethereum's `frameReadTimeout` (p2p/transport.go), in milliseconds: for one frame, and for silence. */
const READ_TIMEOUT = 30_000
/** go-ethereum's `frameWriteTimeout`, in milliseconds. */
const WRITE_TIMEOUT = 20_000
/**
 * Unsent bytes at which `write` returns false: above the socket's own mark, so that it never runs dry before `drain`.
 */
const TRANSPORT_HIGH_WATER_BYTES: number = 256 * 1024
/** Wire bytes at which a batch is sent before its tick ends, so that the system sends while more is sealed. */
const BATCH_BYTES = 128 * 1024
/**
 * Bytes, on the wire and unpacked, after which the event loop turns to the other connections. Node alone reads up to 2
 * MiB from one socket in a row, which is milliseconds of keccak: a few such peers would delay all others.
 */
const TURN_BYTES = 512 * 1024
/** Overhead of a frame, beside its payload, in {@link TURN_BYTES}: empty ones cost time, too. */
const TURN_FRAME_BYTES = 2 * 1024

export interface RlpxConnectionOptions {
  /** @default systemClock */
  readonly clock?: Clock
  /** Milliseconds for one frame of the remote, and for its silence. @default 30000 */
  readonly readTimeout?: number
  /** Milliseconds without progress while written bytes are buffered. @default 20000 */
  readonly writeTimeout?: number
  /** Unsent bytes at which `write` returns false. @default 256 KiB */
  readonly highWaterBytes?: number
}

function flushLater(connection: RlpxConnection): void {
  connection.flush()
}

/** Implementation of `RlpxTransport`. Its further methods are called by the stream, the reader and the deadlines. */
export class RlpxConnection implements Transport<number>, StreamSink, MessageSink, DeadlineOwner {
  readonly remotePublicKey: Uint8Array
  readonly #stream: ByteStream
  readonly #reader: FrameReader
  readonly #writer: FrameWriter
  /** Frames written in this tick, which leave as one write. BOUNDED: BATCH_BYTES and one frame. */
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
  /** True while the other connections have their turn. */
  #yielding = false
  /** Bytes delivered since the last turn of the others. */
  #turnBytes = 0
  /** Undelivered rest of a chunk. BOUNDED: one chunk, because the stream is paused with this connection. */
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

  constructor(stream: ByteStream, result: Established, options: RlpxConnectionOptions) {
    this.remotePublicKey = result.remotePublicKey.slice() // a slice of the message would keep all of it
    this.#stream = stream
    this.#clock = options.clock ?? systemClock
    this.#readTimeout = options.readTimeout ?? READ_TIMEOUT
    this.#writeTimeout = options.writeTimeout ?? WRITE_TIMEOUT
    this.#highWaterBytes = options.highWaterBytes ?? TRANSPORT_HIGH_WATER_BYTES
    this.#held = result.rest
    this.#bytesIn = result.bytesIn
    this.#bytesOut = result.bytesOut
    this.#reader = new FrameReader(result.secrets, this)
    this.#writer = new FrameWriter(result.secrets, (bytes) => this.#send(bytes))
    this.#writeDeadline = new WriteDeadline(this.#clock, this.#writeTimeout, this)
  }

  get local(): Endpoint {
    return this.#stream.local
  }

  get remote(): Endpoint {
    return this.#stream.remote
  }

  get bytesIn(): number {
    return this.#bytesIn
  }

  get bytesOut(): number {
    return this.#bytesOut
  }

  setSnappy(on: boolean): void {
    this.#reader.snappy = on
    this.#writer.snappy = on
  }

  setLimits(limits: FrameLimits): void {
    this.#reader.limits = limits
  }

  open(sink: FrameSink<number>): void {
    this.#sink = sink
    if (this.#end) return queueMicrotask(() => sink.end(this.#end?.error))
    this.#readDeadline ??= new ReadDeadline(this.#clock, this.#readTimeout, this)
    if (this.#paused) this.#readDeadline.pause()
    this.#wakeSoon()
  }

  write(code: number, payload: Uint8Array): boolean {
    if (this.#end || this.#closing) return true
    const frame = this.#writer.prepare(code, payload)
    this.#batch.push(frame)
    this.#batchBytes += frame.wireBytes
    if (this.#batchBytes >= BATCH_BYTES) this.#sendBatch()
    if (!this.#flushing) {
      this.#flushing = true
      // Runs behind the promises of this tick, so that their answers leave in the same write.
      process.nextTick(flushLater, this)
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

  /** Called by the stream. */
  data(chunk: Uint8Array): void {
    this.#bytesIn += chunk.length
    this.#turnBytes += chunk.length
    this.#read(chunk)
    if (this.#turnBytes >= TURN_BYTES && !this.isStopped()) this.#yield()
  }

  /** Called by the stream. */
  drain(): void {
    this.#streamFull = false
    this.#giveRoom()
  }

  /** Called by the stream. */
  end(error?: unknown): void {
    const cutOff = error === undefined && !this.#closing && this.#reader.midFrame
    this.#finish(cutOff ? new PeerClosedError('remote', 'the connection ended inside a frame') : error)
  }

  /** Called by the frame reader. */
  message(code: number, payload: Uint8Array): void {
    this.#frames++
    this.#turnBytes += payload.length + TURN_FRAME_BYTES
    this.#sink?.frame(code, payload)
    if (this.#turnBytes >= TURN_BYTES) this.#yield()
  }

  /** Called by the frame reader: true when no message may be delivered now. */
  isStopped(): boolean {
    return this.#paused || this.#yielding || !this.#sink || this.#closing !== undefined || this.#end !== undefined
  }

  /** Called by the write deadline. */
  bytesLeft(): number | undefined {
    const waiting = this.#stream.bufferedBytes
    return waiting === 0 ? undefined : this.#bytesOut - waiting
  }

  /** Called by the read deadline. */
  readExpired(): void {
    this.#fail(new TimeoutError('frame read', this.#readTimeout))
  }

  /** Called by the write deadline. */
  writeExpired(): void {
    this.#fail(new TimeoutError('frame write', this.#writeTimeout))
  }

  /** Called once behind each tick that wrote. */
  flush(): void {
    this.#flushing = false
    if (this.#end) return
    this.#sendBatch()
    if (!this.#streamFull) this.#giveRoom()
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

  #yield(): void {
    this.#turnBytes = 0
    this.#yielding = true
    this.#stream.pause()
    setImmediate(() => {
      this.#yielding = false
      this.#wake()
    })
  }

  /** Schedules {@link #wake}: delivery never begins inside a call by the sink's owner. */
  #wakeSoon(): void {
    if (this.#waking) return
    this.#waking = true
    queueMicrotask(() => {
      this.#waking = false
      this.#wake()
    })
  }

  #wake(): void {
    if (this.isStopped()) return
    if (this.#held.length > 0 || this.#reader.busy) this.#read(this.#held)
    if (!this.isStopped()) this.#stream.resume()
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

  #giveRoom(): void {
    if (!this.#owesDrain || this.#end || this.#closing) return
    this.#owesDrain = false
    this.#sink?.drain()
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
