/** Medians with their range, and ratios made inside a round, where both sides saw the same machine. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The least of the values that so large a share of them does not exceed; undefined without values. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]
}

/** `{ median, min, max }` of the values that are there; undefined when none is. */
export function summary(values) {
  const known = values.filter((value) => Number.isFinite(value))
  if (known.length === 0) return undefined
  return { median: median(known), min: Math.min(...known), max: Math.max(...known) }
}

/** Ours to theirs, round by round. */
export function ratios(ours, theirs) {
  return summary(ours.map((value, round) => value / theirs[round]))
}

/** Least squares: how much y grows for each x, and the standard error of that; 0 and Infinity where points are too few. */
export function trend(points) {
  const n = points.length
  if (n < 3) return { slope: 0, error: Infinity }
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / n
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / n
  let over = 0
  let under = 0
  for (const [x, y] of points) {
    over += (x - meanX) * (y - meanY)
    under += (x - meanX) ** 2
  }
  if (under === 0) return { slope: 0, error: Infinity }
  const slope = over / under
  const residue = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope, error: Math.sqrt(residue / (n - 2) / under) }
}
