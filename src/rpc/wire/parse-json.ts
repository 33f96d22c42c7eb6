/**
 * Parsing of untrusted JSON.
 * @module
 */

/** Deepest nesting; that of go-ethereum's decoder (encoding/json). */
const MAX_DEPTH = 10_000
/** Length from which texts are checked: shorter ones cost little however deeply they are nested. */
const MIN_LENGTH_TO_CHECK = 256 * 1024

/**
 * Number of arrays, objects and their members in one request to a server: takes some 50 ms to parse, and no caller needs
 * more.
 */
export const MAX_VALUES = 200_000

/**
 * Parses JSON. Throws a SyntaxError for invalid JSON, and for a text nested so deeply, or of so many values, that parsing it
 * would block the event loop.
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
    if (values > maxValues) throw new SyntaxError('too many values')
  }
}

/** @returns the position of the quote that ends the string beginning at `start` */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
  return text.length
}
