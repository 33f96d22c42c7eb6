/**
 * Brings a chain store to a trusted head hash, from any peers.
 * @module
 */
import { setMaxListeners } from 'node:events'
import { bytesTo0x, equalBytes } from '../../base/bytes.ts'
import { type Clock, systemClock } from '../../base/clock.ts'
import { ConfigError, describeError } from '../../base/errors.ts'
import { Events, type SubscribeOptions, type Subscription } from '../../base/events.ts'
import { type Logger, silentLogger } from '../../base/log.ts'
import { RateMeter } from '../../base/rate-meter.ts'
import type { ChainStore } from '../chain/index.ts'
import type { Eth } from '../eth/index.ts'
import type { Header } from '../types/index.ts'
import { Fill } from './blocks/fill.ts'
import type { WindowLimits } from './blocks/window.ts'
import { Condition } from './condition.ts'
import { syncClosed, wrongChain } from './errors.ts'
import { HeaderDownload } from './headers/header-download.ts'
import { Skeleton } from './headers/skeleton.ts'
import { type FoundTarget, findTarget } from './headers/target.ts'
import { type PeerVerdict, type Worker, Workers } from './peers/workers.ts'
import type { SyncPhase, SyncProgress, SyncShare } from './progress.ts'

/** Bytes of a block hash. */
const HASH_LENGTH = 32

/** Milliseconds that `blocksPerSecond` covers. */
const RATE_SPAN = 10_000

export interface SyncOptions {
  readonly store: ChainStore
  /** Source of peers; its `announceRange` is called when the chain has moved. */
  readonly eth: Pick<Eth, 'peers' | 'events' | 'announceRange'>
  /** `none` stores blocks without their receipts. @default 'required' */
  readonly receipts?: 'required' | 'none'
  /** Limits of blocks that are downloaded and not stored yet. @default 8192 blocks, 64 MiB */
  readonly window?: WindowLimits
  /** @default systemClock */
  readonly clock?: Clock
  /** @default silentLogger */
  readonly log?: Logger
}

export interface SyncResult {
  readonly number: number
  /** 32 bytes. */
  readonly hash: Uint8Array
}

export type SyncEvent =
  | { readonly type: 'target' | 'done'; readonly number: number; readonly hash: Uint8Array }
  /** Headers were linked, or blocks stored. */
  | { readonly type: 'progress'; readonly progress: SyncProgress }
  /** The target is not a descendant of the head: blocks above this one will be replaced. */
  | { readonly type: 'reorg'; readonly ancestor: number; readonly head: number }
  /** No peer is connected; the sync continues when one joins. */
  | { readonly type: 'waiting' }
  | { readonly type: 'peer'; readonly verdict: PeerVerdict }
  /** The sync ended by an error or by the caller's signal. */
  | { readonly type: 'failed'; readonly error: unknown }

/**
 * Downloads headers in reverse from a head hash to a known block, then bodies, receipts and access lists; verifies all
 * of them; stores complete blocks in order. Stored data is not requested again, also after a `kill -9`. Does nothing
 * before the first target; disposing it stops it.
 */
export class Sync implements AsyncDisposable {
  readonly #store: ChainStore
  readonly #eth: SyncOptions['eth']
  readonly #receipts: 'required' | 'none'
  readonly #window: WindowLimits | undefined
  readonly #clock: Clock
  readonly #log: Logger
  readonly #skeleton: Skeleton
  readonly #workers: Workers
  readonly #condition = new Condition()
  readonly #events = new Events<SyncEvent>()
  readonly #closing = new AbortController()
  readonly #rate: RateMeter
  readonly #watching: Promise<void>
  #phase: SyncPhase = 'idle'
  #target: Header | undefined
  #fill: Fill | undefined
  #start: number | undefined
  #bytes = 0
  #waiting = false
  /** Settles when the last call of `syncTo` has. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: SyncOptions) {
    this.#store = options.store
    this.#eth = options.eth
    this.#receipts = options.receipts ?? 'required'
    this.#window = options.window
    this.#clock = options.clock ?? systemClock
    this.#log = (options.log ?? silentLogger).child({ module: 'sync' })
    this.#skeleton = new Skeleton(options.store)
    this.#rate = new RateMeter(this.#clock, RATE_SPAN)
    this.#workers = new Workers({
      eth: options.eth,
      clock: this.#clock,
      log: this.#log,
      condition: this.#condition,
      onVerdict: (verdict) => this.#events.emit({ type: 'peer', verdict }),
    })
    this.#watching = this.#watchPeers()
  }

  /**
   * Makes the block of this hash the head. Calls run one after another; a target that is canonical already changes
   * nothing. Waits for peers without limit, until the signal aborts. Stored data stays after a failure, and a later
   * call continues from there.
   *
   * Rejects with a `ConfigError` for a hash that is not 32 bytes, `ERR_SYNC_WRONG_CHAIN` (not on this genesis block), `ERR_SYNC_INVALID_CHAIN` (`cause` names the rule),
   * a `StorageError`, the signal's reason, or `ERR_SYNC_CLOSED`.
   */
  syncTo(hash: Uint8Array, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<SyncResult> {
    const { signal } = options
    const either = AbortSignal.any(signal ? [signal, this.#closing.signal] : [this.#closing.signal])
    setMaxListeners(0, either) // every request in flight has a listener, which is no leak
    const result = this.#last.then(() => this.#run(hash, either))
    this.#last = result.catch(() => {})
    return result
  }

  /** Progress of the sync, including data that was stored before it. */
  get progress(): SyncProgress {
    const { number } = this.#store.head
    const window = this.#fill?.window
    const total = this.#target?.number ?? number
    const base = Math.min(this.#fill?.stored ?? number, total)
    const share = (more: number): SyncShare => ({ done: Math.min(total, base + more), total })
    return {
      phase: this.#phase,
      waiting: this.#waiting,
      target: this.#target && { number: this.#target.number, hash: this.#target.hash },
      start: this.#start ?? number,
      head: number,
      headers: share(this.#skeleton.countAbove(base)),
      bodies: share(window?.held('bodies') ?? 0),
      receipts: share(window?.held('receipts') ?? 0),
      blocksPerSecond: this.#rate.perSecond,
      bytes: this.#bytes + (this.#fill?.bytes ?? 0),
      peers: this.#workers.count,
    }
  }

  /** Subscribes to the events of the sync. */
  events(options?: SubscribeOptions): Subscription<SyncEvent> {
    return this.#events.subscribe(options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(syncClosed())
    await this.#last
    await this.#watching
    this.#events.close()
  }

  async #run(hash: Uint8Array, signal: AbortSignal): Promise<SyncResult> {
    checkHash(hash)
    signal.throwIfAborted()
    const number = this.#store.numberOf(hash)
    if (number !== undefined && this.#store.isCanonical(hash)) return { number, hash }
    try {
      return await this.#reach(hash, signal)
    } catch (error) {
      const fields = { target: bytesTo0x(hash), head: this.#store.head.number, error: describeError(error) }
      if (signal.aborted) this.#log.debug('Sync stopped', fields)
      else this.#log.warn('Sync failed', fields)
      this.#events.emit({ type: 'failed', error })
      throw error
    } finally {
      this.#bytes += this.#fill?.bytes ?? 0
      this.#fill = undefined
      this.#target = undefined
      this.#start = undefined
      this.#phase = 'idle'
      this.#waiting = false
    }
  }

  async #reach(hash: Uint8Array, signal: AbortSignal): Promise<SyncResult> {
    this.#phase = 'target'
    this.#start = this.#store.head.number
    this.#noteWaiting()
    const { header, source } = await this.#findTarget(hash, signal)
    this.#target = header
    this.#events.emit({ type: 'target', number: header.number, hash })
    this.#log.info('Sync started', { number: header.number, hash: bytesTo0x(hash), head: this.#store.head.number })
    this.#phase = 'headers'
    if (header.number === 0) throw await this.#wrongChain(hash, source)
    await this.#skeleton.begin(header)
    const ancestor = await this.#headers(signal)
    if (ancestor === undefined) throw await this.#wrongChain(hash, source)
    this.#noteReorg(ancestor)
    this.#phase = 'blocks'
    await this.#blocks(header, signal)
    this.#events.emit({ type: 'done', number: header.number, hash })
    this.#log.info('Sync finished', { number: header.number, hash: bytesTo0x(hash) })
    return { number: header.number, hash: header.hash }
  }

  async #findTarget(hash: Uint8Array, signal: AbortSignal): Promise<FoundTarget> {
    const held = this.#store.header(hash) ?? this.#top()
    if (held && equalBytes(held.hash, hash)) return { header: held }
    const common = { workers: this.#workers, condition: this.#condition, clock: this.#clock, log: this.#log }
    return findTarget({ ...common, hash, signal })
  }

  /** @returns the target of an earlier run. */
  #top(): Header | undefined {
    const { current } = this.#skeleton
    return current && this.#skeleton.headerAt(current.last)
  }

  #headers(signal: AbortSignal): Promise<number | undefined> {
    const download = new HeaderDownload({
      store: this.#store,
      skeleton: this.#skeleton,
      workers: this.#workers,
      condition: this.#condition,
      signal,
      onLinked: (bytes) => {
        this.#bytes += bytes
        this.#emitProgress()
      },
    })
    return download.run()
  }

  async #blocks(target: Header, signal: AbortSignal): Promise<void> {
    const fill = new Fill({
      store: this.#store,
      skeleton: this.#skeleton,
      workers: this.#workers,
      condition: this.#condition,
      clock: this.#clock,
      log: this.#log,
      signal,
      target,
      receipts: this.#receipts,
      limits: this.#window,
      onStored: (blocks) => {
        this.#rate.add(blocks)
        this.#eth.announceRange()
        this.#emitProgress()
      },
    })
    this.#fill = fill
    try {
      await fill.run()
    } catch (error) {
      if (isInvalidChain(error)) await this.#skeleton.clear()
      throw error
    }
  }

  async #wrongChain(hash: Uint8Array, source: Worker | undefined): Promise<unknown> {
    const error = wrongChain(hash)
    if (source) this.#workers.drop(source, error.code, error.message, { penalty: 0 }) // it only answered the request
    await this.#skeleton.clear()
    return error
  }

  #noteReorg(ancestor: number): void {
    const { number } = this.#store.head
    if (ancestor === number) return
    this.#log.info('Reorganization detected', { ancestor, head: number, target: this.#target?.number })
    this.#events.emit({ type: 'reorg', ancestor, head: number })
  }

  #emitProgress(): void {
    if (this.#events.observed) this.#events.emit({ type: 'progress', progress: this.progress })
  }

  async #watchPeers(): Promise<void> {
    for await (const _ of this.#eth.events({ signal: this.#closing.signal })) {
      this.#noteWaiting()
      this.#condition.notifyAll()
    }
  }

  #noteWaiting(): void {
    const waiting = this.#phase !== 'idle' && this.#eth.peers.size === 0
    if (waiting && !this.#waiting) {
      this.#log.info('Sync paused', { reason: 'no peers', phase: this.#phase })
      this.#events.emit({ type: 'waiting' })
    }
    this.#waiting = waiting
  }
}

/** Throws a ConfigError (`hash`). Callers without types pass hex. */
function checkHash(hash: Uint8Array): void {
  if (hash instanceof Uint8Array && hash.length === HASH_LENGTH) return
  throw new ConfigError('hash', 'is not the hash of a block', { hint: 'a Uint8Array of 32 bytes' })
}

function isInvalidChain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SYNC_INVALID_CHAIN'
}
