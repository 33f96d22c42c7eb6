import { CodecError } from '../base/errors.ts'
import { type WasmMemory, wasm } from '../base/webassembly.ts'
import { SNAPPY_WASM } from './snappy-wasm.ts'

/** Functions of wasm/snappy.ts. Arguments are addresses and lengths. */
interface Snappy {
  readonly memory: WasmMemory
  compress(at: number, end: number, out: number): number
  begin(at: number, end: number, out: number, outEnd: number): void
  unpack(bytes: number): number
}

const MORE = 0
const DONE = 1

const PAGE_BYTES = 65_536
/** Address of the input: the first page is the module's own. */
const INPUT_AT = PAGE_BYTES
/** Bytes behind input and output that the module may access (wasm/snappy.ts). */
const SLACK_BYTES = 64

/** Largest length of the format: 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1
const MAX_PREAMBLE_BYTES = 5
/** Best ratio of a snappy element: a copy of 64 bytes encoded in 3. */
const MAX_RATIO = 64 / 3

const module = new wasm.Module(Buffer.from(SNAPPY_WASM, 'base64'))

/** Instance of the module with its memory. BOUNDED: by the largest input and output so far. */
class Workspace {
  readonly #snappy = new wasm.Instance(module).exports as Snappy
  memory = new Uint8Array(this.#snappy.memory.buffer)

  /** Reserves `outputBytes` behind an input of `inputBytes`. @returns their address */
  makeRoom(inputBytes: number, outputBytes: number): number {
    const out = INPUT_AT + inputBytes + SLACK_BYTES
    const missing = out + outputBytes + SLACK_BYTES - this.memory.length
    if (missing > 0) this.#grow(missing)
    return out
  }

  /** Compresses the input into elements at `out`. @returns their end */
  compress(inputBytes: number, out: number): number {
    return this.#snappy.compress(INPUT_AT, INPUT_AT + inputBytes, out)
  }

  /** Begins to decompress the block in the input. */
  begin(block: Block, out: number): void {
    const { bytes, elementsAt, length } = block
    this.#snappy.begin(INPUT_AT + elementsAt, INPUT_AT + bytes.length, out, out + length)
  }

  /** Decompresses about so many bytes more. @returns true when all are done */
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
  /** Position behind the preamble. */
  readonly elementsAt: number
  /** Declared length of the content, in bytes. */
  readonly length: number
}

const workspace = new Workspace()

function fail(message: string, offset: number, cause?: unknown): never {
  throw new CodecError('ERR_SNAPPY', `snappy: ${message}`, offset, { cause })
}

/** Reads the varint in front of a block: 7 bits per byte, lowest first. */
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

/** Checks a declared length against `maxBytes`, and against the best ratio for a block of that size. */
function checkedBlock(bytes: Uint8Array, maxBytes: number): Block {
  const block = readPreamble(bytes)
  const { length, elementsAt } = block
  if (length > maxBytes) fail(`content of ${length} bytes, at most ${maxBytes} allowed`, 0)
  if (length > (bytes.length - elementsAt) * MAX_RATIO) fail(`${bytes.length} bytes cannot hold ${length}`, 0)
  return block
}

/** Reads the declared length of the content, in bytes, without checking the rest. Throws `ERR_SNAPPY`. */
export function snappyDecompressedLength(block: Uint8Array): number {
  return readPreamble(block).length
}

/**
 * Decompresses a block (not a framed stream). The declared length is checked against `maxBytes`, and against the
 * best ratio for a block of that size, before anything is allocated. Throws `CodecError` `ERR_SNAPPY`.
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

/** Largest compressed length, as in the reference implementation: incompressible content grows a little. */
function maxCompressedBytes(length: number): number {
  return 32 + length + Math.ceil(length / 6)
}

/** Writes a varint. @returns its end */
function writePreamble(length: number, memory: Uint8Array, at: number): number {
  let rest = length
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) memory[at++] = 0x80 | (rest % 0x80)
  memory[at++] = rest
  return at
}

/** Bytes per step of {@link SnappyUnpacking}: less than a millisecond. */
const STEP_BYTES = 1024 * 1024

/** Instance shared by all unpackings, one at a time: large blocks must not take memory per connection. */
let largeWorkspace: Workspace | undefined
let unpackingNow: SnappyUnpacking | undefined

/**
 * {@link snappyDecompress} of a large block in steps, so that other work runs in between. A third of the time goes into
 * memory that is touched for the first time: copying in and out is done in steps, too.
 */
export class SnappyUnpacking {
  readonly #block: Block
  readonly #content: Uint8Array
  #laid = 0
  #out = 0
  #unpacked = false
  #taken = 0

  /** Checks and throws as {@link snappyDecompress}. `bytes` must not change meanwhile. */
  constructor(bytes: Uint8Array, maxBytes: number) {
    this.#block = checkedBlock(bytes, maxBytes)
    this.#content = new Uint8Array(this.#block.length)
  }

  /** Runs the next step, or none while another block is being unpacked. @returns the content when done. Throws `ERR_SNAPPY`. */
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

  /** Releases the shared instance; to be called when no step follows soon. A later step starts over. */
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
