import { CodecError } from '../base/errors.ts'
import { type WasmMemory, wasm } from '../base/webassembly.ts'
import { SNAPPY_WASM } from './snappy-wasm.ts'

/** The functions of wasm/snappy.ts. Arguments are addresses and lengths. */
interface Snappy {
  readonly memory: WasmMemory
  compress(at: number, end: number, out: number): number
  begin(at: number, end: number, out: number, outEnd: number): void
  unpack(bytes: number): number
}

const MORE = 0
const DONE = 1

const PAGE_BYTES = 65_536
/** The first page is the module's own. */
const INPUT_AT = PAGE_BYTES
/** What may be read and written behind input and output (wasm/snappy.ts). */
const SLACK_BYTES = 64

/** The format's own limit: lengths are 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1
const MAX_PREAMBLE_BYTES = 5
/** The best a snappy element can do: a copy of 64 bytes named by 3. */
const MAX_RATIO = 64 / 3

const module = new wasm.Module(Buffer.from(SNAPPY_WASM, 'base64'))

/** An instance of the module with its memory. BOUNDED: by the largest input and output there were, which it keeps room for. */
class Workspace {
  readonly #snappy = new wasm.Instance(module).exports as Snappy
  memory = new Uint8Array(this.#snappy.memory.buffer)

  /** Answers where `outputBytes` have room behind an input of `inputBytes`. */
  makeRoom(inputBytes: number, outputBytes: number): number {
    const out = INPUT_AT + inputBytes + SLACK_BYTES
    const missing = out + outputBytes + SLACK_BYTES - this.memory.length
    if (missing > 0) this.#grow(missing)
    return out
  }

  /** Packs the input into elements at `out`, and answers their end. */
  compress(inputBytes: number, out: number): number {
    return this.#snappy.compress(INPUT_AT, INPUT_AT + inputBytes, out)
  }

  /** Begins to unpack a block that has been laid as input. */
  begin(block: Block, out: number): void {
    const { bytes, elementsAt, length } = block
    this.#snappy.begin(INPUT_AT + elementsAt, INPUT_AT + bytes.length, out, out + length)
  }

  /** Unpacks about so many bytes more; whether all are there. */
  unpack(bytes: number, { length }: Block): boolean {
    const state = this.#snappy.unpack(bytes)
    if (state !== MORE && state !== DONE) fail(`the block does not hold the ${length} bytes it declares`, 0)
    return state === DONE
  }

  #grow(bytes: number): void {
    try {
      this.#snappy.memory.grow(Math.ceil(bytes / PAGE_BYTES))
    } catch (cause) {
      fail('more memory is needed than a module can have', 0, cause)
    }
    this.memory = new Uint8Array(this.#snappy.memory.buffer)
  }
}

interface Block {
  readonly bytes: Uint8Array
  /** Behind the preamble. */
  readonly elementsAt: number
  /** Bytes of the content, as the preamble declares them. */
  readonly length: number
}

const workspace = new Workspace()

function fail(message: string, offset: number, cause?: unknown): never {
  throw new CodecError('ERR_SNAPPY', `snappy: ${message}`, offset, { cause })
}

/** The varint in front of a block: 7 bits a byte, lowest first. */
function readPreamble(bytes: Uint8Array): Block {
  let length = 0
  for (let i = 0; i < MAX_PREAMBLE_BYTES; i++) {
    const byte = bytes[i]
    if (byte === undefined) fail('the block ends inside its length', i)
    length += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (i > 0 && byte === 0) fail('length with a needless byte', i)
    if (length > MAX_LENGTH) fail('length of more than 32 bits', i)
    return { bytes, elementsAt: i + 1, length }
  }
  return fail('length of more than 5 bytes', MAX_PREAMBLE_BYTES)
}

/** Checks a declared length against `maxBytes`, and against what a block of that size can hold at best. */
function checkedBlock(bytes: Uint8Array, maxBytes: number): Block {
  const block = readPreamble(bytes)
  const { length, elementsAt } = block
  if (length > maxBytes) fail(`content of ${length} bytes, at most ${maxBytes} allowed`, 0)
  if (length > (bytes.length - elementsAt) * MAX_RATIO) fail(`${bytes.length} bytes cannot hold ${length}`, 0)
  return block
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
export function snappyDecompress(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const block = checkedBlock(bytes, maxBytes)
  const out = workspace.makeRoom(bytes.length, block.length)
  workspace.memory.set(bytes, INPUT_AT)
  workspace.begin(block, out)
  workspace.unpack(MAX_LENGTH, block)
  return workspace.memory.slice(out, out + block.length)
}

/** Compresses into a block. Throws `ERR_SNAPPY` for more than 2^32 - 1 bytes. */
export function snappyCompress(content: Uint8Array): Uint8Array {
  const { length } = content
  if (length > MAX_LENGTH) fail(`content of ${length} bytes`, 0)
  const out = workspace.makeRoom(length, MAX_PREAMBLE_BYTES + maxCompressedBytes(length))
  workspace.memory.set(content, INPUT_AT)
  const end = workspace.compress(length, writePreamble(length, workspace.memory, out))
  return workspace.memory.slice(out, end)
}

/** The bound of the format's reference: what does not compress grows a little. */
function maxCompressedBytes(length: number): number {
  return 32 + length + Math.ceil(length / 6)
}

/** Writes a varint, and answers where it ends. */
function writePreamble(length: number, memory: Uint8Array, at: number): number {
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) memory[at++] = 0x80 | (rest % 0x80)
  memory[at++] = rest
  return at
}

/** What a step of {@link SnappyUnpacking} works on: less than a millisecond. */
const STEP_BYTES = 1024 * 1024

/** Shared by all unpackings, one after another: large blocks must not take memory for each of many connections. */
let largeWorkspace: Workspace | undefined
let unpackingNow: SnappyUnpacking | undefined

/**
 * {@link snappyDecompress} of a large block in steps, so that others get their turn in between. A third of the time goes
 * into memory that is touched for the first time: copying in and out has its steps, too.
 */
export class SnappyUnpacking {
  readonly #block: Block
  readonly #content: Uint8Array
  #laid = 0
  #out = 0
  #unpacked = false
  #taken = 0

  /** Checks as {@link snappyDecompress} does, and throws as it does. `bytes` must stay as they are. */
  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#block = checkedBlock(bytes, maxBytes)
    this.#content = new Uint8Array(this.#block.length)
  }

  /** Goes on; the content, when it is there. Does nothing while another is being unpacked. Throws `ERR_SNAPPY`. */
  step(): Uint8Array | undefined {
    if (unpackingNow !== undefined && unpackingNow !== this) return undefined
    unpackingNow = this
    largeWorkspace ??= new Workspace()
    const { bytes, length } = this.#block
    if (this.#laid < bytes.length) this.#lay(largeWorkspace)
    else if (!this.#unpacked) this.#unpack(largeWorkspace)
    else this.#take(largeWorkspace)
    if (!this.#unpacked || this.#taken < length) return undefined
    this.interrupt()
    return this.#content
  }

  /** Lets others unpack. To be called when no step follows for a while, or ever; a later one begins anew. */
  interrupt(): void {
    if (unpackingNow !== this) return
    unpackingNow = undefined
    this.#laid = this.#taken = 0
    this.#unpacked = false
  }

  #lay(workspace: Workspace): void {
    const { bytes, length } = this.#block
    if (this.#laid === 0) this.#out = workspace.makeRoom(bytes.length, length)
    workspace.memory.set(bytes.subarray(this.#laid, this.#laid + STEP_BYTES), INPUT_AT + this.#laid)
    this.#laid += STEP_BYTES
    if (this.#laid >= bytes.length) workspace.begin(this.#block, this.#out)
  }

  #unpack(workspace: Workspace): void {
    try {
      this.#unpacked = workspace.unpack(STEP_BYTES, this.#block)
    } catch (error) {
      this.interrupt()
      throw error
    }
  }

  #take(workspace: Workspace): void {
    const { length } = this.#block
    const end = Math.min(length, this.#taken + STEP_BYTES)
    this.#content.set(workspace.memory.subarray(this.#out + this.#taken, this.#out + end), this.#taken)
    this.#taken = end
  }
}
