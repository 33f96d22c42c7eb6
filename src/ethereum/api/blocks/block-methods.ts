import { method, param, type RawJson } from '../../../rpc/index.ts'
import { type BlockReader, serverError } from '../block-reader.ts'
import { quantity } from '../json.ts'
import { type BlockTag, blockIdParam, blockTagParam, flagParam, hashParam, indexParam } from '../params.ts'
import { blockReceiptsJson } from '../transactions/receipt-json.ts'
import { blockJson, headerJson, uncleJson } from './block-json.ts'
import type { JsonCache } from './json-cache.ts'

const HASH = param('blockHash', hashParam)
const NUMBER = param('blockNumber', blockTagParam)
const FULL = param('fullTransactions', flagParam)
const INDEX = param('index', indexParam)

/** Methods for blocks, headers and receipts. A missing one is null. */
export function blockMethods(reader: BlockReader, cache: JsonCache) {
  const config = reader.chain.chainConfig
  const blockOf = (hash: Uint8Array | undefined, full: boolean): RawJson | null => {
    const make = () => {
      const block = reader.block(hash)
      return block && blockJson(block, config, full)
    }
    return (hash && cache.get(full ? 'full' : 'hashes', hash, make)) ?? null
  }
  return {
    blockNumber: method({ summary: 'Number of the head.', params: [] }, () => quantity(reader.chain.head.number)),
    getBlockByHash: method({ summary: 'The block of this hash.', params: [HASH, FULL] }, blockOf),
    getBlockByNumber: method(
      { summary: 'The canonical block of this number.', params: [NUMBER, FULL] },
      (tag: BlockTag, full: boolean) => blockOf(reader.hashOfTag(tag), full),
    ),
    getHeaderByHash: method({ summary: 'The header of this hash.', params: [HASH] }, (hash) => headerOf(reader, hash)),
    getHeaderByNumber: method({ summary: 'The canonical header of this number.', params: [NUMBER] }, (tag) =>
      isAhead(tag) ? null : headerOf(reader, reader.hashOfTag(tag)),
    ),
    getBlockReceipts: method(
      { summary: 'The receipts of all transactions of a block.', params: [param('block', blockIdParam)] },
      (id) => {
        if (id === 'pending') throw serverError('pending receipts is not available')
        const hash = reader.hashOf(id)
        const make = () => {
          const block = reader.block(hash)
          return block && blockReceiptsJson(block, reader.receipts(block), config)
        }
        return (hash && cache.get('receipts', hash, make)) ?? null
      },
    ),
  }
}

/** Methods for uncles: headers in the body of a block of proof of work. */
export function uncleMethods(reader: BlockReader) {
  const uncle = (hash: Uint8Array | undefined, index: number) => {
    const header = reader.block(hash)?.body.ommers[index]
    return header ? uncleJson(header) : null
  }
  const count = (hash: Uint8Array | undefined) => {
    const block = reader.block(hash)
    return block ? quantity(block.body.ommers.length) : null
  }
  return {
    getUncleByBlockHashAndIndex: method({ summary: 'An uncle of a block.', params: [HASH, INDEX] }, uncle),
    getUncleByBlockNumberAndIndex: method({ summary: 'An uncle of a block.', params: [NUMBER, INDEX] }, (tag, index) =>
      uncle(reader.hashOfTag(tag), index),
    ),
    getUncleCountByBlockHash: method({ summary: 'Number of uncles of a block.', params: [HASH] }, (hash) =>
      count(hash),
    ),
    getUncleCountByBlockNumber: method({ summary: 'Number of uncles of a block.', params: [NUMBER] }, (tag) =>
      count(reader.hashOfTag(tag)),
    ),
  }
}

/** @returns true for tags whose header is null in go-ethereum, while their block is an error. */
function isAhead(tag: BlockTag): boolean {
  return tag === 'pending' || tag === 'safe' || tag === 'finalized'
}

function headerOf(reader: BlockReader, hash: Uint8Array | undefined) {
  const header = reader.header(hash)
  return header ? headerJson(header) : null
}
