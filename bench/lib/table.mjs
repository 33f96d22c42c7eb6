/** Prints the measurements as Markdown that also reads well in a terminal. */

export function formatNumber(value) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 100_000) return `${(value / 1000).toFixed(0)} k`
  if (size >= 10_000) return `${(value / 1000).toFixed(1)} k`
  if (size >= 100) return value.toFixed(0)
  return size >= 10 ? value.toFixed(1) : value.toFixed(2)
}

export function formatSummary(found, unit = '') {
  if (!found) return '–'
  const { median, min, max } = found
  const range = min === max ? '' : ` (${formatNumber(min)}–${formatNumber(max)})`
  return `${formatNumber(median)}${unit}${range}`
}

/** `{ atLeast, aim }` as two cells. */
export function goalCells({ atLeast, aim } = {}, less = false) {
  const cell = (value) => (value === undefined ? '' : `${less ? '≤ ' : ''}${value}×`)
  return [cell(atLeast), cell(aim)]
}

/** The best a ratio has reached: 'aim', 'at least', 'below', or '' without a goal. */
export function verdict(ratio, { atLeast, aim } = {}, less = false) {
  if (ratio === undefined || (atLeast === undefined && aim === undefined)) return ''
  const reaches = (value) => value !== undefined && (less ? ratio <= value : ratio >= value)
  if (reaches(aim)) return 'aim'
  if (reaches(atLeast)) return 'at least'
  return atLeast === undefined ? 'below the aim' : 'below'
}

/** The goal of a figure that stands for itself, as a cell. */
export function limitCell({ atLeast, atMost, unit }) {
  if (atLeast !== undefined) return `≥ ${atLeast}${unit}`
  return atMost === undefined ? '' : `≤ ${atMost}${unit}`
}

export function withinLimit(value, { atLeast, atMost }) {
  if (value === undefined || (atLeast === undefined && atMost === undefined)) return ''
  return value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity) ? 'yes' : 'no'
}

export function formatTable(head, rows) {
  const cells = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const line = (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  return [line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n')
}
