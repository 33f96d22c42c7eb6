/**
 * Who may knock: what is decided about a connection that comes in before a byte of it is read.
 * @module
 */
import { PeerloomError } from '../../base/errors.ts'
import { isLan } from '../../net/index.ts'
import { ExpiringSet } from '../../pool/index.ts'
import type { Settings } from './options.ts'

/** The same address may not call twice within this, in milliseconds; addresses of the LAN may. */
export const INBOUND_THROTTLE = 30_000

export class CallerGate {
  readonly #settings: Settings
  readonly #callers: ExpiringSet
  #pending = 0

  constructor(settings: Settings) {
    this.#settings = settings
    this.#callers = new ExpiringSet({ clock: settings.clock, lifetime: INBOUND_THROTTLE })
  }

  /** Counts one more handshake in progress, or says why this address gets none. {@link leave} ends what was let in. */
  enter(ip: string): PeerloomError | undefined {
    const why = this.#refuse(ip)
    if (why !== undefined) return refused(why)
    this.#pending++
    return undefined
  }

  leave(): void {
    this.#pending--
  }

  #refuse(ip: string): string | undefined {
    const { netRestrict, onInbound, maxPendingPeers } = this.#settings
    if (this.#pending >= maxPendingPeers) return 'too many handshakes in progress'
    if (netRestrict && !netRestrict.contains(ip)) return 'not in netRestrict'
    if (!isLan(ip)) {
      if (this.#callers.has(ip)) return 'too many attempts'
      this.#callers.add(ip)
    }
    return onInbound && !onInbound(ip) ? 'refused by onInbound' : undefined
  }
}

export function refused(why: string): PeerloomError {
  return new PeerloomError('ERR_REFUSED', why)
}
