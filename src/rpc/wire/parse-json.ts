/**
 * JSON from strangers.
 * @module
 */

/** go-ethereum's decoder (encoding/json) goes no deeper. */
const MAX_DEPTH = 10_000
/** Shorter texts cost little however deep they are. */
const MIN_LENGTH_TO_CHECK = 256 * 1024

/** Arrays, objects and their members in what a server is asked: some 50 ms. Callers of a node have no use for more. */
export const MAX_VALUES = 200_000

/**
 * Throws a SyntaxError for what is no JSON, and for what is nested so deeply, or made of so many pieces, that reading it would
 * stop everything else.
 */
export function parseJson(text: string, maxValues = Number.POSITIVE_INFINITY): unknown {
  if (text.length >= MIN_LENGTH_TO_CHECK) checkShape(text, maxValues)
  return JSON.parse(text)
}

const COMMA = 0x2c
const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

function checkShape(text: string, maxValues: number): void {
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) throw new SyntaxError('nested too deeply')
      values++
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--
    else if (code === COMMA) values++
    if (values > maxValues) throw new SyntaxError('of too many values')
  }
}

/** Where the string that begins at `start` ends. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}
