/**
 * One connection that carries many protocols. The first of them to end, a failed read or write, or `close` ends the
 * whole peer, in order: farewell, transport, protocols.
 * @module
 */
import { type Clock, systemClock } from '../base/clock.ts'
import { type Deferred, deferred } from '../base/deferred.ts'
import { describeError, PeerClosedError, PeerloomError } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import type { Channel, MessageTable } from './channel.ts'
import type { MessageMeter } from './meters.ts'
import type { PeerObserver, PeerOptions } from './peer-options.ts'
import type { AnyProtocol, Peer, Protocol } from './protocol.ts'
import { Router } from './router.ts'
import type { MessageKey, Transport } from './transport.ts'

/** Milliseconds for the farewell to leave; go-ethereum's `discWriteTimeout` is 1 s. */
const CLOSE_TIMEOUT = 2_000

/** The {@link Peer} of one transport: runs every mounted protocol on it until the first of them ends. */
export class PeerConnection implements Peer {
  readonly id: string
  readonly name: string
  readonly inbound: boolean
  readonly clock: Clock
  readonly log: Logger
  readonly #transport: Transport<MessageKey>
  readonly #scope: Scope
  readonly #router: Router
  readonly #observer: PeerObserver | undefined
  /** Created at the first read of {@link closed}. */
  #closed: Deferred<PeerClosedError> | undefined
  #ended = false

  /** Takes over the transport and runs every protocol on it. */
  constructor(transport: Transport<MessageKey>, options: PeerOptions) {
    this.id = options.id
    this.name = options.name ?? ''
    this.inbound = options.inbound
    this.clock = options.clock ?? systemClock
    this.log = options.log ?? silentLogger
    this.#observer = options.observer
    this.#transport = transport
    this.#scope = new Scope({ signal: options.signal, clock: this.clock, log: this.log, reasonOf: closedBy })
    this.#router = new Router(this, transport, options)
    this.#scope.onClose(() => void this.#end())
    queueMicrotask(() => this.#start()) // after the constructor, so that protocols see a complete peer
    this.#transport.open(this.#router) // after the microtask is queued, so that frames find the protocols running
  }

  get closed(): Promise<PeerClosedError> {
    this.#closed ??= deferred()
    if (this.#ended) this.#closed.resolve(this.#scope.reason as PeerClosedError)
    return this.#closed.promise
  }

  get closing(): boolean {
    return this.#scope.closing
  }

  get signal(): AbortSignal {
    return this.#scope.signal
  }

  get protocols(): readonly AnyProtocol[] {
    return this.#router.channels.map((channel) => channel.protocol)
  }

  get meters(): readonly MessageMeter[] {
    return this.#router.channels.flatMap((channel) => channel.meters)
  }

  get pausedFor(): number {
    return this.#router.pausedFor
  }

  channel<M extends MessageTable>(protocol: Protocol<M>): Channel<M> | undefined {
    const channel = this.#router.channels.find((channel) => channel.protocol === (protocol as AnyProtocol))
    return channel as unknown as Channel<M> | undefined
  }

  close(reason?: unknown): void {
    this.#scope.close(reason)
  }

  onClose(listener: () => void): void {
    this.#scope.onClose(listener)
  }

  sendControl(key: MessageKey, payload: Uint8Array): boolean {
    return this.#router.control(key, payload)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close('disposed')
    await this.closed
  }

  #start(): void {
    for (const channel of this.#router.channels) {
      if (this.closing) return
      this.#scope.spawn(channel.protocol.name, () => channel.protocol.run(this, channel as never), returned)
    }
  }

  async #end(): Promise<void> {
    const reason = this.#scope.reason as PeerClosedError
    this.#router.close(reason)
    await undefined // code that the closing wakes up in this tick still finds the transport open
    await this.#closeTransport()
    await this.#scope.done()
    this.#ended = true
    this.#observer?.closed(this, reason)
    this.#closed?.resolve(reason)
  }

  async #closeTransport(): Promise<void> {
    const timer = this.clock.setTimer(CLOSE_TIMEOUT, () => this.#transport.destroy(), { ref: true })
    await this.#transport.close()
    timer.cancel()
  }
}

function closedBy(cause: unknown): PeerClosedError {
  return cause instanceof PeerClosedError ? cause : new PeerClosedError('local', describeReason(cause), { cause })
}

function returned(name: string): PeerClosedError {
  return new PeerClosedError('local', `${name} returned`)
}

function describeReason(reason: unknown): string {
  if (reason === undefined) return 'closed'
  return reason instanceof PeerloomError || !(reason instanceof Error)
    ? describeError(reason)
    : `${reason.name}: ${reason.message}`
}
