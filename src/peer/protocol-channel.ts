/**
 * Implementation of {@link Channel}: decodes inbound messages, encodes outbound ones.
 * @module
 */
import { InternalError, type PeerClosedError, ProtocolError, TimeoutError } from '../base/errors.ts'
import { Queue } from '../base/queue.ts'
import {
  type Channel,
  type Message,
  type MessageSpec,
  type MessageTable,
  type RawMessage,
  type Reply,
  type RequestOptions,
  type SendOptions,
  type SendPriority,
  UNKNOWN_KEY,
  type UnknownMessage,
  type WaitOptions,
} from './channel.ts'
import { deadline, type Pausable } from './deadline.ts'
import { Meter } from './meters.ts'
import type { AnyProtocol, Mounted } from './protocol.ts'
import { SendQueue } from './send-queue.ts'
import { type Row, type Table, tableOf } from './table.ts'
import type { MessageKey } from './transport.ts'

/** Part of a peer that its channels use. */
export interface ChannelOwner extends Pausable {
  readonly receiveBudgetBytes: number
  /** Sends a message of `channel`; `key` is relative to it. */
  write(channel: ProtocolChannel, key: MessageKey, payload: Uint8Array, priority: SendPriority): Promise<void>
  /** Called when a channel that was over its receive budget has room. */
  caughtUp(channel: ProtocolChannel): void
}

interface Entry extends RawMessage {
  readonly row: Row
  readonly body?: unknown
}

/** A request in flight. */
interface Expectation {
  /** True when the request names several messages, so that its answer has to tell which came. */
  readonly several: boolean
  readonly where: ((answer: unknown) => boolean) | undefined
  resolve(answer: unknown): void
  reject(error: unknown): void
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true }
/** Memory of an unread message beside its payload: its entry, the payload's view and its buffer. */
const ENTRY_OVERHEAD_BYTES = 320

export class ProtocolChannel implements Channel {
  readonly protocol: AnyProtocol
  readonly offset: number
  readonly sendQueue = new SendQueue()
  readonly #owner: ChannelOwner
  readonly #table: Table
  /** Meters by the row's index. BOUNDED: by the table. */
  readonly #meters: (Meter | undefined)[] = []
  readonly #queue: Queue<Entry>
  /**
   * Requests in flight. BOUNDED: by the protocol's own calls of `request`; each has a deadline or ends with the peer.
   */
  #expected: Map<MessageKey, Set<Expectation>> | undefined
  #closed: PeerClosedError | undefined

  constructor({ protocol, offset }: Mounted, owner: ChannelOwner) {
    this.protocol = protocol
    this.offset = offset
    this.#owner = owner
    this.#table = tableOf(protocol)
    this.#queue = new Queue({ highWaterBytes: owner.receiveBudgetBytes, onDrain: () => owner.caughtUp(this) })
  }

  /** Meters of the messages in the table, and of others that were received or sent. */
  get meters(): readonly Meter[] {
    const rows = Array.from(this.#table.rows).filter(({ spec, index }) => spec || this.#meters[index])
    return rows.map((row) => this.#meterOf(row))
  }

  /** @returns true if a message with this key, relative to the channel, belongs to this protocol. */
  owns(key: MessageKey): boolean {
    return this.#table.owns(key)
  }

  /**
   * Takes a message off the transport, in the socket's tick. False when the protocol is over its receive budget.
   * Throws when the message breaks the protocol.
   */
  deliver(key: MessageKey, payload: Uint8Array): boolean {
    const row = this.#table.row(key)
    if (!row) throw new ProtocolError('ERR_UNKNOWN_MESSAGE', `${this.protocol.name}: unknown message ${key}`)
    const { received } = this.#meterOf(row)
    received.messages++
    received.bytes += payload.length
    const max = row.spec?.maxBytes
    if (max !== undefined && payload.length > max) throw tooBig(this.protocol.name, row.name, payload.length, max)
    const waiting = this.#expected?.get(row.key)
    if (!waiting || waiting.size === 0) return this.#enqueue({ key, payload, row, receivedAt: this.#owner.clock.now() })
    const body = decode(row, key, payload)
    for (const expectation of waiting) {
      const answer = expectation.several ? { name: row.name, body } : body
      if (expectation.where && !expectation.where(answer)) continue
      expectation.resolve(answer)
      return true
    }
    return this.#enqueue({ key, payload, row, body, receivedAt: this.#owner.clock.now() })
  }

  send(name: string, body: unknown, options?: SendOptions): Promise<void> {
    if (this.#closed) return this.#refuse()
    const spec = this.protocol.messages[name]
    if (!spec) return Promise.reject(this.#unknown(name))
    return this.#send(spec.key, spec.codec.encode(body), options?.priority)
  }

  async expect(name: string, options: WaitOptions = {}): Promise<never> {
    const entry = await this.#next(`${this.protocol.name}/${name}`, options)
    if (!entry) throw this.#closed ?? new InternalError('a channel ended without its peer')
    if (entry.row.name !== name) throw unexpected(this.protocol.name, entry.row.name, name)
    return this.#bodyOf(entry) as never
  }

  request(name: string, body: unknown, options: RequestOptions<MessageTable, Reply<MessageTable>>): Promise<never> {
    const { reply, signal, timeout } = options
    if (this.#closed) return this.#refuse()
    if (signal?.aborted) return Promise.reject(signal.reason)
    const names = typeof reply === 'string' ? [reply] : reply
    const { messages } = this.protocol
    const question = messages[name]
    const unknown = question ? names.find((each) => !messages[each]) : name
    if (!question || unknown !== undefined) return Promise.reject(this.#unknown(unknown ?? name))
    return new Promise((resolve, reject) => {
      const payload = question.codec.encode(body) // before anything waits: it may throw
      const waiting = names.map((each) => this.#waitingFor((messages[each] as MessageSpec<unknown>).key))
      const done = (): void => {
        for (const set of waiting) set.delete(expectation)
        stop()
      }
      const expectation: Expectation = {
        several: typeof reply !== 'string',
        where: options.where as Expectation['where'],
        resolve(answer) {
          done()
          resolve(answer as never)
        },
        reject(error) {
          done()
          reject(error)
        },
      }
      for (const set of waiting) set.add(expectation) // before the send, so that no answer is missed
      const stop = this.#watch(`${this.protocol.name}/${name}`, { signal, timeout }, expectation.reject)
      this.#send(question.key, payload).catch(expectation.reject)
    })
  }

  read(options: WaitOptions = {}): Promise<RawMessage | undefined> {
    return this.#next(this.protocol.name, options)
  }

  write(key: MessageKey, payload: Uint8Array): Promise<void> {
    if (this.#closed) return this.#refuse()
    if (!this.#table.row(key)) return Promise.reject(new InternalError(`${this.protocol.name} has no message ${key}`))
    return this.#send(key, payload)
  }

  [Symbol.asyncIterator](): AsyncIterator<Message<MessageTable>, undefined> {
    return {
      next: async () => {
        const entry = this.#queue.shift() ?? (await this.#queue.take())
        if (!entry) return DONE
        return { value: { name: entry.row.name, body: this.#bodyOf(entry) }, done: false }
      },
      return: async () => DONE,
    }
  }

  /** Ends the channel. Queued messages are still read when the remote ended the peer, and dropped otherwise. */
  close(reason: PeerClosedError): void {
    if (this.#closed) return
    this.#closed = reason
    for (const waiting of this.#expected?.values() ?? []) for (const { reject } of waiting) reject(reason)
    if (reason.side === 'remote') this.#queue.end()
    else this.#queue.clear()
  }

  #send(key: MessageKey, payload: Uint8Array, priority: SendPriority = 'normal'): Promise<void> {
    const { sent } = this.#meterOf(this.#table.row(key) as Row)
    sent.messages++
    sent.bytes += payload.length
    return this.#owner.write(this, key, payload, priority)
  }

  #unknown(name: string): InternalError {
    return new InternalError(`${this.protocol.name} has no message ${JSON.stringify(name)}`)
  }

  #refuse(): Promise<never> {
    const refusal = Promise.reject(this.#closed)
    refusal.catch(() => {}) // a send that is not awaited must not be an unhandled rejection
    return refusal
  }

  #meterOf(row: Row): Meter {
    const known = this.#meters[row.index]
    if (known) return known
    const meter = new Meter(this.protocol.name, row.key, row.name)
    this.#meters[row.index] = meter
    return meter
  }

  #enqueue(entry: Entry): boolean {
    return this.#queue.push(entry, entry.payload.length + ENTRY_OVERHEAD_BYTES)
  }

  #bodyOf(entry: Entry): unknown {
    return 'body' in entry ? entry.body : decode(entry.row, entry.key, entry.payload)
  }

  #waitingFor(key: MessageKey): Set<Expectation> {
    this.#expected ??= new Map()
    const held = this.#expected.get(key)
    if (held) return held
    const waiting = new Set<Expectation>()
    this.#expected.set(key, waiting)
    return waiting
  }

  #next(what: string, options: WaitOptions): Promise<Entry | undefined> {
    return options.timeout === undefined ? this.#queue.take(options) : this.#nextInTime(what, options)
  }

  async #nextInTime(what: string, options: WaitOptions): Promise<Entry | undefined> {
    const held = this.#queue.shift()
    if (held) return held
    if (options.signal?.aborted) throw options.signal.reason
    const abort = new AbortController()
    const stop = this.#watch(what, options, (error) => abort.abort(error))
    try {
      return await this.#queue.take({ signal: abort.signal })
    } finally {
      stop()
    }
  }

  /**
   * Calls `fail` when the signal aborts or the time is up; time in which this side had paused the socket is not
   * counted.
   */
  #watch(what: string, { signal, timeout }: WaitOptions, fail: (error: unknown) => void): () => void {
    const onAbort = (): void => fail(signal?.reason)
    signal?.addEventListener('abort', onAbort, { once: true })
    const expired = (): void => fail(new TimeoutError(what, timeout as number))
    const timer = timeout === undefined ? undefined : deadline(this.#owner, timeout, expired, { ref: true })
    return () => {
      signal?.removeEventListener('abort', onAbort)
      timer?.cancel()
    }
  }
}

function decode(row: Row, key: MessageKey, payload: Uint8Array): unknown {
  if (row.key === UNKNOWN_KEY) return { key, payload } satisfies UnknownMessage
  return row.spec ? row.spec.codec.decode(payload) : payload
}

function tooBig(protocol: string, name: string, bytes: number, max: number): ProtocolError {
  return new ProtocolError('ERR_MESSAGE_TOO_BIG', `${protocol}/${name}: ${bytes} bytes, at most ${max} allowed`)
}

function unexpected(protocol: string, got: string, want: string): ProtocolError {
  return new ProtocolError('ERR_UNEXPECTED_MESSAGE', `${protocol}: received ${got}, expected ${want}`)
}
