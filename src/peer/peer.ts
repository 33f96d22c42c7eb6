/**
 * One connection that carries many protocols. The first of them to end, a failed read or write, or `close` ends the
 * whole peer, in order: farewell, transport, protocols.
 * @module
 */
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import { describeError, PeerClosedError, PeerloomError, TimeoutError } from '../base/errors.ts'
import { type Logger, silentLogger } from '../base/log.ts'
import { Scope } from '../base/scope.ts'
import { Lane, type LanePeer } from './lane.ts'
import type { MessageMeter, MessageObserver } from './meters.ts'
import { Outbox } from './outbox.ts'
import type { AnyProtocol, Channel, MessageTable, Protocol } from './protocol.ts'
import type { MessageKey, Transport } from './transport.ts'

const RECEIVE_BUDGET_BYTES = 8 * 1024 * 1024
const SEND_BUDGET_BYTES = 1024 * 1024
const STALL_TIMEOUT = 30_000
/** How long the farewell may take to leave; go-ethereum's `discWriteTimeout` is 1 s. */
const CLOSE_TIMEOUT = 2_000

/** Where a protocol's keys begin on this connection. A protocol with textual keys begins at 0. */
export interface Mounted {
  readonly protocol: AnyProtocol
  readonly offset: number
}

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
  readonly observer?: MessageObserver
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
  /** Resolves with why and by whom, when everything has ended. Never rejects. */
  readonly closed: Promise<PeerClosedError>
  readonly #transport: Transport<MessageKey>
  readonly #control: Control | undefined
  readonly #observer: MessageObserver | undefined
  readonly #stallTimeout: number
  readonly #scope: Scope
  readonly #outbox: Outbox
  readonly #lanes: { readonly lane: Lane; readonly offset: number }[] = []
  /** Lanes over their receive budget; while there are any, the socket is paused. */
  readonly #behind = new Set<Lane>()
  #pausedAt: number | undefined
  #pausedTotal = 0
  #stall: Timer | undefined
  #transportEnded = false

  /** Takes over the transport and runs every protocol on it. */
  constructor(transport: Transport<MessageKey>, options: PeerOptions) {
    this.id = options.id
    this.name = options.name ?? ''
    this.inbound = options.inbound
    this.clock = options.clock ?? systemClock
    this.log = options.log ?? silentLogger
    this.#transport = transport
    this.#control = options.control
    this.#observer = options.observer
    this.#stallTimeout = options.stallTimeout ?? STALL_TIMEOUT
    this.#outbox = new Outbox(transport, options.sendBudgetBytes ?? SEND_BUDGET_BYTES)
    this.#scope = new Scope({ clock: this.clock, log: this.log })
    if (options.signal) this.#follow(options.signal)
    for (const mounted of options.mounted) this.#mount(mounted, options.receiveBudgetBytes ?? RECEIVE_BUDGET_BYTES)
    this.closed = this.#run()
  }

  /** Aborts when the peer begins to close; the reason is a {@link PeerClosedError}. */
  get signal(): AbortSignal {
    return this.#scope.signal
  }

  /** Names and versions of what runs here. */
  get protocols(): readonly AnyProtocol[] {
    return this.#lanes.map(({ lane }) => lane.protocol)
  }

  /** What went over this connection, message by message. */
  get meters(): readonly MessageMeter[] {
    return this.#lanes.flatMap(({ lane }) => lane.meters)
  }

  /** Milliseconds in which this side had the socket paused: no deadline of the remote's runs in them. */
  get pausedFor(): number {
    return this.#pausedTotal + (this.#pausedAt === undefined ? 0 : this.clock.now() - this.#pausedAt)
  }

  /** The channel of one of this peer's own protocols: for code beside its `run`. Undefined when it does not run here. */
  channel<M extends MessageTable>(protocol: Protocol<M>): Channel<M> | undefined {
    return this.#lanes.find(({ lane }) => lane.protocol === (protocol as AnyProtocol))?.lane as unknown as
      | Channel<M>
      | undefined
  }

  /** Begins closing. The first reason wins. A `PeerClosedError` is taken as it is; anything else is this side's doing. */
  close(reason?: unknown): void {
    if (this.signal.aborted) return
    const closed =
      reason instanceof PeerClosedError ? reason : new PeerClosedError('local', wordsOf(reason), { cause: reason })
    this.#scope.close(closed)
  }

  /**
   * Sends a control frame ahead of all that waits. False when it was dropped because the remote reads nothing, or the
   * peer has closed.
   */
  sendControl(key: MessageKey, payload: Uint8Array): boolean {
    return this.#guarded(() => this.#outbox.control(key, payload)) ?? false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close('disposed')
    await this.closed
  }

  #mount({ protocol, offset }: Mounted, receiveBudgetBytes: number): void {
    const self = this
    const view: LanePeer = {
      clock: this.clock,
      receiveBudgetBytes,
      get pausedFor() {
        return self.pausedFor
      },
      write: (lane, key, payload) => this.#write(lane, offset, key, payload),
      caughtUp: (lane) => this.#caughtUp(lane),
    }
    const lane = new Lane(protocol, view, this.#outbox.lane())
    this.#lanes.push({ lane, offset })
  }

  async #run(): Promise<PeerClosedError> {
    this.signal.addEventListener('abort', () => this.#shut(), { once: true })
    if (this.signal.aborted) this.#shut()
    for (const { lane } of this.#lanes) {
      const { name } = lane.protocol
      this.#scope.spawn(
        name,
        () => this.#runProtocol(lane),
        () => new PeerClosedError('local', `${name} returned`),
      )
    }
    this.#transport.open({
      frame: (key, payload) => this.#route(key, payload),
      drain: () => this.#drain(),
      end: (error) => this.#ended(error),
    })
    await new Promise<void>((resolve) => {
      if (this.signal.aborted) resolve()
      else this.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await this.#closeTransport()
    await this.#scope.done()
    return this.signal.reason as PeerClosedError
  }

  async #runProtocol(lane: Lane): Promise<void> {
    await undefined // the constructor ends first, so that the protocol is given a whole peer
    if (this.signal.aborted) return
    try {
      await lane.protocol.run(this, lane as never)
    } catch (error) {
      if (!this.signal.aborted) this.close(error)
    }
  }

  #route(key: MessageKey, payload: Uint8Array): void {
    if (this.signal.aborted) return
    try {
      for (const { lane, offset } of this.#lanes) {
        const own = typeof key === 'number' ? key - offset : key
        if (!lane.owns(own)) continue
        this.#observer?.message('received', lane.protocol.name, own, payload.length)
        if (!lane.deliver(own, payload)) this.#fallBehind(lane)
        return
      }
      this.#control?.frame(this, key, payload)
    } catch (error) {
      this.close(error)
    }
  }

  #write(lane: Lane, offset: number, key: MessageKey, payload: Uint8Array): Promise<void> {
    this.#observer?.message('sent', lane.protocol.name, key, payload.length)
    try {
      return this.#outbox.send(lane.out, typeof key === 'number' ? key + offset : key, payload)
    } catch (error) {
      this.close(error)
      const refused = Promise.reject(error)
      refused.catch(() => {}) // a send that nobody awaits stays quiet
      return refused
    }
  }

  #drain(): void {
    if (!this.signal.aborted) this.#guarded(() => this.#outbox.drain())
  }

  /** Transports throw at what they cannot send; that ends the peer, and not whoever called. */
  #guarded<T>(write: () => T): T | undefined {
    try {
      return write()
    } catch (error) {
      this.close(error)
      return undefined
    }
  }

  #ended(error: unknown): void {
    this.#transportEnded = true
    this.close(
      error === undefined
        ? new PeerClosedError('remote', 'remote closed the connection')
        : new PeerClosedError('remote', describeError(error), { cause: error }),
    )
  }

  #fallBehind(lane: Lane): void {
    this.#behind.add(lane)
    if (this.#pausedAt !== undefined) return
    this.#pausedAt = this.clock.now()
    this.#transport.pause()
    this.#stall = this.clock.setTimer(this.#stallTimeout, () => this.#stalled())
  }

  #caughtUp(lane: Lane): void {
    this.#behind.delete(lane)
    if (this.#behind.size > 0 || this.#pausedAt === undefined) return
    this.#pausedTotal += this.clock.now() - this.#pausedAt
    this.#pausedAt = undefined
    this.#stall?.cancel()
    if (!this.signal.aborted) this.#transport.resume()
  }

  #stalled(): void {
    const names = [...this.#behind].map((lane) => lane.protocol.name).join(', ')
    this.close(new TimeoutError(`${names} left its messages unread`, this.#stallTimeout))
  }

  #shut(): void {
    const reason = this.signal.reason as PeerClosedError
    this.#stall?.cancel()
    this.#outbox.close()
    for (const { lane } of this.#lanes) lane.close(reason)
    if (reason.side === 'local' && !this.#transportEnded) this.#guarded(() => this.#farewell(reason))
    if (this.#pausedAt !== undefined) this.#transport.resume()
  }

  #farewell(reason: PeerClosedError): void {
    const last = this.#control?.farewell?.(reason)
    if (last) this.#transport.write(last.key, last.payload)
  }

  /** Not left to the scope: the signal may abort with anything, and this peer's reason is a {@link PeerClosedError}. */
  #follow(signal: AbortSignal): void {
    if (signal.aborted) return this.close(signal.reason)
    signal.addEventListener('abort', () => this.close(signal.reason), { once: true, signal: this.signal })
  }

  async #closeTransport(): Promise<void> {
    const timer = this.clock.setTimer(CLOSE_TIMEOUT, () => this.#transport.destroy())
    await this.#transport.close()
    timer.cancel()
  }
}

function wordsOf(reason: unknown): string {
  if (reason === undefined) return 'closed'
  return reason instanceof PeerloomError || !(reason instanceof Error)
    ? describeError(reason)
    : `${reason.name}: ${reason.message}`
}
