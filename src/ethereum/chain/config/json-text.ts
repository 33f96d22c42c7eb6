/**
 * Parses JSON as go-ethereum's reader sees it: every field in the order of the text, duplicates too, and every digit of
 * an integer. `JSON.parse` checks the grammar, but drops duplicates and rounds integers above 2^53.
 * @module
 */

export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject

/** Fields of an object in the order of the text; a name may occur more than once. */
export class JsonObject {
  readonly entries: readonly (readonly [name: string, value: JsonValue])[]

  constructor(entries: JsonObject['entries']) {
    this.entries = entries
  }

  /** Wraps a plain object; its values stay as they are. */
  static of(object: object): JsonObject {
    return new JsonObject(Object.entries(object) as [string, JsonValue][])
  }
}

export interface JsonText {
  readonly value: JsonValue
  /** True if something other than white space follows the value. */
  readonly hasRest: boolean
}

/** Deepest nesting, so that the call stack suffices for whoever walks the value. go-ethereum takes 10 000. */
const MAX_DEPTH = 1_000
/** Longest integer that is read exactly; no field takes a longer one. */
const MAX_DIGITS = 1_000

/**
 * Parses the first value of a text. Throws a SyntaxError with the position.
 */
export function parseJson(text: string): JsonText {
  const end = endOfValue(text)
  const source = text.slice(0, end)
  JSON.parse(source)
  return { value: new Builder(source).build(), hasRest: text.slice(end).trim() !== '' }
}

/** @returns the end of the first object or array, or of the text if it begins with neither or does not close it. */
function endOfValue(text: string): number {
  if (!/^\s*[[{]/.test(text)) return text.length
  let depth = 0
  for (const token of brackets(text)) {
    depth += token.opens ? 1 : -1
    if (depth > MAX_DEPTH) throw new SyntaxError(`exceeded max depth at position ${token.at}`)
    if (depth === 0) return token.at + 1
  }
  return text.length
}

function* brackets(text: string): Generator<{ readonly at: number; readonly opens: boolean }> {
  const special = /["[\]{}]/g
  for (let match = special.exec(text); match; match = special.exec(text)) {
    const [found] = match
    if (found === '"') special.lastIndex = endOfString(text, match.index)
    else yield { at: match.index, opens: found === '[' || found === '{' }
  }
}

/** @returns the position after the string that begins at `start`; the end of the text if it does not end. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return at + 1
  }
  return text.length
}

interface Frame {
  readonly values: JsonValue[]
  /** Names of the values; undefined in an array. */
  readonly names: string[] | undefined
}

/** Builds the value of a text whose grammar has been checked. Not recursive: a text may be nested deeply. */
class Builder {
  readonly #text: string
  readonly #outermost: Frame = { values: [], names: undefined }
  readonly #stack: Frame[] = [this.#outermost]

  constructor(text: string) {
    this.#text = text
  }

  build(): JsonValue {
    const token = /["[\]{}]|[^\s,:"[\]{}]+/g
    for (let match = token.exec(this.#text); match; match = token.exec(this.#text)) {
      const [found] = match
      if (found === '"') {
        token.lastIndex = endOfString(this.#text, match.index)
        this.#string(this.#text.slice(match.index, token.lastIndex))
      } else if (found === '{' || found === '[') this.#stack.push({ values: [], names: found === '{' ? [] : undefined })
      else if (found === '}' || found === ']') this.#close()
      else this.#top.values.push(scalar(found))
    }
    return this.#outermost.values[0] as JsonValue
  }

  get #top(): Frame {
    return this.#stack.at(-1) as Frame
  }

  #string(quoted: string): void {
    const { names, values } = this.#top
    const text = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
    if (names && names.length === values.length) names.push(text)
    else values.push(text)
  }

  #close(): void {
    const { names, values } = this.#stack.pop() as Frame
    const value = names ? new JsonObject(names.map((name, i) => [name, values[i] as JsonValue])) : values
    this.#top.values.push(value)
  }
}

/** Reads a number, `true`, `false` or `null`. */
function scalar(token: string): JsonValue {
  if (!/^-?\d+$/.test(token) || token.length > MAX_DIGITS) return JSON.parse(token) as JsonValue
  const value = Number(token)
  return Number.isSafeInteger(value) ? value : BigInt(token)
}
