import { createRequire } from 'node:module'
import { CodecError } from '../base/errors.ts'

interface SnappyWasm {
  compress_raw(input: Uint8Array): Uint8Array
  decompress_raw(input: Uint8Array): Uint8Array
}

// The package's ES build is for browsers (it fetches its WASM); its CommonJS build loads in Node, at once.
const require = createRequire(import.meta.url)
const wasm = require('snappy-wasm') as SnappyWasm

/** The format's own limit: lengths are 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1
const MAX_PREAMBLE_BYTES = 5
/** The best a snappy element can do: a copy of 64 bytes named by 3. */
const MAX_RATIO = 64 / 3

interface Preamble {
  readonly length: number
  readonly bytes: number
}

function fail(message: string, offset: number, cause?: unknown): never {
  throw new CodecError('ERR_SNAPPY', `snappy: ${message}`, offset, { cause })
}

/** The varint in front of a block: 7 bits a byte, lowest first. */
function readPreamble(block: Uint8Array): Preamble {
  let length = 0
  for (let i = 0; i < MAX_PREAMBLE_BYTES; i++) {
    const byte = block[i]
    if (byte === undefined) fail('the block ends inside its length', i)
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (i > 0 && byte === 0) fail('length with a needless byte', i)
    if (length > MAX_LENGTH) fail('length of more than 32 bits', i)
    return { length, bytes: i + 1 }
  }
  return fail('length of more than 5 bytes', MAX_PREAMBLE_BYTES)
}

/** Bytes of the content, as the block's first bytes declare them; the rest is not looked at. Throws `ERR_SNAPPY`. */
export function snappyDecompressedLength(block: Uint8Array): number {
  return readPreamble(block).length
}

/**
 * Decompresses a block (not a framed stream). The declared length is checked against `maxBytes`, and against what a
 * block of that size can hold at best, before anything is allocated. Throws `CodecError` `ERR_SNAPPY`.
 *
 * Source: google/snappy, format_description.txt.
 */
export function snappyDecompress(block: Uint8Array, maxBytes: number): Uint8Array {
  const preamble = readPreamble(block)
  const { length } = preamble
  if (length > maxBytes) fail(`content of ${length} bytes, at most ${maxBytes} allowed`, 0)
  if (length > (block.length - preamble.bytes) * MAX_RATIO) fail(`${block.length} bytes cannot hold ${length}`, 0)
  const literal = soleLiteral(block, preamble)
  if (literal) return literal
  const content = runWasm(wasm.decompress_raw, block)
  if (content.length !== length) fail(`content of ${content.length} bytes, ${length} declared`, 0)
  return content
}

/**
 * Short payloads mostly come as one literal, whose content needs no decompressor: a tag that holds its length less one,
 * below 60, or 60 and the length in the next byte.
 */
function soleLiteral(block: Uint8Array, { length, bytes }: Preamble): Uint8Array | undefined {
  const tag = block[bytes]
  if (tag === undefined || length === 0 || (tag & 3) !== 0) return undefined
  const inTag = tag >> 2
  if (inTag > 60) return undefined
  const at = bytes + (inTag === 60 ? 2 : 1)
  const held = (inTag === 60 ? (block[bytes + 1] ?? 0) : inTag) + 1
  return held === length && block.length === at + length ? block.slice(at) : undefined
}

/** Compresses into a block. Throws `ERR_SNAPPY` for more than 2^32 - 1 bytes. */
export function snappyCompress(content: Uint8Array): Uint8Array {
  if (content.length > MAX_LENGTH) fail(`content of ${content.length} bytes`, 0)
  return runWasm(wasm.compress_raw, content)
}

function runWasm(step: (input: Uint8Array) => Uint8Array, input: Uint8Array): Uint8Array {
  try {
    return step(input)
  } catch (error) {
    return fail(error instanceof Error ? error.message : 'failed', 0, error)
  }
}

/**
 * A valid block that holds the content as one literal, without looking for repetition: for payloads too short to gain
 * from it. At most 10 bytes longer than the content.
 */
export function snappyLiteral(content: Uint8Array): Uint8Array {
  const { length } = content
  if (length > MAX_LENGTH) fail(`content of ${length} bytes`, 0)
  const head = literalHead(length)
  const block = new Uint8Array(head.length + length)
  block.set(head)
  block.set(content, head.length)
  return block
}

function literalHead(length: number): number[] {
  const head: number[] = []
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head.push(0x80 | (rest % 0x80))
  head.push(rest)
  if (length === 0) return head
  const last = length - 1 // a literal's tag holds its length less one; 60 to 63 say that 1 to 4 bytes of it follow
  if (last < 60) return [...head, last << 2]
  const count = last < 0x100 ? 1 : last < 0x10000 ? 2 : last < 0x1000000 ? 3 : 4
  head.push((59 + count) << 2)
  for (let i = 0; i < count; i++) head.push(Math.floor(last / 2 ** (8 * i)) % 256)
  return head
}
