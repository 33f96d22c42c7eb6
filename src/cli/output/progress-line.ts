/**
 * Renders a progress line as a pure function of the state and the width.
 * @module
 */
import { countOf, formatBytes, formatCount, formatDuration, formatRate } from './format.ts'

export interface ProgressState {
  /** Name of the phase: `headers`, `blocks`. */
  readonly label: string
  readonly done: number
  /** Unit of `done` and `total`. @default items */
  readonly unit?: 'items' | 'bytes'
  /** Undefined while the total is unknown. */
  readonly total: number | undefined
  readonly perSecond: number
  /** Undefined when nothing is transferred; no rate is shown then. */
  readonly bytesPerSecond?: number
  /** Undefined when the work involves no peers. */
  readonly peers?: number
}

export interface LineStyle {
  /** Columns of the terminal. */
  readonly width: number
  /** Draws with block characters instead of ASCII. */
  readonly unicode: boolean
  readonly colors: boolean
}

const MIN_BAR = 8
const MAX_BAR = 40
const BAR_STEP = 4
const GAP = '  '
/** Longest time left that is shown, in milliseconds. */
const MAX_TIME_LEFT = 100 * 86_400_000
/** Parts in the order in which they are dropped on narrow terminals. */
const DROP_ORDER = ['bytes', 'peers', 'rate', 'counts', 'label', 'eta'] as const

type Part = (typeof DROP_ORDER)[number] | 'percent'

/** Renders a line narrower than the terminal, because a full line would wrap on some. Empty when nothing fits. */
export function renderProgress(state: ProgressState, style: LineStyle): string {
  const columns = style.width - 1
  const parts = partsOf(state)
  const { total } = state
  for (const part of [undefined, ...DROP_ORDER]) {
    if (part) parts.delete(part)
    const text = [...parts.values()].join(GAP)
    const bar = barWidth(columns - text.length - GAP.length)
    if (total !== undefined && bar >= MIN_BAR) return joinBar(parts, renderBar(state.done / total, bar, style))
    if (total === undefined && text.length <= columns) return text
  }
  const percent = parts.get('percent') ?? ''
  return percent.length <= columns ? percent : ''
}

/** Width of the bar, in steps, so that a digit more or less beside it does not move the bar. */
function barWidth(columns: number): number {
  return Math.min(MAX_BAR, columns - (columns % BAR_STEP))
}

/** Milliseconds until the work is done at the current rate; undefined when unknown. */
export function timeLeft({ done, total, perSecond }: ProgressState): number | undefined {
  if (total === undefined || perSecond <= 0 || done > total) return undefined
  const left = ((total - done) / perSecond) * 1000
  return left <= MAX_TIME_LEFT ? left : undefined
}

/** Percentage, rounded down: 100 only when all is done. */
export function percentOf({ done, total }: ProgressState): number | undefined {
  if (total === undefined) return undefined
  return total === 0 ? 100 : Math.floor((Math.min(done, total) / total) * 100)
}

function partsOf(state: ProgressState): Map<Part, string> {
  const { label, done, total, bytesPerSecond, peers } = state
  const parts = new Map<Part, string>([['label', label]])
  const show = state.unit === 'bytes' ? formatBytes : formatCount
  const whole = total === undefined ? '' : show(total)
  parts.set('counts', total === undefined ? show(done) : `${show(done).padStart(whole.length)}/${whole}`)
  if (total !== undefined) parts.set('percent', `${percentOf(state)}%`.padStart(4))
  parts.set('rate', `${state.unit === 'bytes' ? formatBytes(state.perSecond) : formatRate(state.perSecond)}/s`)
  if (bytesPerSecond !== undefined) parts.set('bytes', `${formatBytes(bytesPerSecond)}/s`)
  if (peers !== undefined) parts.set('peers', countOf(peers, 'peer'))
  const left = timeLeft(state)
  if (left !== undefined && done !== total) parts.set('eta', `${formatDuration(left)} left`)
  return parts
}

/** Joins the parts with the bar behind the label. */
function joinBar(parts: ReadonlyMap<Part, string>, bar: string): string {
  const label = parts.get('label')
  const rest = [...parts].filter(([part]) => part !== 'label').map(([, text]) => text)
  return [...(label === undefined ? [] : [label]), bar, ...rest].join(GAP)
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

function renderBar(share: number, width: number, { unicode, colors }: LineStyle): string {
  const filled = Math.max(0, Math.min(1, Number.isNaN(share) ? 1 : share)) * width
  const whole = Math.floor(filled)
  const part = unicode ? (EIGHTHS[Math.floor((filled - whole) * 8)] ?? '') : ''
  const full = (unicode ? '█' : '#').repeat(whole) + part
  const rest = (unicode ? '░' : '.').repeat(width - whole - part.length)
  return colors ? `\x1b[36m${full}\x1b[2m${rest}\x1b[0m` : full + rest
}
