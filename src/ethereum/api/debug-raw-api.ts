import { bytesTo0x } from '../../base/bytes.ts'
import { rlp } from '../../codec/index.ts'
import { method, param } from '../../rpc/index.ts'
import type { ChainStore } from '../chain/index.ts'
import { BlockReader, serverError } from './block-reader.ts'
import { type BlockId, blockIdParam, hashParam } from './params.ts'
import { rawTransaction } from './transactions/transaction-methods.ts'

export interface DebugRawApiOptions {
  readonly chain: ChainStore
}

const BLOCK = param('block', blockIdParam)

/** `debug_getRaw…`: stored data in the form that is hashed. */
export function debugRawApi({ chain }: DebugRawApiOptions) {
  const reader = new BlockReader(chain)
  return {
    getRawHeader: method({ summary: 'RLP of a header.', params: [BLOCK] }, (id) => {
      const hash = wantedHash(reader, id)
      const raw = hash && chain.rawHeader(hash)
      return raw ? bytesTo0x(raw) : missing('header', id)
    }),
    getRawBlock: method({ summary: 'RLP of a block.', params: [BLOCK] }, (id) => {
      const block = reader.block(wantedHash(reader, id))
      return block ? bytesTo0x(rlp.encodeListOfRaw([block.header.raw, ...block.body.lists])) : missing('block', id)
    }),
    getRawReceipts: method({ summary: 'The receipts of a block, in consensus form.', params: [BLOCK] }, (id) => {
      const hash = wantedHash(reader, id)
      const header = reader.header(hash)
      if (!hash || !header) return typeof id === 'object' ? [] : null
      return reader.receipts({ hash, header }).map((receipt) => bytesTo0x(receipt.consensusForm()))
    }),
    getRawTransaction: method(
      { summary: 'The bytes of the transaction of this hash.', params: [param('transactionHash', hashParam)] },
      (hash) => rawTransaction(reader, hash),
    ),
  }
}

/** @returns the hash of a block, which need not be canonical if it was given. */
function wantedHash(reader: BlockReader, id: BlockId): Uint8Array | undefined {
  return typeof id === 'object' ? id.hash : reader.hashOfTag(id)
}

/** Answers for a missing block like go-ethereum: an error for an unknown hash, `0x` for an unknown number. */
function missing(what: string, id: BlockId): string {
  if (typeof id === 'object') throw serverError(`${what} #${bytesTo0x(id.hash)} not found`)
  return '0x'
}
