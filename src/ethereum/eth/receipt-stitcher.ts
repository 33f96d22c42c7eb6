import { InternalError } from '../../base/errors.ts'
import { rlp } from '../../codec/index.ts'
import type { Header } from '../types/index.ts'
import { BlockReceipts } from './block-receipts.ts'
import type { Receipts } from './codecs.ts'
import { violation } from './violations.ts'

/** A block whose receipts are requested. Its header bounds, by the gas used, what a hostile peer may send. */
export interface ReceiptsQuery {
  readonly hash: Uint8Array
  readonly header?: Header | undefined
}

/** Least gas of a transaction, before and since Amsterdam. Source: go-ethereum eth/protocols/eth/peer.go. */
const TRANSACTION_GAS = 21_000n
const AMSTERDAM_TRANSACTION_GAS = 4_500n
/** Gas of a byte of log data. Source: yellow paper, appendix G. */
const LOG_DATA_GAS = 8n
/** Bytes kept of one incomplete block whose header is not known: receipts of some 500 million gas of logs. */
const MAX_PARTIAL_BYTES = 64 * 1024 * 1024
/** Receipts kept of one incomplete block whose header is not known. */
const MAX_PARTIAL_RECEIPTS = 131_072

/** Responses that one block may be spread over: at 2 MiB each more than any block holds. Stops peers that drip. */
const MAX_PARTS = 64

/** Assembles the responses to one request of eth/70 until the last block is complete. Source: EIP-7975. */
export class ReceiptStitcher {
  readonly #blocks: readonly ReceiptsQuery[]
  /** BOUNDED: by the request. */
  readonly #complete: BlockReceipts[] = []
  /** Receipts of the block after the complete ones. BOUNDED: see `#checkBounds`. */
  #partial: Uint8Array[] = []
  #logBytes = 0
  #bytes = 0
  #parts = 0

  constructor(blocks: readonly ReceiptsQuery[]) {
    this.#blocks = blocks
  }

  /** Blocks whose receipts are complete, in the order of the request. */
  get complete(): readonly BlockReceipts[] {
    return this.#complete
  }

  /** The next request. */
  get rest(): { readonly hashes: readonly Uint8Array[]; readonly firstBlockReceiptIndex: bigint } {
    return {
      hashes: this.#blocks.slice(this.#complete.length).map(({ hash }) => hash),
      firstBlockReceiptIndex: BigInt(this.#partial.length),
    }
  }

  /** Takes a response to `rest`. @returns true if no further request is needed. Throws ProtocolError or CodecError. */
  add({ blocks, lastBlockIncomplete }: Receipts): boolean {
    const wanted = this.#blocks.length - this.#complete.length
    if (blocks.length > wanted) {
      throw violation('ERR_ETH_TOO_MANY_ITEMS', `receipts of ${blocks.length} blocks instead of at most ${wanted}`)
    }
    const complete = lastBlockIncomplete ? blocks.slice(0, -1) : blocks
    for (const block of complete) this.#finish(block)
    if (!lastBlockIncomplete) return true
    this.#keep(blocks.at(-1), blocks.length)
    return false
  }

  #finish(block: BlockReceipts): void {
    const receipts = this.#partial
    this.#complete.push(
      receipts.length === 0 ? block : BlockReceipts.fromRaw(rlp.encodeListOfRaw([...receipts, ...itemsOf(block)])),
    )
    this.#partial = []
    this.#logBytes = this.#bytes = this.#parts = 0
  }

  /** Keeps an incomplete block. Each response must add receipts to it, or the rounds would never end. */
  #keep(block: BlockReceipts | undefined, blocks: number): void {
    const items = block ? itemsOf(block) : []
    if (!block || (blocks === 1 && items.length === 0)) {
      throw violation('ERR_ETH_EMPTY_RECEIPTS', 'incomplete receipts without a receipt')
    }
    if (++this.#parts > MAX_PARTS) {
      throw violation('ERR_ETH_RECEIPTS_DRIP', `receipts of one block in more than ${MAX_PARTS} parts`)
    }
    for (const item of items) {
      this.#logBytes += logBytesOf(item)
      this.#bytes += item.length
    }
    this.#checkBounds(this.#partial.length + items.length)
    // Items are copied, so that a few receipts do not keep the whole message in memory.
    for (const item of items) this.#partial.push(item.slice())
  }

  #checkBounds(count: number): void {
    const query = this.#blocks[this.#complete.length]
    if (!query) throw new InternalError('receipts beyond the last requested block')
    const { header } = query
    const maxCount = header ? Number(header.gasUsed / transactionGas(header)) : MAX_PARTIAL_RECEIPTS
    const maxLogBytes = header ? Number(header.gasUsed / LOG_DATA_GAS) : MAX_PARTIAL_BYTES
    if (count > maxCount || this.#logBytes > maxLogBytes || (!header && this.#bytes > MAX_PARTIAL_BYTES)) {
      const message = `${count} receipts with ${this.#logBytes} bytes of logs exceed the limits of the block`
      throw violation('ERR_ETH_RECEIPTS_TOO_BIG', message)
    }
  }
}

function transactionGas(header: Header): bigint {
  return header.blockAccessListHash ? AMSTERDAM_TRANSACTION_GAS : TRANSACTION_GAS
}

function itemsOf(block: BlockReceipts): Uint8Array[] {
  const inside = new rlp.RlpReader(block.raw).enterList()
  const items: Uint8Array[] = []
  while (!inside.done) {
    if (items.length >= MAX_PARTIAL_RECEIPTS) throw violation('ERR_ETH_RECEIPTS_TOO_BIG', 'too many receipts')
    items.push(inside.rawItem())
  }
  return items
}

function logBytesOf(receipt: Uint8Array): number {
  const inside = new rlp.RlpReader(receipt).enterList()
  for (let i = 0; i < 3; i++) inside.skip()
  const logs = inside.enterList()
  return logs.end - logs.offset
}
