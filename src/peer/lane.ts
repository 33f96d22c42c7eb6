/**
 * The inside of a {@link Channel}: decodes what comes in, encodes what goes out.
 * @module
 */
import { InternalError, type PeerClosedError, ProtocolError, TimeoutError } from '../base/errors.ts'
import { Queue } from '../base/queue.ts'
import { deadline, type Pausable } from './deadline.ts'
import { Meter } from './meters.ts'
import type { OutLane } from './outbox.ts'
import {
  type AnyProtocol,
  type Channel,
  type Message,
  type MessageSpec,
  type MessageTable,
  protocolLength,
  type RawMessage,
  type RequestOptions,
  type WaitOptions,
} from './protocol.ts'
import type { MessageKey } from './transport.ts'

/** What a lane needs of the peer it belongs to. */
export interface LanePeer extends Pausable {
  readonly receiveBudgetBytes: number
  /** `key` is relative to the lane. */
  write(lane: Lane, key: MessageKey, payload: Uint8Array): Promise<void>
  /** The lane's queue, which had been over its budget, has room. */
  caughtUp(lane: Lane): void
}

interface Entry extends RawMessage {
  readonly row: Row
  readonly body?: unknown
}

/** A table row with its wire key and what went over it. */
interface Row {
  readonly name: string
  readonly spec: MessageSpec<unknown> | undefined
  readonly meter: Meter
}

interface Expectation {
  readonly where: ((body: unknown) => boolean) | undefined
  resolve(body: unknown): void
  reject(error: unknown): void
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true }
const ENTRY_OVERHEAD_BYTES = 128

export class Lane implements Channel {
  readonly protocol: AnyProtocol
  readonly length: number
  readonly out: OutLane
  readonly #peer: LanePeer
  readonly #rows = new Map<MessageKey, Row>()
  readonly #queue: Queue<Entry>
  /** BOUNDED: by the protocol's own calls of `request`; each has a deadline or ends with the peer. */
  readonly #expected = new Map<MessageKey, Set<Expectation>>()
  #closed: PeerClosedError | undefined

  constructor(protocol: AnyProtocol, peer: LanePeer, out: OutLane) {
    this.protocol = protocol
    this.length = protocolLength(protocol)
    this.out = out
    this.#peer = peer
    this.#queue = new Queue({ highWaterBytes: peer.receiveBudgetBytes, onDrain: () => peer.caughtUp(this) })
    for (const [name, spec] of Object.entries(protocol.messages)) {
      this.#rows.set(spec.key, { name, spec, meter: new Meter(protocol.name, spec.key, name) })
    }
  }

  get meters(): readonly Meter[] {
    return [...this.#rows.values()].map((row) => row.meter)
  }

  /** Whether a message with this key, relative to the lane, is for this protocol: numbers by range, names by the table. */
  owns(key: MessageKey): boolean {
    return typeof key === 'number' ? key >= 0 && key < this.length : this.#rows.has(key)
  }

  /**
   * Takes a message off the transport, in the socket's tick. False when the protocol is over its receive budget.
   * Throws what the remote did wrong.
   */
  deliver(key: MessageKey, payload: Uint8Array): boolean {
    const row = this.#rowOf(key)
    if (!row) throw new ProtocolError('ERR_UNKNOWN_MESSAGE', `${this.protocol.name}: unknown message ${key}`)
    row.meter.received.messages++
    row.meter.received.bytes += payload.length
    const max = row.spec?.maxBytes
    if (max !== undefined && payload.length > max) throw tooBig(this.protocol.name, row.name, payload.length, max)
    const waiting = this.#expected.get(key)
    if (!waiting || waiting.size === 0) return this.#enqueue({ key, payload, row, receivedAt: this.#peer.clock.now() })
    const body = this.#decode(row, payload)
    for (const expectation of waiting) {
      if (expectation.where && !expectation.where(body)) continue
      expectation.resolve(body)
      return true
    }
    return this.#enqueue({ key, payload, row, body, receivedAt: this.#peer.clock.now() })
  }

  send(name: string, body: unknown): Promise<void> {
    if (this.#closed) return this.#refuse()
    const spec = this.protocol.messages[name]
    if (!spec) return Promise.reject(this.#unknown(name))
    return this.#send(spec.key, spec.codec.encode(body))
  }

  async expect(name: string, options: WaitOptions = {}): Promise<never> {
    const entry = await this.#next(`${this.protocol.name}/${name}`, options)
    if (!entry) throw this.#closed ?? new InternalError('a lane ended without its peer')
    if (entry.row.name !== name) throw unexpected(this.protocol.name, entry.row.name, name)
    return this.#bodyOf(entry) as never
  }

  request(name: string, body: unknown, options: RequestOptions<MessageTable, string>): Promise<never> {
    const { reply, where, signal, timeout } = options
    if (this.#closed) return this.#refuse()
    if (signal?.aborted) return Promise.reject(signal.reason)
    const question = this.protocol.messages[name]
    const answer = this.protocol.messages[reply]
    if (!question || !answer) return Promise.reject(this.#unknown(question ? reply : name))
    return new Promise((resolve, reject) => {
      const payload = question.codec.encode(body) // what it throws must leave nothing waiting
      const done = (): void => {
        waiting.delete(expectation)
        stop()
      }
      const expectation: Expectation = {
        where: where as Expectation['where'],
        resolve(reply) {
          done()
          resolve(reply as never)
        },
        reject(error) {
          done()
          reject(error)
        },
      }
      const waiting = this.#waitingFor(answer.key)
      waiting.add(expectation) // before the send, so that no answer can slip past
      const stop = this.#watch(`${this.protocol.name}/${name}`, { signal, timeout }, expectation.reject)
      this.#send(question.key, payload).catch(expectation.reject)
    })
  }

  read(options: WaitOptions = {}): Promise<RawMessage | undefined> {
    return this.#next(this.protocol.name, options)
  }

  write(key: MessageKey, payload: Uint8Array): Promise<void> {
    if (this.#closed) return this.#refuse()
    if (!this.#rowOf(key)) return Promise.reject(new InternalError(`${this.protocol.name} has no message ${key}`))
    return this.#send(key, payload)
  }

  [Symbol.asyncIterator](): AsyncIterator<Message<MessageTable>, undefined> {
    return {
      next: async () => {
        const entry = this.#queue.shift() ?? (await this.#next(this.protocol.name, {}))
        if (!entry) return DONE
        return { value: { name: entry.row.name, body: this.#bodyOf(entry) }, done: false }
      },
      return: async () => DONE,
    }
  }

  /** What is held is still read when the remote ended in order; after our own closing nobody needs it. */
  close(reason: PeerClosedError): void {
    if (this.#closed) return
    this.#closed = reason
    for (const waiting of this.#expected.values()) for (const expectation of waiting) expectation.reject(reason)
    if (reason.side === 'remote') this.#queue.end()
    else this.#queue.clear()
  }

  #send(key: MessageKey, payload: Uint8Array): Promise<void> {
    const meter = (this.#rowOf(key) as Row).meter
    meter.sent.messages++
    meter.sent.bytes += payload.length
    return this.#peer.write(this, key, payload)
  }

  #unknown(name: string): InternalError {
    return new InternalError(`${this.protocol.name} has no message ${JSON.stringify(name)}`)
  }

  #refuse(): Promise<never> {
    const refusal = Promise.reject(this.#closed)
    refusal.catch(() => {}) // a send that nobody awaits stays quiet
    return refusal
  }

  /** A protocol without a table, or with a longer length than its table, reads and writes raw messages. */
  #rowOf(key: MessageKey): Row | undefined {
    const row = this.#rows.get(key)
    if (row || typeof key !== 'number' || key < 0 || key >= this.length || this.protocol.length === undefined)
      return row
    const raw: Row = { name: String(key), spec: undefined, meter: new Meter(this.protocol.name, key, String(key)) }
    this.#rows.set(key, raw)
    return raw
  }

  #enqueue(entry: Entry): boolean {
    return this.#queue.push(entry, entry.payload.length + ENTRY_OVERHEAD_BYTES)
  }

  #bodyOf(entry: Entry): unknown {
    return 'body' in entry ? entry.body : this.#decode(entry.row, entry.payload)
  }

  #decode(row: Row, payload: Uint8Array): unknown {
    return row.spec ? row.spec.codec.decode(payload) : payload
  }

  #waitingFor(key: MessageKey): Set<Expectation> {
    const held = this.#expected.get(key)
    if (held) return held
    const waiting = new Set<Expectation>()
    this.#expected.set(key, waiting)
    return waiting
  }

  async #next(what: string, options: WaitOptions): Promise<Entry | undefined> {
    const held = this.#queue.shift()
    if (held) return held
    if (options.timeout === undefined) return (await this.#queue.next(options)).value
    if (options.signal?.aborted) throw options.signal.reason
    const abort = new AbortController()
    const stop = this.#watch(what, options, (error) => abort.abort(error))
    try {
      return (await this.#queue.next({ signal: abort.signal })).value
    } finally {
      stop()
    }
  }

  /** Calls `fail` when the signal aborts or the time is up; time in which we had paused the socket does not count. */
  #watch(what: string, { signal, timeout }: WaitOptions, fail: (error: unknown) => void): () => void {
    const onAbort = (): void => fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const timer =
      timeout === undefined ? undefined : deadline(this.#peer, timeout, () => fail(new TimeoutError(what, timeout)))
    return () => {
      signal?.removeEventListener('abort', onAbort)
      timer?.cancel()
    }
  }
}

function tooBig(protocol: string, name: string, bytes: number, max: number): ProtocolError {
  return new ProtocolError('ERR_MESSAGE_TOO_BIG', `${protocol}/${name}: ${bytes} bytes, at most ${max}`)
}

function unexpected(protocol: string, got: string, want: string): ProtocolError {
  return new ProtocolError('ERR_UNEXPECTED_MESSAGE', `${protocol}: got ${got} where only ${want} may come`)
}
