/**
 * Blocks as the store has them, by the names that callers have for them.
 * @module
 */
import { equalBytes } from '../../base/bytes.ts'
import { RpcError, RpcErrorCode } from '../../rpc/index.ts'
import type { ChainStore } from '../chain/index.ts'
import { BlockBody, blockReceiptsCodec, type Header, type Receipt } from '../types/index.ts'
import type { BlockId, BlockTag } from './params.ts'

/** A block with what it takes to tell of it. */
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
   * Hash of the block on the canonical chain; undefined where there is none. A node that follows no consensus client
   * knows of no safe or finalized block, and one without state builds no pending one: go-ethereum's words for that are
   * thrown.
   */
  hashOfTag(tag: BlockTag): Uint8Array | undefined {
    if (typeof tag === 'number') return this.chain.hashAt(tag)
    if (tag === 'latest') return this.chain.head.hash
    if (tag === 'earliest') return this.chain.hashAt(0)
    throw serverError(tag === 'pending' ? 'pending block is not available' : `${tag} block not found`)
  }

  /** Number of the block on the canonical chain, as {@link hashOfTag} has it. */
  numberOfTag(tag: BlockTag): number {
    const hash = this.hashOfTag(tag)
    const number = typeof tag === 'number' ? tag : hash && this.chain.numberOf(hash)
    if (number === undefined) throw serverError('header not found')
    return number
  }

  /** Undefined for a block that is not known. Throws for one that is not canonical and was to be so. */
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

  /** Throws where the store has none: to leave logs out would be a wrong answer. */
  receipts({ hash, header }: Pick<StoredBlock, 'hash' | 'header'>): readonly Receipt[] {
    const raw = this.chain.rawReceipts(hash)
    if (raw) return blockReceiptsCodec.decode(raw)
    throw new RpcError(RpcErrorCode.ResourceNotFound, `the receipts of block ${header.number} are not stored`)
  }
}

/** An error without a number of its own, as go-ethereum has most of them. */
export function serverError(message: string): RpcError {
  return new RpcError(RpcErrorCode.Default, message)
}
