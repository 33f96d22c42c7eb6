/**
 * Suggestions for mistyped names.
 * @module
 */
import type { ConfigErrorOptions } from './errors.ts'

/** Largest share of changed letters of the longer word; beyond it a suggestion would only confuse. */
const MAX_SHARE_CHANGED = 0.4

/** The candidate with the fewest changes to it; undefined when none is near. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance > Math.max(word.length, candidate.length) * MAX_SHARE_CHANGED) continue
    if (!best || distance < best.distance) best = { candidate, distance }
  }
  return best?.candidate
}

/** Hint for an unknown name; `otherwise` when no candidate is near. */
export function suggestionFor(word: string, candidates: Iterable<string>, otherwise: string): ConfigErrorOptions {
  const candidate = nearest(word, candidates)
  return { hint: candidate === undefined ? otherwise : `did you mean ${candidate}?` }
}

/** Edit distance: the number of letters left out, inserted, replaced, or swapped with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const replaced = at(above, column - 1) + (same ? 0 : 1)
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const choices = [replaced, at(above, column) + 1, at(current, column - 1) + 1]
      if (swapped) choices.push(at(before, column - 2) + 1)
      current.push(Math.min(...choices))
    }
    ;[before, above] = [above, current]
  }
  return at(above, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
