/**
 * A chain in a key-value store: headers, bodies, receipts, access lists, and the canonical block of each number. Every
 * step is one atomic batch, so that a `kill -9` at any moment leaves a consistent chain.
 * @module
 */
import { bytesTo0x, equalBytes } from '../../../base/bytes.ts'
import { InternalError, StorageError } from '../../../base/errors.ts'
import type { SubscribeOptions, Subscription } from '../../../base/events.ts'
import { type Logger, silentLogger } from '../../../base/log.ts'
import { yieldNow } from '../../../base/yield-budget.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import type { Header } from '../../types/index.ts'
import type { ChainConfig } from '../config/chain-config.ts'
import { type ForkId, ForkIds } from '../config/fork-id.ts'
import type { Genesis } from '../config/genesis.ts'
import { blockOperations, type ChainStats, decodeStoredHeader, type StorableBlock, StoredBlocks } from './blocks.ts'
import { openGenesis } from './genesis-record.ts'
import { type ChainHead, ChainHeads } from './heads.ts'
import { findIntactHead, type RepairReport } from './repair.ts'
import { decodeNumber, HASH_BYTES, metaKey, Prefix, readNumber } from './schema.ts'
import { type SyncChanges, SyncNotes, syncOperations } from './sync-notes.ts'
import { type FoundTransaction, firstIndexedOperation, TransactionIndex } from './transaction-index.ts'

export interface IndexOptions {
  /** Stops the work; the next call continues where it ended. */
  readonly signal?: AbortSignal | undefined
  /** @default silentLogger */
  readonly log?: Logger
}

/**
 * The chain as all rooms above see it. Its parts, each in a file of its own: `StoredBlocks` reads blocks, `ChainHeads`
 * has the head and its subscribers, `TransactionIndex` finds transactions, `SyncNotes` keeps the state of a sync.
 */
export class ChainStore {
  readonly genesis: Genesis
  /** Repairs made at opening; undefined when there were none. */
  readonly repaired: RepairReport | undefined
  readonly #store: KeyValueStore
  readonly #forkIds: ForkIds
  readonly #blocks: StoredBlocks
  readonly #heads: ChainHeads
  readonly #index: TransactionIndex
  readonly #notes: SyncNotes
  /** Resolves when the last change of the chain, or of its index, is done; undefined when none is in progress. */
  #pending: Promise<void> | undefined

  /**
   * Opens a chain, or creates one. Without `genesis` the store must hold one already. Throws `StorageError`:
   * `ERR_CHAIN_MISMATCH` for another chain's database, `ERR_STORAGE_FOREIGN` for something else's.
   */
  static async open(store: KeyValueStore, genesis?: Genesis): Promise<ChainStore> {
    const chain = await openGenesis(store, genesis)
    const report = await findIntactHead(store)
    const operations = [...report.operations]
    if (report.repaired || !store.has(metaKey('transactions'))) operations.push(firstIndexedOperation(report.head + 1))
    if (operations.length > 0) await store.write(operations)
    return new ChainStore(store, chain, report.repaired)
  }

  private constructor(store: KeyValueStore, genesis: Genesis, repaired: RepairReport | undefined) {
    this.#store = store
    this.genesis = genesis
    this.repaired = repaired
    this.#forkIds = new ForkIds(genesis)
    this.#blocks = new StoredBlocks(store)
    const head = this.#headOf(store.get(metaKey('head')) as Uint8Array)
    this.#heads = new ChainHeads(head, decodeNumber(store.get(metaKey('receipts')) as Uint8Array))
    const indexed = readNumber(store.get(metaKey('transactions')) as Uint8Array)
    this.#index = new TransactionIndex(store, indexed ?? head.number + 1)
    this.#notes = new SyncNotes(store)
  }

  get genesisHash(): Uint8Array {
    return this.genesis.hash
  }

  get chainConfig(): ChainConfig {
    return this.genesis.config
  }

  /** The chain's configuration as go-ethereum's JSON has it. */
  get config(): Readonly<Record<string, unknown>> {
    return this.genesis.config.json
  }

  get head(): ChainHead {
    return this.#heads.current
  }

  /** First block of the unbroken range, up to the head, that has receipts; head + 1 when the head has none. */
  get firstReceipts(): number {
    return this.#heads.firstReceipts
  }

  /** First block that may be announced to peers: of the unbroken range that has bodies and receipts. */
  get earliest(): number {
    return Math.min(this.firstReceipts, this.head.number)
  }

  /**
   * First block of the range, up to the head, whose transactions are indexed; above 0 only in stores of old versions.
   */
  get firstIndexed(): number {
    return this.#index.first
  }

  /**
   * Subscribes to new heads: one for each batch of blocks. A slow reader loses some, and finds on the chain what it
   * missed.
   */
  heads(options?: SubscribeOptions): Subscription<ChainHead> {
    return this.#heads.subscribe(options)
  }

  /** Fork id of the chain at its head. */
  forkId(): ForkId {
    return this.#forkIds.at(this.head.number, this.#headTime)
  }

  /** @returns the reason why a remote with this fork id is on another chain; undefined if it is not. */
  forkFilter(remote: ForkId): string | undefined {
    return this.#forkIds.refuse(remote, this.head.number, this.#headTime)
  }

  /** @returns the hash of the canonical block of this number. */
  hashAt(number: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(number) || number < 0 || number > this.head.number) return undefined
    return this.#blocks.canonicalHash(number)
  }

  /** @returns the number of a stored block, canonical or not. */
  numberOf(hash: Uint8Array): number | undefined {
    return this.#blocks.numberOf(hash)
  }

  /** @returns RLP of a header, canonical or not. */
  rawHeader(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.raw(Prefix.Header, hash)
  }

  /** @returns RLP of the canonical header of this number. */
  rawHeaderAt(number: number): Uint8Array | undefined {
    const hash = this.hashAt(number)
    return hash && this.#blocks.rawHeader(number, hash)
  }

  /** @returns RLP `[transactions, ommers, withdrawals?]`. */
  rawBody(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.raw(Prefix.Body, hash)
  }

  /** @returns an RLP list in the form of eth/69. */
  rawReceipts(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.raw(Prefix.Receipts, hash)
  }

  /** @returns RLP of the block access list (EIP-7928). */
  rawAccessList(hash: Uint8Array): Uint8Array | undefined {
    return this.#blocks.raw(Prefix.AccessList, hash)
  }

  header(hash: Uint8Array): Header | undefined {
    const raw = this.rawHeader(hash)
    return raw && decodeStoredHeader(raw)
  }

  headerAt(number: number): Header | undefined {
    const raw = this.rawHeaderAt(number)
    return raw && decodeStoredHeader(raw)
  }

  isCanonical(hash: Uint8Array): boolean {
    const number = this.numberOf(hash)
    const canonical = number === undefined ? undefined : this.hashAt(number)
    return canonical !== undefined && equalBytes(canonical, hash)
  }

  /**
   * Makes these blocks the end of the canonical chain, in one atomic batch. They follow each other, and the first one
   * follows a canonical block; blocks above that one, if any, are no longer canonical. The caller has verified them,
   * and calls again only when the promise has settled.
   */
  extend(blocks: readonly StorableBlock[], sync: SyncChanges = {}): Promise<void> {
    return this.#exclusive(() => (blocks.length > 0 ? this.#extend(blocks, sync) : this.writeSync(sync)))
  }

  /** @returns the canonical transaction of this hash, if its block is in the index: see {@link firstIndexed}. */
  findTransaction(hash: Uint8Array): FoundTransaction | undefined {
    return hash.length === HASH_BYTES ? this.#index.find(hash, this.head.number) : undefined
  }

  /**
   * Indexes the transactions of blocks that a version without an index stored, from the head down; blocks may be added
   * meanwhile. Finished work is kept, also after a `kill -9`. Resolves when all are indexed, or the signal aborts.
   */
  async indexTransactions({ signal, log = silentLogger }: IndexOptions = {}): Promise<void> {
    if (this.firstIndexed === 0) return
    log.info('Transaction indexing started', { blocks: this.firstIndexed })
    while (this.firstIndexed > 0 && !signal?.aborted) {
      await this.#exclusive(() => this.#index.indexMore())
      await yieldNow()
    }
    if (this.firstIndexed === 0) log.info('Transaction indexing finished')
    else log.info('Transaction indexing interrupted', { blocks: this.firstIndexed })
  }

  /** @returns the entry that a sync has noted under this name. */
  syncState(name: string): Uint8Array | undefined {
    return this.#notes.state(name)
  }

  /** @returns RLP of a header that a sync has downloaded and not linked yet. */
  syncHeader(number: number): Uint8Array | undefined {
    return this.#notes.header(number)
  }

  /** Writes a sync's notes as one atomic batch. */
  writeSync(changes: SyncChanges): Promise<void> {
    return this.#notes.write(changes)
  }

  /** Counts keys: takes a while on a long chain. */
  stats(): Promise<ChainStats> {
    return this.#blocks.stats()
  }

  /** Runs changes of the chain one after another: the index must not fall behind a reorganization. */
  #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#pending ? this.#pending.then(change) : change()
    const settled = result.then(nothing, nothing).then(() => {
      if (this.#pending === settled) this.#pending = undefined
    })
    this.#pending = settled
    return result
  }

  async #extend(blocks: readonly StorableBlock[], sync: SyncChanges): Promise<void> {
    const { head, operations } = this.#append(blocks)
    const changes = [this.#index.append(blocks), this.#heads.move(head, blocks)]
    const parts = [syncOperations(sync), operations, ...changes.map((change) => change.operations)]
    await this.#store.write(parts.flat())
    for (const change of changes) change.commit()
  }

  /** @returns the last block as head, and the operations that store all. Throws `InternalError` if there is a gap. */
  #append(blocks: readonly StorableBlock[]): { readonly head: ChainHead; readonly operations: readonly Operation[] } {
    const first = (blocks[0] as StorableBlock).header
    const ancestor = this.hashAt(first.number - 1)
    if (!ancestor || !equalBytes(ancestor, first.parentHash)) {
      throw new InternalError(`block ${first.number} does not follow the canonical chain`)
    }
    const totalDifficulty = this.#blocks.totalDifficulty(first.number - 1, ancestor)
    let head: ChainHead = { number: first.number - 1, hash: ancestor, timestamp: 0, totalDifficulty }
    const operations: Operation[] = []
    for (const block of blocks) {
      const { number, parentHash, hash, timestamp, difficulty } = block.header
      if (number !== head.number + 1 || !equalBytes(parentHash, head.hash)) {
        throw new InternalError(`block ${number} does not follow block ${head.number}`)
      }
      head = { number, hash, timestamp, totalDifficulty: head.totalDifficulty + difficulty }
      operations.push(...blockOperations(block, head.totalDifficulty))
    }
    return { head, operations }
  }

  /** Time of the head with every digit. */
  get #headTime(): number | bigint {
    const { timestamp, hash } = this.head
    return Number.isSafeInteger(timestamp) ? timestamp : (this.header(hash)?.exactTimestamp ?? timestamp)
  }

  #headOf(hash: Uint8Array): ChainHead {
    const header = this.header(hash)
    if (!header) throw new StorageError('ERR_STORAGE_CORRUPT', '', `the head ${bytesTo0x(hash)} has no header`)
    const { number, timestamp } = header
    return { number, hash, timestamp, totalDifficulty: this.#blocks.totalDifficulty(number, hash) }
  }
}

function nothing(): void {}
