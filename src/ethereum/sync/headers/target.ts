/**
 * Search for the header of the target: eth has no request for the head, but a peer that has it serves it by hash.
 * @module
 */
import { bytesTo0x, equalBytes } from '../../../base/bytes.ts'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/log.ts'
import type { Header } from '../../types/index.ts'
import type { Condition } from '../condition.ts'
import { INVALID_DATA_PENALTY, type Worker, type Workers } from '../peers/workers.ts'

/** Milliseconds until the same peers are asked again, doubled each time. */
const RETRY = 1_000
const MAX_RETRY = 30_000

export interface TargetSearchOptions {
  readonly hash: Uint8Array
  readonly workers: Workers
  readonly condition: Condition
  readonly clock: Clock
  readonly log: Logger
  readonly signal: AbortSignal
}

export interface FoundTarget {
  readonly header: Header
  /** The worker that sent it; undefined if it was in the store. */
  readonly source?: Worker | undefined
}

/** Requests the header from every peer, and repeats that until one has it or the signal aborts. */
export async function findTarget(options: TargetSearchOptions): Promise<FoundTarget> {
  const { hash, workers, condition, clock, log, signal } = options
  const asked = new Set<Worker>()
  const found: FoundTarget[] = []
  let pending = 0
  let tries = 0
  let waiting = false

  const ask = async (worker: Worker): Promise<void> => {
    asked.add(worker)
    pending++
    await workers.request(worker, 'headers', signal, {
      request: (how) => worker.peer.getBlockHeaders({ start: hash, limit: 1 }, how),
      use: (headers) => {
        const header = headers?.[0]
        if (!header) return
        if (equalBytes(header.hash, hash)) found.push({ header, source: worker })
        else
          workers.drop(worker, 'ERR_SYNC_BAD_HEADERS', 'header with another hash than the requested one', {
            penalty: INVALID_DATA_PENALTY,
          })
      },
    })
    pending--
    condition.notifyAll()
  }
  const again = (): void => {
    waiting = false
    asked.clear()
    condition.notifyAll()
  }

  for (;;) {
    if (found[0]) return found[0]
    for (const worker of workers.free('headers')) if (!asked.has(worker)) void ask(worker)
    if (pending === 0 && !waiting) {
      waiting = true
      const delay = Math.min(MAX_RETRY, RETRY * 2 ** tries++)
      const fields = { hash: bytesTo0x(hash), peers: workers.count, retryAfter: delay }
      if (workers.count > 0) log.info('Sync target not found', fields) // without peers, the sync logs that it is paused
      clock.setTimer(delay, again)
    }
    await condition.wait(signal)
  }
}
