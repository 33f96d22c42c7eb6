import { RateMeter } from '../../base/rate-meter.ts'
import type { ImportProgress } from '../../ethereum/files/index.ts'
import type { Context } from '../command.ts'
import { formatBytes, formatCount, formatDuration, formatRate, RATE_SPAN } from './format.ts'
import { percentOf, renderProgress } from './progress-line.ts'

/** Milliseconds between log lines without a progress bar. */
const LOG_INTERVAL = 5_000

/** Shows the progress of reading or writing a chain file: a bar over its bytes on a terminal, log lines otherwise. */
export class FileView implements Disposable {
  readonly #context: Context
  readonly #label: string
  readonly #total: number | undefined
  readonly #since: number
  readonly #rate: RateMeter
  #lastLog: number

  /** `total`: bytes of the file, where they are known. */
  constructor(context: Context, label: string, total: number | undefined) {
    this.#context = context
    this.#label = label
    this.#total = total
    this.#rate = new RateMeter(context.clock, RATE_SPAN)
    this.#since = this.#lastLog = context.clock.now()
  }

  /** Seconds since the start. */
  get seconds(): number {
    return Math.round(this.#context.clock.now() - this.#since) / 1000
  }

  /** `1.2 s, 812 blocks/s` */
  throughput(blocks: number): string {
    const elapsed = Math.max(this.#context.clock.now() - this.#since, 1)
    return `${formatDuration(elapsed)}, ${formatRate((blocks * 1000) / elapsed)} blocks/s`
  }

  update({ blocks, bytes }: ImportProgress): void {
    const { terminal, clock } = this.#context
    const { unicode, colors } = terminal
    const now = clock.now()
    this.#rate.addUpTo(bytes)
    const label = `${this.#label}  block ${formatCount(blocks)}`
    const perSecond = this.#rate.perSecond
    const state = { label, unit: 'bytes', done: bytes, total: this.#total, perSecond } as const
    terminal.show((width) => renderProgress(state, { width, unicode, colors }))
    if (!terminal.live && now - this.#lastLog >= LOG_INTERVAL) this.#log(blocks, bytes, now)
  }

  [Symbol.dispose](): void {
    this.#context.terminal.clear()
  }

  #log(blocks: number, bytes: number, now: number): void {
    this.#lastLog = now
    const percent = percentOf({ label: '', done: bytes, total: this.#total, perSecond: 0 })
    this.#context.log.info(this.#label, {
      blocks,
      size: formatBytes(bytes),
      ...(percent !== undefined && { percent }),
      rate: `${formatBytes(this.#rate.perSecond)}/s`,
    })
  }
}
