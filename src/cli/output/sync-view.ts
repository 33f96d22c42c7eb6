/**
 * Shows the progress of a sync: a bar on a terminal, log lines otherwise, JSON objects for programs.
 * @module
 */
import { bytesTo0x } from '../../base/bytes.ts'
import type { Timer } from '../../base/clock.ts'
import { RateMeter } from '../../base/rate-meter.ts'
import type { Server } from '../../devp2p/index.ts'
import type { ChainProgress, EthereumService } from '../../ethereum/index.ts'
import type { Context } from '../command.ts'
import { countOf, formatBytes, formatCount, formatDuration, formatRate, RATE_SPAN, shortHash } from './format.ts'
import { LastDialError } from './last-dial-error.ts'
import { type ProgressState, percentOf, renderProgress, timeLeft } from './progress-line.ts'

/** Milliseconds between samples. */
const SAMPLE_INTERVAL = 100
/** Milliseconds between log lines without a progress bar. */
const LOG_INTERVAL = 5_000
/** Milliseconds between JSON objects. */
const EMIT_INTERVAL = 1_000

/** Labels of phases whose name is no label. */
const LABELS: Readonly<Record<string, string>> = { idle: 'starting', target: 'looking for the target' }

export class SyncView implements Disposable {
  readonly #context: Context
  readonly #ethereum: EthereumService
  readonly #since: number
  readonly #from: number
  readonly #bytesBefore: number
  /** Rate of the phase's blocks, anew in each phase. */
  #items: RateMeter
  readonly #bytes: RateMeter
  readonly #lastDialError: LastDialError
  #phase: string | undefined
  #timer: Timer | undefined
  #lastLog: number
  #lastEmit: number

  /** Shows the progress until it is disposed. */
  constructor(context: Context, ethereum: EthereumService, server: Server) {
    this.#context = context
    this.#ethereum = ethereum
    this.#since = this.#lastLog = this.#lastEmit = context.clock.now()
    this.#items = new RateMeter(context.clock, RATE_SPAN)
    this.#bytes = new RateMeter(context.clock, RATE_SPAN)
    this.#from = ethereum.head.number
    this.#bytesBefore = ethereum.progress.bytes
    this.#lastDialError = new LastDialError(server)
    this.#tick()
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#lastDialError[Symbol.dispose]()
    this.#context.terminal.clear()
  }

  /** Totals since the start, as a part of the result. */
  summary(): object {
    const { elapsed, blocks, bytes } = this.#totals()
    const { number, hash } = this.#ethereum.head
    return {
      blocks,
      bytes,
      seconds: round(elapsed / 1000),
      blocksPerSecond: round((blocks * 1000) / Math.max(elapsed, 1)),
      head: { number, hash: bytesTo0x(hash) },
    }
  }

  /** The same totals as one line for people. */
  summaryLine(): string {
    const { elapsed, blocks, bytes } = this.#totals()
    const { number, hash } = this.#ethereum.head
    const rate = formatRate((blocks * 1000) / Math.max(elapsed, 1))
    const amount = `${countOf(blocks, 'block')} (${formatBytes(bytes)}) in ${formatDuration(elapsed)}, ${rate} blocks/s`
    return `${amount}; the head is block ${formatCount(number)}, ${shortHash(bytesTo0x(hash))}`
  }

  #totals(): { elapsed: number; blocks: number; bytes: number } {
    return {
      elapsed: this.#context.clock.now() - this.#since,
      blocks: this.#ethereum.head.number - this.#from,
      bytes: this.#ethereum.progress.bytes - this.#bytesBefore,
    }
  }

  #tick(): void {
    this.#sample()
    this.#timer = this.#context.clock.setTimer(SAMPLE_INTERVAL, () => this.#tick())
  }

  #sample(): void {
    const now = this.#context.clock.now()
    const { progress } = this.#ethereum
    const isNew = progress.phase !== this.#phase
    if (isNew) {
      this.#phase = progress.phase
      this.#items = new RateMeter(this.#context.clock, RATE_SPAN)
    }
    this.#items.addUpTo(progress.done)
    this.#bytes.addUpTo(progress.bytes)
    const state = this.#stateOf(progress)
    this.#show(state)
    if (isNew || now - this.#lastEmit >= EMIT_INTERVAL) this.#emit(progress, state, now)
    if (!this.#context.terminal.live && now - this.#lastLog >= LOG_INTERVAL) this.#log(state, now)
  }

  #stateOf({ phase, done, total, peers }: ChainProgress): ProgressState {
    const { perSecond } = this.#items
    const bytesPerSecond = this.#bytes.perSecond
    return { label: LABELS[phase] ?? phase, done, total, perSecond, bytesPerSecond, peers }
  }

  #show(state: ProgressState): void {
    const { terminal } = this.#context
    const { unicode, colors } = terminal
    const reason = this.#lastDialError.reason(state.peers ?? 0)
    const waiting = reason ? `waiting for peers: ${reason}` : 'waiting for peers'
    if (state.peers === 0) terminal.show((width) => waiting.slice(0, width - 1))
    else if (state.total === undefined) terminal.show((width) => state.label.slice(0, width - 1))
    else terminal.show((width) => renderProgress(state, { width, unicode, colors }))
  }

  #emit(progress: ChainProgress, state: ProgressState, now: number): void {
    this.#lastEmit = now
    const { phase, done, total, peers, bytes } = progress
    const head = this.#ethereum.head.number
    const rates = { perSecond: round(state.perSecond), bytesPerSecond: Math.round(state.bytesPerSecond ?? 0) }
    const reason = this.#lastDialError.reason(peers)
    const waiting = reason === undefined ? {} : { waiting: reason }
    this.#context.terminal.emit({ type: 'progress', phase, done, total, head, peers, bytes, ...rates, ...waiting })
  }

  #log(state: ProgressState, now: number): void {
    this.#lastLog = now
    const left = timeLeft(state)
    this.#context.log.info('Sync in progress', {
      phase: this.#phase,
      done: state.done,
      ...(state.total !== undefined && { total: state.total, percent: percentOf(state) }),
      rate: `${formatRate(state.perSecond)}/s`,
      download: `${formatBytes(state.bytesPerSecond ?? 0)}/s`,
      peers: state.peers,
      ...(left !== undefined && { eta: formatDuration(left) }),
    })
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
