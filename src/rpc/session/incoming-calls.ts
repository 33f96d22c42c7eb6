/**
 * Calls of the remote: dispatches them, sends the answers, and stops reading while too many run or the wire is full.
 * @module
 */
import type { Clock } from '../../base/clock.ts'
import { type Deferred, deferred } from '../../base/deferred.ts'
import { type InvalidMessage, joinResponse, type RpcRequest, readMessage } from '../wire/message.ts'
import type { Wire } from '../wire/wire.ts'
import type { CallContext, RpcRemote } from './api.ts'
import type { OutgoingCalls } from './outgoing-calls.ts'
import type { Callable } from './registry.ts'
import type { Caller, EncodedResponse, Notifier, RequestHandler } from './request-handler.ts'
import type { ServerSubscriptions } from './server-subscriptions.ts'
import type { SessionWriter } from './writer.ts'

/** Calls of one connection that run at a time; reading stops until one has ended. */
export const MAX_IN_FLIGHT = 100
/** Calls that a batch counts as. */
const BATCH_WEIGHT = 10

export interface IncomingCallsOptions {
  readonly wire: Wire
  readonly writer: SessionWriter
  readonly outgoing: OutgoingCalls
  readonly served: ServerSubscriptions
  readonly handler: RequestHandler
  readonly clock: Clock
  /** The connection, as handlers see it. */
  readonly connection: CallContext
}

export class IncomingCalls {
  readonly #options: IncomingCallsOptions
  readonly #wire: Wire
  readonly #writer: SessionWriter
  readonly #served: ServerSubscriptions
  readonly #handler: RequestHandler
  #inFlight = 0
  #paused = false
  /** Requests read in one chunk with others, after which reading stopped. BOUNDED: by a chunk. */
  #queue: unknown[] = []
  #finishing: Deferred<void> | undefined

  constructor(options: IncomingCallsOptions) {
    this.#options = options
    this.#wire = options.wire
    this.#writer = options.writer
    this.#served = options.served
    this.#handler = options.handler
  }

  /** Answers a request or a batch, now or when there is room; `message` is the value as read, undefined for a batch. */
  receive(value: unknown, message: RpcRequest | InvalidMessage | undefined): void {
    if (this.#finishing) return
    if (this.#paused) this.#queue.push(value)
    else this.#dispatch(value, message)
  }

  /** Stops reading while too many calls run, or the wire is full. */
  pause(): void {
    // Reading goes on while calls of our own are pending: their responses would lie behind what is not read.
    const busy = this.#inFlight >= MAX_IN_FLIGHT && this.#options.outgoing.pending === 0
    if (this.#paused || this.#finishing || !(busy || this.#writer.isFull)) return
    this.#paused = true
    this.#wire.pause()
  }

  /** Dispatches the queue and reads on, as far as there is room. */
  resume(): void {
    if (!this.#paused || this.#finishing || this.#writer.isFull || this.#inFlight >= MAX_IN_FLIGHT) return
    this.#paused = false
    while (!this.#paused && this.#queue.length > 0) {
      const value = this.#queue.shift()
      this.#dispatch(value, Array.isArray(value) ? undefined : readMessage(value))
    }
    if (!this.#paused) this.#wire.resume()
  }

  /** Resolves as {@link finish} does; undefined before it. */
  get finished(): Promise<void> | undefined {
    return this.#finishing?.promise
  }

  /**
   * Dispatches no more calls. Resolves when those in flight are answered, the remote has left, or `grace` milliseconds
   * have passed. Reads on and drops calls: what is not read may be the remote's end, or a response to a call in flight.
   */
  async finish(grace: number): Promise<void> {
    const finishing = deferred()
    this.#finishing = finishing
    this.#queue = []
    if (this.#paused) this.#wire.resume()
    if (this.#inFlight === 0) return
    const timer = this.#options.clock.setTimer(grace, finishing.resolve, { ref: true })
    await finishing.promise
    timer.cancel()
  }

  close(): void {
    this.#queue = []
    this.#finishing?.resolve()
  }

  #dispatch(value: unknown, message: ReturnType<typeof readMessage> | undefined): void {
    const caller = new SessionCaller(this.#options.connection, this.#served)
    if (message?.kind === 'request') return this.#reply(this.#handler.handleCall(message, caller), caller, 1)
    const isBatch = Array.isArray(value) && value.length > 0
    this.#reply(this.#handler.handle(value, caller), caller, isBatch ? BATCH_WEIGHT : 1)
  }

  #reply(answer: EncodedResponse | Promise<EncodedResponse>, caller: SessionCaller, weight: number): void {
    if (!(answer instanceof Promise)) return this.#send(answer, caller)
    this.#inFlight += weight
    this.pause()
    void answer.then((text) => {
      this.#inFlight -= weight
      this.#send(text, caller)
      if (this.#inFlight === 0) this.#finishing?.resolve()
      this.resume()
    })
  }

  #send(answer: EncodedResponse, caller: SessionCaller): void {
    if (answer !== undefined) this.#writer.send(joinResponse(answer))
    caller.answered()
  }
}

/** The remote of a connection, for as long as one of its messages is being answered. */
class SessionCaller implements Caller, Notifier {
  readonly #connection: CallContext
  readonly #served: ServerSubscriptions
  #opened: (() => void)[] | undefined

  constructor(connection: CallContext, served: ServerSubscriptions) {
    this.#connection = connection
    this.#served = served
  }

  get signal(): AbortSignal {
    return this.#connection.signal
  }

  get remote(): RpcRemote {
    return this.#connection.remote
  }

  get notifier(): Notifier {
    return this
  }

  open(callable: Callable, params: readonly unknown[]): string {
    const { id, start } = this.#served.open(callable, params)
    this.#opened = [...(this.#opened ?? []), start]
    return id
  }

  cancel(id: string): boolean {
    return this.#served.cancel(id)
  }

  /** Starts the subscriptions whose ids are in the answer that was sent. */
  answered(): void {
    for (const start of this.#opened ?? []) start()
  }
}
