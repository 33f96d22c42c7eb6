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
import type { MessageMeter } from './meters.ts'
import type { PeerObserver } from './observer.ts'
import type { AnyProtocol, Channel, MessageTable, Protocol } from './protocol.ts'
import type { Mounted } from './protocol-channel.ts'
import { Router } from './router.ts'
import type { MessageKey, Transport } from './transport.ts'

/** How long the farewell may take to leave; go-ethereum's `discWriteTimeout` is 1 s. */
const CLOSE_TIMEOUT = 2_000

/** Owns the frames that belong to no protocol: devp2p's Disconnect, Ping and Pong. */
export interface Control {
  /** Takes a frame; what it throws closes the peer. */
  frame(peer: Peer, key: MessageKey, payload: Uint8Array): void
  /** The last message, when this side closes. */
  farewell?(reason: PeerClosedError): { readonly key: MessageKey; readonly payload: Uint8Array } | undefined
}

export interface PeerOptions {
  /** Hex identity, or whatever tells peers apart on this network. */
  readonly id: string
  /** What the remote calls its software. @default '' */
  readonly name?: string
  readonly inbound: boolean
  readonly mounted: readonly Mounted[]
  readonly control?: Control
  /** Closes the peer when it aborts. */
  readonly signal?: AbortSignal | undefined
  readonly observer?: PeerObserver
  /** Bytes a protocol may leave unread before the socket is paused. @default 8 MiB */
  readonly receiveBudgetBytes?: number
  /** Bytes a protocol may have waiting before `send` asks it to wait. @default 1 MiB */
  readonly sendBudgetBytes?: number
  /** Milliseconds a protocol may keep the socket paused before the peer is given up. @default 30000 */
  readonly stallTimeout?: number
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}

export class Peer implements AsyncDisposable {
  readonly id: string
  readonly name: string
  readonly inbound: boolean
  readonly clock: Clock
  readonly log: Logger
  readonly #transport: Transport<MessageKey>
  readonly #scope: Scope
  readonly #router: Router
  readonly #observer: PeerObserver | undefined
  /** Made when somebody asks. */
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
    queueMicrotask(() => this.#start()) // once the constructor has ended: protocols are given a whole peer
    this.#transport.open(this.#router) // behind it: what comes at once finds them running
  }

  /** Resolves with why and by whom, when everything has ended. Never rejects. */
  get closed(): Promise<PeerClosedError> {
    this.#closed ??= deferred()
    if (this.#ended) this.#closed.resolve(this.#scope.reason as PeerClosedError)
    return this.#closed.promise
  }

  /** Whether the peer has begun to close. */
  get closing(): boolean {
    return this.#scope.closing
  }

  /** Aborts when the peer begins to close; the reason is a {@link PeerClosedError}. */
  get signal(): AbortSignal {
    return this.#scope.signal
  }

  /** Names and versions of what runs here. */
  get protocols(): readonly AnyProtocol[] {
    return this.#router.lanes.map((lane) => lane.protocol)
  }

  /** What went over this connection, message by message. */
  get meters(): readonly MessageMeter[] {
    return this.#router.lanes.flatMap((lane) => lane.meters)
  }

  /** Milliseconds in which this side had the socket paused: no deadline of the remote's runs in them. */
  get pausedFor(): number {
    return this.#router.pausedFor
  }

  /** The channel of one of this peer's own protocols: for code beside its `run`. Undefined when it does not run here. */
  channel<M extends MessageTable>(protocol: Protocol<M>): Channel<M> | undefined {
    const lane = this.#router.lanes.find((lane) => lane.protocol === (protocol as AnyProtocol))
    return lane as unknown as Channel<M> | undefined
  }

  /** Begins closing. The first reason wins. A `PeerClosedError` is taken as it is; anything else is this side's doing. */
  close(reason?: unknown): void {
    this.#scope.close(reason)
  }

  /**
   * Calls back when the peer begins to close; at once when it has. As a listener on {@link signal}, for a fraction of the
   * memory: for what is there for every peer.
   */
  onClose(listener: () => void): void {
    this.#scope.onClose(listener)
  }

  /**
   * Sends a control frame ahead of all that waits. False when it was dropped because the remote reads nothing, or the
   * peer has closed.
   */
  sendControl(key: MessageKey, payload: Uint8Array): boolean {
    return this.#router.control(key, payload)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close('disposed')
    await this.closed
  }

  #start(): void {
    for (const lane of this.#router.lanes) {
      if (this.closing) return
      this.#scope.spawn(lane.protocol.name, () => lane.protocol.run(this, lane as never), returned)
    }
  }

  async #end(): Promise<void> {
    const reason = this.#scope.reason as PeerClosedError
    this.#router.close(reason)
    await undefined // what the closing wakes up in this very tick still finds the transport open
    await this.#closeTransport()
    await this.#scope.done()
    this.#ended = true
    this.#observer?.closed(this, reason)
    this.#closed?.resolve(reason)
  }

  async #closeTransport(): Promise<void> {
    const timer = this.clock.setTimer(CLOSE_TIMEOUT, () => this.#transport.destroy())
    await this.#transport.close()
    timer.cancel()
  }
}

function closedBy(cause: unknown): PeerClosedError {
  return cause instanceof PeerClosedError ? cause : new PeerClosedError('local', wordsOf(cause), { cause })
}

function returned(name: string): PeerClosedError {
  return new PeerClosedError('local', `${name} returned`)
}

function wordsOf(reason: unknown): string {
  if (reason === undefined) return 'closed'
  return reason instanceof PeerloomError || !(reason instanceof Error)
    ? describeError(reason)
    : `${reason.name}: ${reason.message}`
}
