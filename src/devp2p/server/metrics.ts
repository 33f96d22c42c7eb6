/**
 * Metrics under go-ethereum's names: `p2p/peers`, `p2p/dials/error/useless`, `p2p/ingress/eth/69/0x03`, …
 * @module
 */
import { PeerClosedError, PeerloomError } from '../../base/errors.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import { DisconnectReason, disconnectReasonOf } from '../disconnect.ts'

const REASONS: Readonly<Record<number, string>> = {
  [DisconnectReason.TooManyPeers]: 'saturated',
  [DisconnectReason.AlreadyConnected]: 'known',
  [DisconnectReason.Self]: 'self',
  [DisconnectReason.UselessPeer]: 'useless',
  [DisconnectReason.UnexpectedIdentity]: 'id/unexpected',
}

export class ServerMetrics {
  readonly #metrics: Metrics
  /** BOUNDED: by the messages of the protocols this server runs. */
  readonly #counters = new Map<string, Counter>()
  /** BOUNDED: by the protocols this server runs. */
  readonly #capabilities = new Map<string, MessageMeters>()

  constructor(metrics: Metrics, count: () => { readonly inbound: number; readonly dialed: number }) {
    this.#metrics = metrics
    metrics.gauge('p2p/peers', () => count().inbound + count().dialed)
    metrics.gauge('p2p/peers/inbound', () => count().inbound)
    metrics.gauge('p2p/peers/outbound', () => count().dialed)
  }

  dialed(error: unknown): void {
    this.#funnel('p2p/dials', error)
  }

  served(error: unknown): void {
    this.#funnel('p2p/serves', error)
  }

  /** Meters of one capability, such as `eth/69`. */
  messages(capability: string): MessageMeters {
    const known = this.#capabilities.get(capability)
    if (known) return known
    const meters = new MessageMeters((name) => this.#counter(name), capability)
    this.#capabilities.set(capability, meters)
    return meters
  }

  #funnel(name: string, error: unknown): void {
    this.#counter(name).add(1)
    this.#counter(error === undefined ? `${name}/success` : `${name}/error/${stageOf(error)}`).add(1)
  }

  #counter(name: string): Counter {
    const known = this.#counters.get(name)
    if (known) return known
    const counter = this.#metrics.counter(name)
    this.#counters.set(name, counter)
    return counter
  }
}

interface MessageCounters {
  readonly all: Counter
  readonly bytes: Counter
  readonly packets: Counter
}

/** Counts messages. Builds each name once only: this is on the hot path of all messages. */
export class MessageMeters {
  readonly #counter: (name: string) => Counter
  readonly #capability: string
  /** Counters by message code. BOUNDED: by the protocol's length. */
  readonly #counters: Readonly<Record<'received' | 'sent', MessageCounters[]>> = { received: [], sent: [] }

  constructor(counter: (name: string) => Counter, capability: string) {
    this.#counter = counter
    this.#capability = capability
  }

  count(direction: 'received' | 'sent', code: number, bytes: number): void {
    const counters = this.#counters[direction][code] ?? this.#make(direction, code)
    counters.all.add(bytes)
    counters.bytes.add(bytes)
    counters.packets.add(1)
  }

  #make(direction: 'received' | 'sent', code: number): MessageCounters {
    const way = direction === 'received' ? 'p2p/ingress' : 'p2p/egress'
    const name = `${way}/${this.#capability}/0x${code.toString(16).padStart(2, '0')}`
    const counters = {
      all: this.#counter(way),
      bytes: this.#counter(name),
      packets: this.#counter(`${name}/packets`),
    }
    this.#counters[direction][code] = counters
    return counters
  }
}

function stageOf(error: unknown): string {
  if (error instanceof PeerloomError && error.code === 'ERR_CONNECT') return 'connection'
  if (error instanceof PeerloomError && error.code.startsWith('ERR_RLPX')) return 'rlpx/enc'
  const known = error instanceof PeerClosedError || error instanceof PeerloomError
  return (known && REASONS[disconnectReasonOf(error)]) || 'other'
}
