import { CodecError } from '../base/errors.ts'
import { type WasmMemory, wasm } from '../base/webassembly.ts'
import { SNAPPY_WASM } from './snappy-wasm.ts'

/** The functions of wasm/snappy.ts. Arguments are addresses. */
interface Snappy {
  readonly memory: WasmMemory
  compress(at: number, end: number, out: number): number
  decompress(at: number, end: number, out: number, outEnd: number): number
}

const PAGE_BYTES = 65_536
/** The first page is the module's own. */
const INPUT_AT = PAGE_BYTES
/** What may be read and written behind input and output (wasm/snappy.ts). */
const SLACK_BYTES = 64

const snappy = new wasm.Instance(new wasm.Module(Buffer.from(SNAPPY_WASM, 'base64'))).exports as Snappy
/** BOUNDED: by the largest input and output there were, together at most 36 MiB for messages of 16 MiB. */
let memory = new Uint8Array(snappy.memory.buffer)

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
  const out = layInput(block, length)
  if (snappy.decompress(INPUT_AT + preamble.bytes, INPUT_AT + block.length, out, out + length) === 0) {
    fail(`the block does not hold the ${length} bytes it declares`, 0)
  }
  return memory.slice(out, out + length)
}

/** Compresses into a block. Throws `ERR_SNAPPY` for more than 2^32 - 1 bytes. */
export function snappyCompress(content: Uint8Array): Uint8Array {
  const { length } = content
  if (length > MAX_LENGTH) fail(`content of ${length} bytes`, 0)
  const out = layInput(content, MAX_PREAMBLE_BYTES + maxCompressedBytes(length))
  const end = snappy.compress(INPUT_AT, INPUT_AT + length, writePreamble(length, out))
  return memory.slice(out, end)
}

/** The bound of the format's reference: what does not compress grows a little. */
function maxCompressedBytes(length: number): number {
  return 32 + length + Math.ceil(length / 6)
}

/** Copies the input into the module's memory, and answers where `outputBytes` have room behind it. */
function layInput(input: Uint8Array, outputBytes: number): number {
  const out = INPUT_AT + input.length + SLACK_BYTES
  const missing = out + outputBytes + SLACK_BYTES - memory.length
  if (missing > 0) grow(missing)
  memory.set(input, INPUT_AT)
  return out
}

function grow(bytes: number): void {
  try {
    snappy.memory.grow(Math.ceil(bytes / PAGE_BYTES))
  } catch (cause) {
    fail('more memory is needed than a module can have', 0, cause)
  }
  memory = new Uint8Array(snappy.memory.buffer)
}

/** Writes a varint, and answers where it ends. */
function writePreamble(length: number, at: number): number {
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) memory[at++] = 0x80 | (rest % 0x80)
  memory[at++] = rest
  return at
}
