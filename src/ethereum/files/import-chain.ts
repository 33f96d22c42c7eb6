/**
 * Import of a chain from a file: the RLP of the blocks, concatenated, in the format of `geth export`, packed where its name
 * ends in `.gz`.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { CodecError, ConfigError, describeError, PeerloomError, ProtocolError } from '../../base/errors.ts'
import {
  type ChainStore,
  type StorableBlock,
  verifyAccessList,
  verifyBody,
  verifyHeader,
  verifyReceipts,
} from '../chain/index.ts'
import { type Block, blockReceiptsCodec, type Header, readBlockStream } from '../types/index.ts'
import { readChainFile, UnpackError } from './packed-file.ts'
import { explainDifference, explainGap, explainGenesis, type ImportState } from './wrong-order.ts'

/** Limits of one write to the store: blocks, and bytes of bodies. */
const BATCH_BLOCKS = 256
const BATCH_BYTES = 8 * 1024 * 1024
const EMPTY_STRING = 0x80

export interface ImportProgress {
  /** Blocks read or written; block 0 of a file that is read does not count. */
  readonly blocks: number
  /** Bytes of the file read or written. */
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
  /** Access list of each block, or the empty string `0x80`. @default what the file has */
  readonly accessLists?: Iterator<Uint8Array>
}

/**
 * Adds the blocks of a file to the chain: known blocks and its genesis block are skipped, the others must follow its
 * head. Everything is verified that can be without execution; access lists in the file are verified and stored. Throws
 * ConfigError (`file`) when the file cannot be read, `ERR_CHAIN_FILE` at the first invalid block or where the file is
 * damaged; the blocks before it are kept.
 */
export async function importChainFile(
  chain: ChainStore,
  path: string,
  options: ImportOptions = {},
): Promise<ImportResult> {
  const file = readChainFile(path)
  const importer = new Importer(chain, options, file.packedBytes)
  try {
    for await (const block of readBlockStream(file.chunks)) {
      options.signal?.throwIfAborted()
      importer.add(block)
      if (importer.isFull) await importer.flush()
    }
    await importer.flush()
  } catch (error) {
    await importer.flush()
    throw options.signal?.aborted ? options.signal.reason : toImportError(error, path, importer)
  }
  return importer.result
}

class Importer implements ImportState {
  readonly #chain: ChainStore
  readonly #options: ImportOptions
  readonly #packedBytes: () => number | undefined
  /** BOUNDED: by BATCH_BLOCKS and BATCH_BYTES. */
  #batch: StorableBlock[] = []
  #batchBytes = 0
  /** Last block added. */
  #parent: Header | undefined
  #blocks = 0
  #bytes = 0
  #imported = 0
  before: number | undefined
  firstAdded: number | undefined

  constructor(chain: ChainStore, options: ImportOptions, packedBytes: () => number | undefined) {
    this.#chain = chain
    this.#options = options
    this.#packedBytes = packedBytes
  }

  get tip(): number {
    return this.#parent?.number ?? this.#chain.head.number
  }

  hashAt(number: number): Uint8Array | undefined {
    const first = this.#batch[0]?.header.number
    if (first !== undefined && number >= first) return this.#batch[number - first]?.header.hash
    return this.#chain.hashAt(number)
  }

  /** Position in the file, of the last block that was in order. */
  get place(): string {
    if (this.before !== undefined) return `after block ${this.before}`
    return this.#bytes > 0 ? 'after block 0' : 'at its beginning'
  }

  get result(): ImportResult {
    return { blocks: this.#blocks, bytes: this.#packedBytes() ?? this.#bytes, imported: this.#imported }
  }

  get isFull(): boolean {
    return this.#batch.length >= BATCH_BLOCKS || this.#batchBytes >= BATCH_BYTES
  }

  add(block: Block): void {
    const receipts = this.#options.receipts?.next().value as Uint8Array | undefined
    const given = this.#options.accessLists?.next().value as Uint8Array | undefined
    const accessList = given && given[0] !== EMPTY_STRING ? given : block.accessList
    if (block.number === 0) this.#checkGenesis(block)
    else {
      if (!this.#isKnown(block)) this.#append(block, receipts, accessList)
      this.before = block.number
      this.#blocks++
    }
    this.#bytes += block.exported.length
  }

  async flush(): Promise<void> {
    const batch = this.#batch
    this.#batch = []
    this.#batchBytes = 0
    await this.#chain.extend(batch)
    this.#options.onProgress?.(this.result)
  }

  #checkGenesis({ header }: Block): void {
    const { genesisHash } = this.#chain
    if (!equalBytes(header.hash, genesisHash)) throw invalidBlock(header, explainGenesis(header, genesisHash))
  }

  #isKnown({ header }: Block): boolean {
    if (header.number > this.tip) return false
    const there = this.hashAt(header.number)
    if (there && equalBytes(there, header.hash)) return true
    throw invalidBlock(header, explainDifference(header, this))
  }

  #append(block: Block, receipts?: Uint8Array, accessList?: Uint8Array): void {
    this.#batch.push(this.#verify(block, receipts, accessList))
    this.#batchBytes += block.exported.length
    this.#parent = block.header
    this.firstAdded ??= block.number
    this.#imported++
  }

  #verify({ header, body }: Block, receipts?: Uint8Array, accessList?: Uint8Array): StorableBlock {
    const parent = this.#parent ?? this.#chain.header(this.#chain.head.hash)
    if (!parent || !equalBytes(parent.hash, header.parentHash)) throw invalidBlock(header, explainGap(header, this))
    verifyHeader(this.#chain.chainConfig, parent, header)
    verifyBody(header, body)
    if (receipts) verifyReceipts(header, blockReceiptsCodec.decode(receipts), body)
    if (accessList && !header.blockAccessListHash)
      throw invalidBlock(header, 'has an access list, to which its header does not commit')
    if (accessList) verifyAccessList(header, accessList)
    return { header, body: body.raw, receipts, accessList }
  }
}

function invalidBlock({ number }: Header, what: string): PeerloomError {
  return new PeerloomError('ERR_CHAIN_FILE', `block ${number} ${what}`)
}

function toImportError(error: unknown, path: string, { place, before }: Importer): unknown {
  const code = (error as NodeJS.ErrnoException).code
  if (!(error instanceof PeerloomError) && typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    return new ConfigError('file', `${path} ${why}`, { cause: error })
  }
  if (!(error instanceof PeerloomError) || error.code.startsWith('ERR_STORAGE')) return error
  if (error instanceof UnpackError) {
    const upTo = before === undefined ? '' : `; it was read up to block ${before}`
    return new PeerloomError('ERR_CHAIN_FILE', `${path} ${error.message}${upTo}`, { cause: error })
  }
  const after = error instanceof CodecError ? `${place}: ` : ''
  const rule = error instanceof ProtocolError ? ` (${error.code})` : ''
  return new PeerloomError('ERR_CHAIN_FILE', `${path}: ${after}${describeError(error)}${rule}`, { cause: error })
}
