import { CodecError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import { Block } from './block.ts'

export interface ItemStreamOptions {
  /** Size of the largest item accepted. @default 64 MiB: blocks are 10 MiB at most since EIP-7934 */
  readonly maxItemBytes?: number
}

const DEFAULT_MAX_ITEM_BYTES = 64 * 1024 * 1024

/** Reads consecutive RLP items, as views that include their headers. Throws `CodecError` at the first malformed one. */
export function* readItems(bytes: Uint8Array): Generator<Uint8Array> {
  const reader = new rlp.RlpReader(bytes)
  while (reader.offset < reader.end) yield reader.rawItem()
}

/**
 * Reads the blocks of a file in go-ethereum's export format: consecutive RLP of blocks, from Amsterdam on with their
 * access lists. Throws `CodecError`.
 */
export function* readBlocks(bytes: Uint8Array): Generator<Block> {
  for (const item of readItems(bytes)) yield Block.decodeExported(item)
}

/** Reads items like `readItems` from chunks cut anywhere. Holds one item and one chunk in memory. */
export async function* readItemStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ItemStreamOptions = {},
): AsyncGenerator<Uint8Array> {
  const limit = options.maxItemBytes ?? DEFAULT_MAX_ITEM_BYTES
  const pending = new Pending()
  for await (const chunk of chunks) {
    pending.push(chunk)
    for (let item = pending.take(limit); item; item = pending.take(limit)) yield item
  }
  if (pending.length > 0)
    throw new CodecError('ERR_RLP_TRUNCATED', `input ends after ${pending.length} bytes of an item`)
}

/** Reads blocks like `readBlocks` from chunks cut anywhere, such as a file's read stream. */
export async function* readBlockStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: ItemStreamOptions = {},
): AsyncGenerator<Block> {
  for await (const item of readItemStream(chunks, options)) yield Block.decodeExported(item)
}

/**
 * BOUNDED: by the largest item and one chunk. Chunks are joined once per item that crosses them, not once per chunk.
 */
class Pending {
  #parts: Uint8Array[] = []
  #wanted = 1
  length = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#parts.push(chunk)
    this.length += chunk.length
  }

  /** @returns the next complete item; undefined until more chunks come. */
  take(limit: number): Uint8Array | undefined {
    if (this.length < this.#wanted) return undefined
    const bytes = this.#joined()
    const size = itemSize(bytes)
    if (size !== undefined && size > limit) {
      throw new CodecError('ERR_RLP_TOO_LONG', `item of ${size} bytes, at most ${limit} allowed`)
    }
    if (size === undefined || size > bytes.length) {
      this.#wanted = size ?? bytes.length + 1
      return undefined
    }
    this.#parts = size === bytes.length ? [] : [bytes.subarray(size)]
    this.length -= size
    this.#wanted = 1
    return new rlp.RlpReader(bytes, 0, size).rawItem()
  }

  #joined(): Uint8Array {
    const [first] = this.#parts
    if (first && this.#parts.length === 1) return first
    const joined = new Uint8Array(this.length)
    let at = 0
    for (const part of this.#parts) {
      joined.set(part, at)
      at += part.length
    }
    this.#parts = [joined]
    return joined
  }
}

/** @returns the bytes of the first item with its header; undefined while the header is incomplete. */
function itemSize(bytes: Uint8Array): number | undefined {
  const first = bytes[0] as number
  if (first < 0x80) return 1
  const short = first & 0x3f
  if (short < 56) return 1 + short
  const lengthBytes = short - 55
  if (bytes.length < 1 + lengthBytes) return undefined
  let length = 0
  for (let i = 1; i <= lengthBytes; i++) length = length * 256 + (bytes[i] as number)
  return 1 + lengthBytes + length
}
