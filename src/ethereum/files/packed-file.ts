/**
 * Bytes of chain files, which are packed by gzip where the name ends in `.gz`, as in go-ethereum. Both directions are
 * streams: what a file unpacks to is never in memory as a whole.
 * @module
 */
import { createReadStream } from 'node:fs'
import { pipeline, Readable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import { PeerloomError } from '../../base/errors.ts'

/** Bytes of one read of the file, and of one piece of packed or unpacked data. */
const READ_BYTES = 1024 * 1024
const PIECE_BYTES = 256 * 1024

/** Reports a file whose bytes are not what its name says. Its message is the end of a sentence about the file. */
export class UnpackError extends PeerloomError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_CHAIN_FILE', message, options)
  }
}

/** @returns true if a file of this name is packed; go-ethereum looks at nothing else, and at no other case. */
export function isPacked(path: string): boolean {
  return path.endsWith('.gz')
}

/** Content of a chain file that is being read. */
export interface FileContent {
  /** Unpacked. Iteration throws `UnpackError`, or the error of the file system. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Returns the bytes of the packed file that have been unpacked; undefined for a file that is not packed. */
  packedBytes(): number | undefined
}

/** Opens a chain file, packed or not. */
export function readChainFile(path: string): FileContent {
  const file = createReadStream(path, { highWaterMark: READ_BYTES })
  if (!isPacked(path)) {
    const chunks = blocksOnly(file, "is packed by gzip, which takes a name that ends in '.gz'")
    return { chunks, packedBytes: () => undefined }
  }
  const unpacking = new Unpacking(file)
  return {
    chunks: blocksOnly(unpacking.chunks(), 'is packed by gzip twice'),
    packedBytes: () => unpacking.bytes,
  }
}

/** Packs chunks as they come. Errors of the source are thrown to the reader. */
export function packed(chunks: Iterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gzip = createGzip({ chunkSize: PIECE_BYTES })
  pipeline(Readable.from(chunks, { highWaterMark: 1 }), gzip, nothing)
  return gzip
}

/** Passes chunks on, and throws where the first one is the beginning of a gzip file or of an era file. */
async function* blocksOnly(chunks: AsyncIterable<Uint8Array>, isGzipped: string): AsyncGenerator<Uint8Array> {
  let first = true
  for await (const chunk of chunks) {
    if (first && isGzip(chunk)) throw new UnpackError(isGzipped)
    if (first && startsWith(chunk, ERA_VERSION)) throw new UnpackError(IS_ERA)
    first = false
    yield chunk
  }
}

/** Gzip data of one file, of one member or several: go-ethereum appends one with each export of a range. */
class Unpacking {
  readonly #gunzip = createGunzip({ chunkSize: PIECE_BYTES })
  #read = 0
  #isGzip = false

  constructor(file: AsyncIterable<Uint8Array>) {
    pipeline(file, (chunks: AsyncIterable<Uint8Array>) => this.#watched(chunks), this.#gunzip, nothing)
  }

  /** Packed bytes that have been unpacked. */
  get bytes(): number {
    return this.#gunzip.bytesWritten
  }

  /** Yields what the file unpacks to. Throws `UnpackError`, also for data after the end, which zlib ignores after a zero. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#gunzip as AsyncIterable<Uint8Array>
    } catch (error) {
      throw this.#toUnpackError(error as NodeJS.ErrnoException)
    }
    if (this.#read > this.bytes) throw new UnpackError(OTHER_DATA)
  }

  async *#watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      if (this.#read === 0) this.#isGzip = isGzip(chunk)
      this.#read += chunk.length
      yield chunk
    }
  }

  #toUnpackError(error: NodeJS.ErrnoException): unknown {
    if (!error.code?.startsWith('Z_')) return error
    return new UnpackError(this.#describe(error), { cause: error })
  }

  #describe({ code, message }: NodeJS.ErrnoException): string {
    if (code === 'Z_BUF_ERROR') return 'ends before its gzip data does'
    if (message !== 'incorrect header check') return 'has damaged gzip data'
    return this.#isGzip ? OTHER_DATA : "is not packed by gzip, though its name ends in '.gz'"
  }
}

const OTHER_DATA = 'has other data after the end of its gzip data'

const IS_ERA = 'is an era file (`geth export-history`), which is not read: `geth export` writes the blocks'
const GZIP_MAGIC = [0x1f, 0x8b]
/** Entry that begins each e2store file: type `e2`, no data. */
const ERA_VERSION = [0x65, 0x32, 0, 0, 0, 0, 0, 0]

function isGzip(chunk: Uint8Array): boolean {
  return startsWith(chunk, GZIP_MAGIC)
}

function startsWith(chunk: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, i) => chunk[i] === byte)
}

function nothing(): void {}
