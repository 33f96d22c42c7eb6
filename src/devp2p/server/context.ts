/**
 * The state that the parts of one server share.
 * @module
 */
import type { Events } from '../../base/events.ts'
import type { LogFields } from '../../base/log.ts'
import type { ServerEvent } from './events.ts'
import type { ServerMetrics } from './metrics.ts'
import type { Settings } from './options.ts'

export interface ServerContext {
  readonly settings: Settings
  readonly events: Events<ServerEvent>
  readonly metrics: ServerMetrics
  /** Aborts when the server closes. */
  readonly signal: AbortSignal
  readonly pending: PendingWork
}

/** Connections being set up. */
export class PendingWork {
  /** BOUNDED: by `maxPendingPeers` inbound, by the dialer outbound. */
  readonly #work = new Set<Promise<unknown>>()

  /** Holds a promise until it settles; its rejection is handled by its other owner. */
  add(work: Promise<unknown>): void {
    const tracked: Promise<unknown> = work.then(
      () => this.#work.delete(tracked),
      () => this.#work.delete(tracked),
    )
    this.#work.add(tracked)
  }

  /** Resolves when nothing is pending. Never rejects. */
  async idle(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work)
  }
}

/** Logs static nodes at warn, all others at debug; everything at debug while the server closes. */
export function logNode(context: ServerContext, isStatic: boolean, message: string, fields: LogFields): void {
  const { log } = context.settings
  if (isStatic && !context.signal.aborted) log.warn(message, fields)
  else log.debug(message, fields)
}
