/**
 * Import of a chain from a file: the RLP of the blocks, concatenated, in the format of `geth export`.
 * @module
 */
import { createReadStream } from 'node:fs'
import { equalBytes } from '../../base/bytes.ts'
import { CodecError, ConfigError, describeError, PeerloomError } from '../../base/errors.ts'
import {
  type ChainStore,
  type StorableBlock,
  verifyAccessList,
  verifyBody,
  verifyHeader,
  verifyReceipts,
} from '../chain/index.ts'
import { type Block, blockReceiptsCodec, type Header, readBlockStream } from '../types/index.ts'

/** Limits of one write to the store: blocks, and bytes of bodies. */
const BATCH_BLOCKS = 256
const BATCH_BYTES = 8 * 1024 * 1024
const EMPTY_STRING = 0x80

export interface ImportProgress {
  /** Blocks read. */
  readonly blocks: number
  /** Bytes read. */
  readonly bytes: number
}

export interface ImportResult extends ImportProgress {
  /** New blocks. */
  readonly imported: number
}

export interface ImportOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ImportProgress) => void
  /**
   * Receipts of each block in the format of eth/69, in the order of the blocks. @default none: the store then has none
   */
  readonly receipts?: Iterator<Uint8Array>
  /** Access list of each block, or the empty string `0x80`. @default none */
  readonly accessLists?: Iterator<Uint8Array>
}

/**
 * Adds the blocks of a file to the chain: known blocks are skipped, the others must follow its head. Everything is
 * verified that can be without execution. Throws ConfigError (`file`) when the file cannot be read, `ERR_CHAIN_FILE` at
 * the first invalid block; the blocks before it are kept.
 */
export async function importChainFile(
  chain: ChainStore,
  path: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const importer = new Importer(chain, options)
  try {
    for await (const block of readBlockStream(createReadStream(path, { highWaterMark: 1 << 20 }))) {
      options.signal?.throwIfAborted()
      importer.add(block)
      if (importer.isFull) await importer.flush()
    }
    await importer.flush()
  } catch (error) {
    await importer.flush()
    throw options.signal?.aborted ? options.signal.reason : toImportError(error, path, importer.last)
  }
  return importer.result
}

class Importer {
  readonly #chain: ChainStore
  readonly #options: ImportOptions
  /** BOUNDED: by BATCH_BLOCKS and BATCH_BYTES. */
  #batch: StorableBlock[] = []
  #batchBytes = 0
  #parent: Header | undefined
  #blocks = 0
  #bytes = 0
  #imported = 0

  constructor(chain: ChainStore, options: ImportOptions) {
    this.#chain = chain
    this.#options = options
  }

  /** Number of the last verified block. */
  get last(): number {
    return this.#parent?.number ?? this.#chain.head.number
  }

  get result(): ImportResult {
    return { blocks: this.#blocks, bytes: this.#bytes, imported: this.#imported }
  }

  get isFull(): boolean {
    return this.#batch.length >= BATCH_BLOCKS || this.#batchBytes >= BATCH_BYTES
  }

  add(block: Block): void {
    const receipts = this.#options.receipts?.next().value as Uint8Array | undefined
    const accessList = this.#options.accessLists?.next().value as Uint8Array | undefined
    if (!this.#isKnown(block)) {
      const stored = this.#verify(block, receipts, accessList?.[0] === EMPTY_STRING ? undefined : accessList)
      this.#batch.push(stored)
      this.#batchBytes += block.raw.length
      this.#parent = block.header
      this.#imported++
    }
    this.#blocks++
    this.#bytes += block.raw.length
  }

  async flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    await this.#chain.extend(batch)
    this.#options.onProgress?.(this.result)
  }

  #isKnown(block: Block): boolean {
    if (this.#parent) return false
    if (this.#chain.isCanonical(block.hash)) return true
    if (block.number > this.#chain.head.number) return false
    const lost = this.#chain.hashAt(block.number) === undefined
    throw invalidBlock(
      block,
      lost
        ? 'is missing in the data folder, which is damaged'
        : 'differs from the block of this number in the data folder',
    )
  }

  #verify({ header, body }: Block, receipts?: Uint8Array, accessList?: Uint8Array): StorableBlock {
    const parent = this.#parent ?? this.#chain.header(this.#chain.head.hash)
    if (!parent || !equalBytes(parent.hash, header.parentHash))
      throw invalidBlock({ header }, `does not follow block ${this.last}: ${this.#mismatchReason(header)}`)
    verifyHeader(this.#chain.chainConfig, parent, header)
    verifyBody(header, body)
    if (receipts) verifyReceipts(header, blockReceiptsCodec.decode(receipts), body)
    if (accessList) verifyAccessList(header, accessList)
    return { header, body: body.raw, receipts, accessList }
  }

  #mismatchReason({ number }: Header): string {
    const next = this.last + 1
    if (number > next) return `block ${next} is missing before it`
    return 'its parent is another block, so that the file belongs to another chain'
  }
}

function invalidBlock({ header }: { readonly header: Header }, what: string): PeerloomError {
  return new PeerloomError('ERR_CHAIN_FILE', `block ${header.number} ${what}`)
}

function toImportError(error: unknown, path: string, last: number): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (!(error instanceof PeerloomError) && typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    return new ConfigError('file', `${path} ${why}`, { cause: error })
  }
  if (!(error instanceof PeerloomError) || error.code.startsWith('ERR_STORAGE')) return error
  const after = error instanceof CodecError ? `after block ${last}: ` : ''
  return new PeerloomError('ERR_CHAIN_FILE', `${path}: ${after}${describeError(error)}`, { cause: error })
}
