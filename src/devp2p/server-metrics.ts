/**
 * Meters under go-ethereum's names: `p2p/peers`, `p2p/dials/error/useless`, `p2p/ingress/eth/69/0x03`, …
 * @module
 */
import { PeerClosedError, PeerloomError } from '../base/errors.ts'
import type { Counter, Metrics } from '../base/metrics.ts'
import { DisconnectReason, disconnectReasonOf } from './disconnect.ts'

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

  /** `capability` is `eth/69`. */
  message(direction: 'received' | 'sent', capability: string, key: number | string, bytes: number): void {
    const way = direction === 'received' ? 'ingress' : 'egress'
    const name = `p2p/${way}/${capability}/${typeof key === 'number' ? `0x${key.toString(16).padStart(2, '0')}` : key}`
    this.#counter(`p2p/${way}`).add(bytes)
    this.#counter(name).add(bytes)
    this.#counter(`${name}/packets`).add(1)
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

function stageOf(error: unknown): string {
  if (error instanceof PeerloomError && error.code === 'ERR_CONNECT') return 'connection'
  if (error instanceof PeerloomError && error.code.startsWith('ERR_RLPX')) return 'rlpx/enc'
  const known = error instanceof PeerClosedError || error instanceof PeerloomError
  return (known && REASONS[disconnectReasonOf(error)]) || 'other'
}
