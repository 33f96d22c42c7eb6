/**
 * One line of progress, as a pure function of what is known and how much room there is.
 * @module
 */
import { countOf, formatBytes, formatCount, formatDuration, formatRate } from './format.ts'

export interface ProgressState {
  /** What is going on: `headers`, `blocks`. */
  readonly label: string
  readonly done: number
  /** What `done` and `total` count. @default items */
  readonly unit?: 'items' | 'bytes'
  /** Undefined while nobody knows. */
  readonly total: number | undefined
  readonly perSecond: number
  /** Undefined where nothing is transferred: no rate is shown. */
  readonly bytesPerSecond?: number
  /** Undefined where there are none to have. */
  readonly peers?: number
}

export interface LineStyle {
  /** Columns of the terminal. */
  readonly width: number
  /** Block characters instead of ASCII. */
  readonly unicode: boolean
  readonly colors: boolean
}

const MIN_BAR = 8
const MAX_BAR = 40
const BAR_STEP = 4
const GAP = '  '
/** Above this, in milliseconds, a time left says nothing. */
const MAX_TIME_LEFT = 100 * 86_400_000
/** Parts in the order in which they give way on narrow terminals. */
const DROP_ORDER = ['bytes', 'peers', 'rate', 'counts', 'label', 'eta'] as const

type Part = (typeof DROP_ORDER)[number] | 'percent'

/** Never as wide as the terminal: a full line would wrap on some. Empty when there is no room at all. */
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

/** In steps, so that a digit more or less beside it does not make the bar twitch. */
function barWidth(columns: number): number {
  return Math.min(MAX_BAR, columns - (columns % BAR_STEP))
}

/** Milliseconds until it is done at this rate; undefined when that cannot be said. */
export function timeLeft({ done, total, perSecond }: ProgressState): number | undefined {
  if (total === undefined || perSecond <= 0 || done > total) return undefined
  const left = ((total - done) / perSecond) * 1000
  return left <= MAX_TIME_LEFT ? left : undefined
}

/** Rounded down: 100 % is said when all is done. */
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

/** The bar stands after the label. */
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
