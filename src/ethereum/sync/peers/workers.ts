/**
 * The peers as those who work: who may be asked now, for how much, and what becomes of those who do not deliver.
 * @module
 */
import type { Clock } from '../../../base/clock.ts'
import { describeError, type ErrorCode, ProtocolError, TimeoutError } from '../../../base/errors.ts'
import type { Logger } from '../../../base/log.ts'
import { DisconnectReason } from '../../../devp2p/index.ts'
import { type Eth, type EthPeer, type EthRequestOptions, RANGE_UPDATE_BLOCKS } from '../../eth/index.ts'
import type { Condition } from '../condition.ts'
import { type FetchKind, PeerCapacity, RoundTrip } from './capacity.ts'

/** Requests of one kind a peer has at once: while it answers one, the next is on its way. */
const MAX_IN_FLIGHT = 2
/** Deadlines a peer may miss in a row. */
const MAX_TIMEOUTS = 2
/** Empty answers in a row about blocks it announced. */
const MAX_EMPTY = 3
/** Milliseconds a peer without an answer is left alone, doubled each time. */
const PAUSE = 2_000
const MAX_PAUSE = 60_000

/** Penalty for data that is proven false: bans the node id at once. */
export const INVALID_DATA_PENALTY = 100
/** Penalty for missed deadlines: the peer, or the way to it, is slow. */
const STALLED_PENALTY = 5
/** Penalty for empty responses about blocks it announced: it may have pruned them since. */
const EMPTY_PENALTY = 10

interface RequestState {
  inFlight: number
  /** Of the sync's clock. */
  pausedUntil: number
  timeouts: number
  /** When the last of them passed: a request of before is late for the same reason. */
  lateAt: number
  /** Fruitless answers in a row. */
  fruitless: number
  /** Those of them about blocks it had announced. */
  empty: number
}

const newRequestState = (): RequestState => ({
  inFlight: 0,
  pausedUntil: 0,
  timeouts: 0,
  lateAt: 0,
  fruitless: 0,
  empty: 0,
})

/** A peer and what is known of its work. */
export class Worker {
  readonly peer: EthPeer
  readonly capacity: PeerCapacity
  readonly requests: Readonly<Record<FetchKind, RequestState>> = {
    headers: newRequestState(),
    bodies: newRequestState(),
    receipts: newRequestState(),
    accessLists: newRequestState(),
  }

  constructor(peer: EthPeer, rtt: number) {
    this.peer = peer
    this.capacity = new PeerCapacity(rtt)
  }

  /** Whether it said that it has this of the block: a lack of it is a fault then. */
  announced(kind: FetchKind, number: number): boolean {
    const { range } = this.peer
    if (!range || kind === 'accessLists') return false
    return number <= range.latest && (kind === 'headers' || number >= range.earliest)
  }

  /** Whether asking makes sense. The range is news of up to 32 blocks ago; headers are had from the genesis on. */
  mayHave(kind: FetchKind, number: number): boolean {
    if (kind === 'accessLists' && this.peer.version < 71) return false
    const { range } = this.peer
    if (!range) return true
    if (number > range.latest + RANGE_UPDATE_BLOCKS) return false
    return kind === 'headers' || number >= range.earliest
  }
}

/** One request and what is done with its answer. */
export interface Task<T> {
  request(options: EthRequestOptions): Promise<readonly T[]>
  use(items: readonly T[] | undefined): Promise<void> | void
}

export interface WorkersOptions {
  readonly eth: Pick<Eth, 'peers'>
  readonly clock: Clock
  readonly log: Logger
  /** Woken when a worker may be free again. */
  readonly condition: Condition
  readonly onVerdict: (verdict: PeerVerdict) => void
}

/** What became of a peer that did not deliver. */
export interface PeerVerdict {
  readonly peer: string
  /** `set aside`: it is not asked for this kind for a while. */
  readonly action: 'dropped' | 'set aside'
  readonly reason: string
  /** Of what it was dropped with. */
  readonly code?: ErrorCode
}

export class Workers {
  readonly roundTrip: RoundTrip
  readonly #eth: Pick<Eth, 'peers'>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #condition: Condition
  readonly #onVerdict: (verdict: PeerVerdict) => void
  readonly #workers = new WeakMap<EthPeer, Worker>()

  constructor({ eth, clock, log, condition, onVerdict }: WorkersOptions) {
    this.#eth = eth
    this.#clock = clock
    this.#log = log
    this.#condition = condition
    this.#onVerdict = onVerdict
    this.roundTrip = new RoundTrip(clock.now())
  }

  get count(): number {
    return this.#eth.peers.size
  }

  /** All that are not about to leave. */
  all(): Worker[] {
    const workers: Worker[] = []
    for (const peer of this.#eth.peers) if (!peer.peer.closing) workers.push(this.#workerOf(peer))
    return workers
  }

  /** Who may be asked now, the quickest first. */
  free(kind: FetchKind): Worker[] {
    const now = this.#clock.now()
    const free = this.all().filter(({ requests }) => {
      const { inFlight, pausedUntil } = requests[kind]
      return inFlight < MAX_IN_FLIGHT && now >= pausedUntil
    })
    return free.length < 2 ? free : free.sort((a, b) => this.items(b, kind) - this.items(a, kind))
  }

  /** Who may have it, now or when its present work is done. */
  available(kind: FetchKind, number: number): Worker[] {
    const now = this.#clock.now()
    return this.all().filter((worker) => worker.mayHave(kind, number) && now >= worker.requests[kind].pausedUntil)
  }

  /** How many items to ask this worker for. */
  items(worker: Worker, kind: FetchKind): number {
    return worker.capacity.items(kind, this.roundTrip.target)
  }

  /**
   * Runs one request of a worker, with the deadline of the day, and gives its answer to `use`: undefined when there is
   * none; what the worker deserves for that has been done. The worker counts as busy until `use` has returned.
   */
  async ask<T>(worker: Worker, kind: FetchKind, signal: AbortSignal, task: Task<T>): Promise<void> {
    const state = worker.requests[kind]
    state.inFlight++
    try {
      await task.use(await this.#answer(worker, kind, signal, task))
    } finally {
      state.inFlight--
      this.#condition.notifyAll()
    }
  }

  /** It delivered: what was held against it is forgotten. */
  delivered(worker: Worker, kind: FetchKind): void {
    const state = worker.requests[kind]
    state.timeouts = state.fruitless = state.empty = 0
  }

  /** It answered with nothing. A fault when it had announced the blocks. */
  empty(worker: Worker, kind: FetchKind, announced: boolean): void {
    const state = worker.requests[kind]
    if (announced) state.empty++
    if (state.empty >= MAX_EMPTY) {
      const message = `${state.empty} empty answers about ${kind} it announced`
      return this.drop(worker, 'ERR_SYNC_EMPTY', message, {
        penalty: EMPTY_PENALTY,
        disconnectReason: DisconnectReason.UselessPeer,
      })
    }
    this.setAside(worker, kind, announced ? 'no answer about blocks it announced' : 'does not have them')
  }

  /** Leaves it alone with this kind for a while, longer each time. */
  setAside(worker: Worker, kind: FetchKind, reason: string): void {
    const state = worker.requests[kind]
    const pause = Math.min(MAX_PAUSE, PAUSE * 2 ** Math.min(state.fruitless++, 10))
    state.pausedUntil = this.#clock.now() + pause
    worker.capacity.measured(kind, 0, 0)
    this.#log.debug('sync: peer set aside', { peer: worker.peer.id, kind, reason, pause })
    this.#onVerdict({ peer: worker.peer.id, action: 'set aside', reason: `${kind}: ${reason}` })
    this.#clock.setTimer(pause, () => this.#condition.notifyAll())
  }

  /** Ends the connection, with this as the reason. */
  drop(
    worker: Worker,
    code: ErrorCode,
    reason: string,
    options: { readonly penalty: number; readonly disconnectReason?: number; readonly cause?: unknown },
  ): void {
    this.#log.info('sync: peer dropped', { peer: worker.peer.id, code, reason })
    this.#onVerdict({ peer: worker.peer.id, action: 'dropped', reason, code })
    worker.peer.peer.close(
      new ProtocolError(code, reason, { disconnectReason: DisconnectReason.SubprotocolError, ...options }),
    )
  }

  #workerOf(peer: EthPeer): Worker {
    const known = this.#workers.get(peer)
    if (known) return known
    const worker = new Worker(peer, this.roundTrip.estimate)
    this.#workers.set(peer, worker)
    this.roundTrip.joined(this.count)
    return worker
  }

  async #answer<T>(
    worker: Worker,
    kind: FetchKind,
    signal: AbortSignal,
    task: Task<T>,
  ): Promise<readonly T[] | undefined> {
    const began = this.#clock.now()
    try {
      const items = await task.request({ timeout: this.roundTrip.timeout, signal })
      this.#measure(worker, kind, items.length, began)
      return items
    } catch (error) {
      if (!signal.aborted && !worker.peer.peer.closing) this.#failed(worker, kind, error, began)
      return undefined
    }
  }

  #measure(worker: Worker, kind: FetchKind, items: number, began: number): void {
    const now = this.#clock.now()
    worker.capacity.measured(kind, items, now - began)
    worker.requests[kind].timeouts = 0
    this.roundTrip.tune(
      this.all().map(({ capacity }) => capacity.rtt),
      now,
    )
  }

  #failed(worker: Worker, kind: FetchKind, error: unknown, began: number): void {
    const state = worker.requests[kind]
    if (!(error instanceof TimeoutError)) return this.setAside(worker, kind, describeError(error))
    worker.capacity.measured(kind, 0, 0)
    if (state.timeouts > 0 && began < state.lateAt) return
    state.lateAt = this.#clock.now()
    if (++state.timeouts < MAX_TIMEOUTS) {
      return this.#log.debug('sync: peer is late', { peer: worker.peer.id, kind, timeout: error.timeout })
    }
    const message = `${state.timeouts} deadlines missed in a row with ${kind}`
    this.drop(worker, 'ERR_SYNC_STALLED', message, {
      penalty: STALLED_PENALTY,
      disconnectReason: DisconnectReason.UselessPeer,
      cause: error,
    })
  }
}
