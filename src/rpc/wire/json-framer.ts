/**
 * Framing of JSON values in a byte stream. Most programs end each value with a newline and have none inside; some (web3.py)
 * send no newline, others spread a value over several lines. All of these are accepted.
 * @module
 */
import { ByteCollector } from './byte-collector.ts'
import { RpcError, RpcErrorCode } from './errors.ts'
import { parseJson } from './parse-json.ts'

const NEWLINE = 0x0a
const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d]

export interface JsonLimits {
  /** Size of one value, in bytes. */
  readonly maxBytes: number
  /** Number of values inside one value, as in {@link parseJson}. @default no limit */
  readonly maxValues?: number
}

/** Receives each value, and the length of its text. */
type OnValue = (value: unknown, length: number) => void

export class JsonFramer {
  readonly #maxBytes: number
  readonly #maxValues: number | undefined
  readonly #onValue: OnValue
  /** Bytes of an incomplete value. BOUNDED: by #maxBytes. */
  readonly #partial = new ByteCollector()
  /** Set once the remote turned out not to end its values with newlines. */
  #scanner: Scanner | undefined

  constructor({ maxBytes, maxValues }: JsonLimits, onValue: OnValue) {
    this.#maxBytes = maxBytes
    this.#maxValues = maxValues
    this.#onValue = onValue
  }

  /** Throws an RpcError for invalid JSON and for a value over the limits: the framing is lost then. */
  push(chunk: Uint8Array): void {
    if (this.#scanner) return this.#scan(this.#scanner, chunk)
    const end = chunk.lastIndexOf(NEWLINE) + 1
    if (end > 0) {
      const lines = this.#joined(chunk.subarray(0, end)) // decoding many lines at once is cheaper than one by one
      const rest = this.#lines(lines)
      if (rest !== undefined) return this.#scanFrom(rest, chunk.subarray(end))
    }
    if (end === chunk.length) return
    this.#hold(end === 0 ? chunk : chunk.subarray(end))
    if (mayEndValue(chunk[chunk.length - 1] as number)) this.#scanFrom(this.#joined(new Uint8Array()), new Uint8Array())
  }

  /** Delivers complete lines. @returns the rest from the first line on that is not one value, undefined when there is none */
  #lines(text: string): string | undefined {
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#check(end - start)
      const line = text.slice(start, end)
      if (!this.#tryLine(line) && line.trim() !== '') return text.slice(start)
      start = end + 1
    }
    return undefined
  }

  #tryLine(line: string): boolean {
    let value: unknown
    try {
      value = parseJson(line, this.#maxValues)
    } catch {
      return false
    }
    this.#onValue(value, line.length)
    return true
  }

  #scanFrom(text: string, rest: Uint8Array): void {
    this.#scanner = new Scanner()
    this.#scan(this.#scanner, Buffer.from(text))
    this.#scan(this.#scanner, rest)
  }

  #scan(scanner: Scanner, chunk: Uint8Array): void {
    let start = 0
    for (let end = scanner.next(chunk, 0); end >= 0; end = scanner.next(chunk, end)) {
      const text = this.#joined(chunk.subarray(start, end))
      start = end
      this.#onValue(parse(text, this.#maxValues), text.length)
    }
    if (start < chunk.length && scanner.inside) this.#hold(chunk.subarray(start))
  }

  #hold(part: Uint8Array): void {
    this.#check(this.#partial.bytes + part.length)
    this.#partial.add(part)
  }

  #check(length: number): void {
    if (length <= this.#maxBytes) return
    throw new RpcError(RpcErrorCode.InvalidRequest, `message too large, at most ${this.#maxBytes} bytes`)
  }

  #joined(last: Uint8Array): string {
    this.#partial.add(last)
    return this.#partial.take()
  }
}

function mayEndValue(byte: number): boolean {
  return byte === CLOSE_OBJECT || byte === CLOSE_ARRAY
}

function parse(text: string, maxValues: number | undefined): unknown {
  try {
    return parseJson(text, maxValues)
  } catch (error) {
    throw new RpcError(RpcErrorCode.Parse, 'parse error', { cause: error })
  }
}

/** Finds the ends of objects and arrays by their brackets. Keeps its state from chunk to chunk. */
class Scanner {
  #depth = 0
  #inString = false
  #escaped = false

  get inside(): boolean {
    return this.#depth > 0
  }

  /** @returns the position after the first value that ends at or after `from`; -1 when there is none */
  next(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] as number
      if (this.#inString) this.#string(byte)
      else if (byte === QUOTE) this.#inString = this.#assertInside(true)
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.#depth++
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        this.#assertInside(true)
        if (--this.#depth === 0) return at + 1
      } else if (byte > 0x20) this.#assertInside(true)
    }
    return -1
  }

  #string(byte: number): void {
    if (this.#escaped) this.#escaped = false
    else if (byte === BACKSLASH) this.#escaped = true
    else if (byte === QUOTE) this.#inString = false
  }

  /** Throws outside of objects and arrays, where only white space may stand. */
  #assertInside<T>(value: T): T {
    if (this.#depth === 0) throw new RpcError(RpcErrorCode.Parse, 'parse error')
    return value
  }
}
