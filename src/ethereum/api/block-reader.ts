/**
 * Reads stored blocks by number, tag or hash.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { RpcError, RpcErrorCode } from '../../rpc/index.ts'
import type { ChainStore } from '../chain/index.ts'
import { BlockBody, blockReceiptsCodec, type Header, type Receipt } from '../types/index.ts'
import type { BlockId, BlockTag } from './params.ts'

/** A block with its hash. */
export interface StoredBlock {
  readonly hash: Uint8Array
  readonly header: Header
  readonly body: BlockBody
}

export class BlockReader {
  readonly chain: ChainStore

  constructor(chain: ChainStore) {
    this.chain = chain
  }

  /**
   * @returns the hash of a canonical block; undefined if there is none. Throws go-ethereum's error for safe and
   * finalized blocks, which only a consensus client knows, and for the pending one, which needs state.
   */
  hashOfTag(tag: BlockTag): Uint8Array | undefined {
    if (typeof tag === 'number') return this.chain.hashAt(tag)
    if (tag === 'latest') return this.chain.head.hash
    if (tag === 'earliest') return this.chain.hashAt(0)
    throw serverError(tag === 'pending' ? 'pending block is not available' : `${tag} block not found`)
  }

  /** @returns the number of a canonical block. Throws like {@link hashOfTag}. */
  numberOfTag(tag: BlockTag): number {
    const hash = this.hashOfTag(tag)
    const number = typeof tag === 'number' ? tag : hash && this.chain.numberOf(hash)
    if (number === undefined) throw serverError('header not found')
    return number
  }

  /** @returns the hash of a block; undefined if it is unknown. Throws if it is required to be canonical and is not. */
  hashOf(id: BlockId): Uint8Array | undefined {
    if (typeof id !== 'object') return this.hashOfTag(id)
    const number = this.chain.numberOf(id.hash)
    if (number === undefined) return undefined
    const canonical = this.chain.hashAt(number)
    if (id.requireCanonical && !(canonical && equalBytes(canonical, id.hash))) {
      throw serverError('hash is not currently canonical')
    }
    return id.hash
  }

  header(hash: Uint8Array | undefined): Header | undefined {
    return hash && this.chain.header(hash)
  }

  block(hash: Uint8Array | undefined): StoredBlock | undefined {
    const header = this.header(hash)
    const body = hash && header && this.chain.rawBody(hash)
    return body && { hash, header, body: BlockBody.decode(body) }
  }

  /** @returns the receipts of a block. Throws if they are not stored, as a list without them would be wrong. */
  receipts({ hash, header }: Pick<StoredBlock, 'hash' | 'header'>): readonly Receipt[] {
    const raw = this.chain.rawReceipts(hash)
    if (raw) return blockReceiptsCodec.decode(raw)
    throw new RpcError(RpcErrorCode.ResourceNotFound, `the receipts of block ${header.number} are not stored`)
  }
}

/** Makes an error with the default code, which most errors of go-ethereum have. */
export function serverError(message: string): RpcError {
  return new RpcError(RpcErrorCode.Default, message)
}
