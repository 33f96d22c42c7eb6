/**
 * Stands between a peer's protocols and its transport: routes frames to channels by key, and pauses the socket for a
 * protocol that leaves its messages unread.
 * @module
 */
import { type Clock, systemClock, type Timer } from '../base/clock.ts'
import { describeError, PeerClosedError, TimeoutError } from '../base/errors.ts'
import type { SendPriority } from './channel.ts'
import { Outbox } from './outbox.ts'
import type { Control, PeerObserver, PeerOptions } from './peer-options.ts'
import type { Peer } from './protocol.ts'
import { type ChannelOwner, ProtocolChannel } from './protocol-channel.ts'
import type { FrameSink, MessageKey, Transport } from './transport.ts'

const RECEIVE_BUDGET_BYTES = 8 * 1024 * 1024
const SEND_BUDGET_BYTES = 1024 * 1024
const STALL_TIMEOUT = 30_000

export class Router implements ChannelOwner, FrameSink<MessageKey> {
  readonly clock: Clock
  readonly receiveBudgetBytes: number
  readonly channels: readonly ProtocolChannel[]
  readonly #peer: Peer
  readonly #transport: Transport<MessageKey>
  readonly #outbox: Outbox
  readonly #control: Control | undefined
  readonly #observer: PeerObserver | undefined
  readonly #stallTimeout: number
  /** Channels over their receive budget; while there are any, the socket is paused. BOUNDED: by the channels. */
  #behind: Set<ProtocolChannel> | undefined
  #pausedAt: number | undefined
  #pausedTotal = 0
  #stall: Timer | undefined
  #transportEnded = false

  constructor(peer: Peer, transport: Transport<MessageKey>, options: PeerOptions) {
    this.clock = options.clock ?? systemClock
    this.receiveBudgetBytes = options.receiveBudgetBytes ?? RECEIVE_BUDGET_BYTES
    this.#peer = peer
    this.#transport = transport
    this.#control = options.control
    this.#observer = options.observer
    this.#stallTimeout = options.stallTimeout ?? STALL_TIMEOUT
    this.channels = options.mounted.map((mounted) => new ProtocolChannel(mounted, this))
    const queues = this.channels.map((channel) => channel.sendQueue)
    this.#outbox = new Outbox(transport, queues, options.sendBudgetBytes ?? SEND_BUDGET_BYTES)
  }

  get pausedFor(): number {
    return this.#pausedTotal + (this.#pausedAt === undefined ? 0 : this.clock.now() - this.#pausedAt)
  }

  frame(key: MessageKey, payload: Uint8Array): void {
    if (this.#peer.closing) return
    try {
      for (const channel of this.channels) {
        const own = typeof key === 'number' ? key - channel.offset : key
        if (!channel.owns(own)) continue
        this.#observer?.message(this.#peer, 'received', channel.protocol, own, payload.length)
        if (!channel.deliver(own, payload)) this.#fallBehind(channel)
        return
      }
      this.#control?.frame(this.#peer, key, payload)
    } catch (error) {
      this.#peer.close(error)
    }
  }

  drain(): void {
    if (!this.#peer.closing) this.#guarded(() => this.#outbox.drain())
  }

  end(error?: unknown): void {
    this.#transportEnded = true
    if (this.#peer.closing) return
    this.#peer.close(
      error === undefined
        ? new PeerClosedError('remote', 'remote closed the connection')
        : new PeerClosedError('remote', describeError(error), { cause: error }),
    )
  }

  write(channel: ProtocolChannel, key: MessageKey, payload: Uint8Array, priority: SendPriority): Promise<void> {
    this.#observer?.message(this.#peer, 'sent', channel.protocol, key, payload.length)
    try {
      const wireKey = typeof key === 'number' ? key + channel.offset : key
      return this.#outbox.send(channel.sendQueue, wireKey, payload, priority)
    } catch (error) {
      this.#peer.close(error)
      const refused = Promise.reject(error)
      refused.catch(() => {}) // a send that is not awaited must not be an unhandled rejection
      return refused
    }
  }

  /**
   * Sends ahead of everything queued. False when it was dropped: the remote reads nothing, or the peer has closed.
   */
  control(key: MessageKey, payload: Uint8Array): boolean {
    return this.#guarded(() => this.#outbox.control(key, payload)) ?? false
  }

  caughtUp(channel: ProtocolChannel): void {
    this.#behind?.delete(channel)
    if (this.#behind?.size || this.#pausedAt === undefined) return
    this.#pausedTotal += this.clock.now() - this.#pausedAt
    this.#pausedAt = undefined
    this.#stall?.cancel()
    if (!this.#peer.closing) this.#transport.resume()
  }

  /** Ends the channels and sends the farewell. The caller closes the transport. */
  close(reason: PeerClosedError): void {
    this.#stall?.cancel()
    this.#outbox.close()
    for (const channel of this.channels) channel.close(reason)
    if (reason.side === 'local' && !this.#transportEnded) this.#guarded(() => this.#farewell(reason))
    if (this.#pausedAt !== undefined) this.#transport.resume()
  }

  #farewell(reason: PeerClosedError): void {
    const last = this.#control?.farewell?.(reason)
    if (last) this.#transport.write(last.key, last.payload)
  }

  #fallBehind(channel: ProtocolChannel): void {
    this.#behind ??= new Set()
    this.#behind.add(channel)
    if (this.#pausedAt !== undefined) return
    this.#pausedAt = this.clock.now()
    this.#transport.pause()
    this.#stall = this.clock.setTimer(this.#stallTimeout, () => this.#stalled())
  }

  #stalled(): void {
    const names = Array.from(this.#behind ?? [], (channel) => channel.protocol.name).join(', ')
    this.#peer.close(new TimeoutError(`${names} left its messages unread`, this.#stallTimeout))
  }

  /** Runs a write. A transport throws at a message that it cannot send: that ends the peer instead of the caller. */
  #guarded<T>(write: () => T): T | undefined {
    try {
      return write()
    } catch (error) {
      this.#peer.close(error)
      return undefined
    }
  }
}
