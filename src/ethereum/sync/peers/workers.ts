/**
 * Peers as workers: chooses those that may take a request and its size, and pauses or drops those that do not deliver.
 * @module
 */
import type { Clock } from '../../../base/clock.ts'
import { describeError, type ErrorCode, ProtocolError, TimeoutError } from '../../../base/errors.ts'
import type { Logger } from '../../../base/log.ts'
import { DisconnectReason } from '../../../devp2p/index.ts'
import { type Eth, type EthPeer, type EthRequestOptions, RANGE_UPDATE_BLOCKS } from '../../eth/index.ts'
import type { Condition } from '../condition.ts'
import { type FetchKind, PeerCapacity, RoundTrip } from './capacity.ts'

/** Requests of one kind in flight to one peer: while it answers one, the next travels. */
const MAX_IN_FLIGHT = 2
/** Deadlines missed in a row at which a peer is dropped. */
const MAX_TIMEOUTS = 2
/** Empty responses in a row, about blocks it announced, at which a peer is dropped. */
const MAX_EMPTY = 3
/** Milliseconds of the first pause of a peer without a useful response, doubled each time. */
const PAUSE = 2_000
const MAX_PAUSE = 60_000

/** Penalty for data that is proven false: bans the node id at once. */
export const INVALID_DATA_PENALTY = 100
/** Penalty for missed deadlines: the peer, or the way to it, is slow. */
const STALLED_PENALTY = 5
/** Penalty for empty responses about blocks it announced: it may have pruned them since. */
const EMPTY_PENALTY = 10

/** State of the requests of one kind to one peer. */
interface RequestState {
  inFlight: number
  /** Time of the sync's clock at which the peer may be asked again. */
  pausedUntil: number
  /** Deadlines missed in a row. */
  timeouts: number
  /** Time of the last missed deadline: requests made before it are late for the same reason. */
  lastTimeoutAt: number
  /** Useless responses in a row. */
  useless: number
  /** Empty responses in a row about blocks that the peer announced. */
  empty: number
}

const newRequestState = (): RequestState => ({
  inFlight: 0,
  pausedUntil: 0,
  timeouts: 0,
  lastTimeoutAt: 0,
  useless: 0,
  empty: 0,
})

/** A peer, its measured capacity and the state of its requests. */
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

  /** @returns true if the peer announced that it has this part of the block. */
  announced(kind: FetchKind, number: number): boolean {
    const { range } = this.peer
    if (!range || kind === 'accessLists') return false
    return number <= range.latest && (kind === 'headers' || number >= range.earliest)
  }

  /** @returns true if a request may succeed. Ranges are up to 32 blocks old; headers are served from the genesis on. */
  mayHave(kind: FetchKind, number: number): boolean {
    if (kind === 'accessLists' && this.peer.version < 71) return false
    const { range } = this.peer
    if (!range) return true
    if (number > range.latest + RANGE_UPDATE_BLOCKS) return false
    return kind === 'headers' || number >= range.earliest
  }
}

/** A request and the use of its response. */
export interface Task<T> {
  request(options: EthRequestOptions): Promise<readonly T[]>
  use(items: readonly T[] | undefined): Promise<void> | void
}

export interface WorkersOptions {
  readonly eth: Pick<Eth, 'peers'>
  readonly clock: Clock
  readonly log: Logger
  /** Notified when a worker may be free again. */
  readonly condition: Condition
  readonly onVerdict: (verdict: PeerVerdict) => void
}

/** Consequence for a peer that did not deliver. */
export interface PeerVerdict {
  readonly peer: string
  /** `paused` peers get no requests of this kind for a while. */
  readonly action: 'dropped' | 'paused'
  readonly reason: string
  /** Code of the error that it was dropped with. */
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

  /** @returns all peers that are not closing. */
  all(): Worker[] {
    const workers: Worker[] = []
    for (const peer of this.#eth.peers) if (!peer.peer.closing) workers.push(this.#workerOf(peer))
    return workers
  }

  /** @returns workers that may take a request now, the fastest first. */
  free(kind: FetchKind): Worker[] {
    const now = this.#clock.now()
    const free = this.all().filter(({ requests }) => {
      const { inFlight, pausedUntil } = requests[kind]
      return inFlight < MAX_IN_FLIGHT && now >= pausedUntil
    })
    return free.length < 2 ? free : free.sort((a, b) => this.items(b, kind) - this.items(a, kind))
  }

  /** @returns workers that may have this part, free or busy. */
  available(kind: FetchKind, number: number): Worker[] {
    const now = this.#clock.now()
    return this.all().filter((worker) => worker.mayHave(kind, number) && now >= worker.requests[kind].pausedUntil)
  }

  /** @returns the number of items to request from this worker. */
  items(worker: Worker, kind: FetchKind): number {
    return worker.capacity.items(kind, this.roundTrip.target)
  }

  /**
   * Makes one request with the current deadline and passes the response to `use`: undefined if there is none, in which
   * case the worker has been paused or dropped as needed. The worker counts as busy until `use` has returned.
   */
  async request<T>(worker: Worker, kind: FetchKind, signal: AbortSignal, task: Task<T>): Promise<void> {
    const state = worker.requests[kind]
    state.inFlight++
    try {
      await task.use(await this.#answer(worker, kind, signal, task))
    } finally {
      state.inFlight--
      this.#condition.notifyAll()
    }
  }

  /** Resets the failures of a worker that delivered. */
  delivered(worker: Worker, kind: FetchKind): void {
    const state = worker.requests[kind]
    state.timeouts = state.useless = state.empty = 0
  }

  /** Handles an empty response, which is a fault if the worker announced the blocks. */
  empty(worker: Worker, kind: FetchKind, announced: boolean): void {
    const state = worker.requests[kind]
    if (announced) state.empty++
    if (state.empty >= MAX_EMPTY) {
      const message = `${state.empty} empty responses about announced ${kind}`
      return this.drop(worker, 'ERR_SYNC_EMPTY', message, {
        penalty: EMPTY_PENALTY,
        disconnectReason: DisconnectReason.UselessPeer,
      })
    }
    this.pause(worker, kind, announced ? 'empty response about announced blocks' : 'not available')
  }

  /** Makes no requests of this kind to a worker for a while, longer each time. */
  pause(worker: Worker, kind: FetchKind, reason: string): void {
    const state = worker.requests[kind]
    const pause = Math.min(MAX_PAUSE, PAUSE * 2 ** Math.min(state.useless++, 10))
    state.pausedUntil = this.#clock.now() + pause
    worker.capacity.measured(kind, 0, 0)
    this.#log.debug('Peer paused', { peer: worker.peer.id, kind, reason, pause })
    this.#onVerdict({ peer: worker.peer.id, action: 'paused', reason: `${kind}: ${reason}` })
    this.#clock.setTimer(pause, () => this.#condition.notifyAll())
  }

  /** Closes the connection with this reason. */
  drop(
    worker: Worker,
    code: ErrorCode,
    reason: string,
    options: { readonly penalty: number; readonly disconnectReason?: number; readonly cause?: unknown },
  ): void {
    this.#log.info('Peer dropped', { peer: worker.peer.id, code, reason })
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
    if (!(error instanceof TimeoutError)) return this.pause(worker, kind, describeError(error))
    worker.capacity.measured(kind, 0, 0)
    if (state.timeouts > 0 && began < state.lastTimeoutAt) return
    state.lastTimeoutAt = this.#clock.now()
    if (++state.timeouts < MAX_TIMEOUTS) {
      return this.#log.debug('Request timed out', { peer: worker.peer.id, kind, timeout: error.timeout })
    }
    const message = `${state.timeouts} deadlines missed in a row: ${kind}`
    this.drop(worker, 'ERR_SYNC_STALLED', message, {
      penalty: STALLED_PENALTY,
      disconnectReason: DisconnectReason.UselessPeer,
      cause: error,
    })
  }
}
