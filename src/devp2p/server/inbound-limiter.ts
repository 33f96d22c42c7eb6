/**
 * Limits on inbound connections, applied before a byte of them is read.
 * @module
 */
import { PeerloomError } from '../../base/errors.ts'
import { isLan } from '../../net/index.ts'
import { ExpiringSet } from '../../pool/index.ts'
import type { Settings } from './options.ts'

/** Milliseconds between two inbound connections of one address; addresses of the LAN are exempt. go-ethereum's value. */
export const INBOUND_THROTTLE = 30_000

export class InboundLimiter {
  readonly #settings: Settings
  readonly #recent: ExpiringSet
  #pending = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.#recent = new ExpiringSet({ clock: settings.clock, lifetime: INBOUND_THROTTLE })
  }

  /** Takes a place among the pending handshakes until {@link release}. @returns the error of a refusal, or undefined */
  acquire(ip: string): PeerloomError | undefined {
    const reason = this.#refuse(ip)
    if (reason !== undefined) return refused(reason)
    this.#pending++
    return undefined
  }

  release(): void {
    this.#pending--
  }

  /** Throttles an address as if it had connected just now, such as one whose node was banned. */
  throttle(ip: string): void {
    if (!isLan(ip)) this.#recent.add(ip)
  }

  #refuse(ip: string): string | undefined {
    const { netRestrict, onInbound, maxPendingPeers, reputation } = this.#settings
    if (this.#pending >= maxPendingPeers) return 'too many pending handshakes'
    if (netRestrict && !netRestrict.contains(ip)) return 'not in netRestrict'
    if (!isLan(ip)) {
      if (this.#recent.has(ip)) return 'too many attempts'
      this.#recent.add(ip)
    }
    if (reputation.ipBanOf(ip)) return 'banned'
    return onInbound && !onInbound(ip) ? 'refused by onInbound' : undefined
  }
}

/** Error of a connection that the server itself refuses. */
export function refused(reason: string): PeerloomError {
  return new PeerloomError('ERR_REFUSED', reason)
}
