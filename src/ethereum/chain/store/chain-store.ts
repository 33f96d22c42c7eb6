/**
 * A chain in a key-value store: headers, bodies, receipts, access lists, and which blocks are canonical. Everything that
 * belongs to a step is one atomic batch, so a `kill -9` at any moment leaves a whole chain. Values are the bytes that
 * came from the wire.
 * @module
 */
import { bigintToBytes, bytesTo0x, bytesToBigint, equalBytes } from '../../../base/bytes.ts'
import { describeError, InternalError, StorageError } from '../../../base/errors.ts'
import { Events, type SubscribeOptions, type Subscription } from '../../../base/events.ts'
import { type Logger, silentLogger } from '../../../base/log.ts'
import { yieldNow } from '../../../base/yield-budget.ts'
import type { KeyValueStore, Operation } from '../../../storage/index.ts'
import { EMPTY_ROOT, Header } from '../../types/index.ts'
import type { ChainConfig } from '../config/chain-config.ts'
import { type ForkId, ForkIds } from '../config/fork-id.ts'
import type { Genesis } from '../config/genesis.ts'
import { type RepairReport, wholeHead } from './repair.ts'
import {
  blockKey,
  canonicalKey,
  decodeNumber,
  encodeNumber,
  HASH_BYTES,
  metaKey,
  numberOfKey,
  Prefix,
  rangeOf,
  readNumber,
  skeletonKey,
  syncKey,
} from './schema.ts'
import { openGenesis } from './stored-genesis.ts'
import { type SyncChanges, syncOperations } from './sync-changes.ts'
import {
  type FoundTransaction,
  findTransaction,
  firstIndexedOperation,
  indexOperations,
  indexStep,
} from './transaction-index.ts'

/** The last block that is stored whole. */
export interface ChainHead {
  readonly number: number
  /** 32 bytes. */
  readonly hash: Uint8Array
  readonly totalDifficulty: bigint
  /** Seconds. */
  readonly timestamp: number
}

/** A verified block, ready to be stored. */
export interface StorableBlock {
  readonly header: Header
  /** RLP `[transactions, ommers, withdrawals?]`. */
  readonly body: Uint8Array
  /** RLP list in the form of eth/69; absent when nobody gave them. */
  readonly receipts?: Uint8Array | undefined
  /** RLP (EIP-7928); absent when nobody gave it. */
  readonly accessList?: Uint8Array | undefined
}

export interface IndexOptions {
  /** Leaves the rest for another time. */
  readonly signal?: AbortSignal | undefined
  /** @default silentLogger */
  readonly log?: Logger
}

export interface ChainStats {
  /** Blocks on the canonical chain, genesis included. */
  readonly blocks: number
  readonly headers: number
  readonly bodies: number
  readonly receipts: number
  readonly accessLists: number
}

const EMPTY_RECEIPTS = Uint8Array.of(0xc0)

export class ChainStore {
  readonly genesis: Genesis
  /** What opening had to mend; undefined when nothing. */
  readonly repaired: RepairReport | undefined
  readonly #store: KeyValueStore
  readonly #forkIds: ForkIds
  readonly #heads = new Events<ChainHead>()
  #head: ChainHead
  #firstReceipts: number
  #firstIndexed: number
  /** Ends when the last change of the chain, or of its index, has; undefined when it has. */
  #last: Promise<void> | undefined

  /**
   * Opens a chain, or begins one. Without `genesis` the store must hold one already.
   * Throws `StorageError`: `ERR_CHAIN_MISMATCH` for another chain's database, `ERR_STORAGE_FOREIGN` for something else's.
   */
  static async open(store: KeyValueStore, genesis?: Genesis): Promise<ChainStore> {
    const chain = await openGenesis(store, genesis)
    const report = await wholeHead(store)
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
    this.#head = this.#headOf(store.get(metaKey('head')) as Uint8Array)
    this.#firstReceipts = decodeNumber(store.get(metaKey('receipts')) as Uint8Array)
    this.#firstIndexed = readNumber(store.get(metaKey('transactions')) as Uint8Array) ?? this.#head.number + 1
  }

  get genesisHash(): Uint8Array {
    return this.genesis.hash
  }

  get chainConfig(): ChainConfig {
    return this.genesis.config
  }

  /** As go-ethereum's JSON has it. */
  get config(): Readonly<Record<string, unknown>> {
    return this.genesis.config.json
  }

  get head(): ChainHead {
    return this.#head
  }

  /** Every block from this one up to the head has its receipts; one more than the head's number when that has none. */
  get firstReceipts(): number {
    return this.#firstReceipts
  }

  /** What may be promised to peers: the first block of the unbroken range whose bodies and receipts are held. */
  get earliest(): number {
    return Math.min(this.#firstReceipts, this.#head.number)
  }

  /** The transactions of every block from this one up to the head can be found; 0 but for a store of before the index. */
  get firstIndexed(): number {
    return this.#firstIndexed
  }

  /**
   * The new head, each time blocks have been added: one head for all blocks of a batch. A reader that is behind loses
   * some, and finds on the chain what it missed.
   */
  heads(options?: SubscribeOptions): Subscription<ChainHead> {
    return this.#heads.subscribe(options)
  }

  forkId(): ForkId {
    return this.#forkIds.at(this.#head.number, this.#head.timestamp)
  }

  /** Why a remote with this fork id is on another chain; undefined when it is not. */
  forkFilter(remote: ForkId): string | undefined {
    return this.#forkIds.refuse(remote, this.#head.number, this.#head.timestamp)
  }

  /** Hash of the canonical block of this number. */
  hashAt(number: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(number) || number < 0 || number > this.#head.number) return undefined
    return this.#store.get(canonicalKey(number))
  }

  numberOf(hash: Uint8Array): number | undefined {
    const number = hash.length === HASH_BYTES ? this.#store.get(numberOfKey(hash)) : undefined
    return number && readNumber(number)
  }

  rawHeader(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(Prefix.Header, hash)
  }

  rawHeaderAt(number: number): Uint8Array | undefined {
    const hash = this.hashAt(number)
    return hash && this.#store.get(blockKey(Prefix.Header, number, hash))
  }

  /** RLP `[transactions, ommers, withdrawals?]`. */
  rawBody(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(Prefix.Body, hash)
  }

  /** RLP list in the form of eth/69. */
  rawReceipts(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(Prefix.Receipts, hash)
  }

  rawAccessList(hash: Uint8Array): Uint8Array | undefined {
    return this.#get(Prefix.AccessList, hash)
  }

  header(hash: Uint8Array): Header | undefined {
    const raw = this.rawHeader(hash)
    return raw && decodeHeader(raw)
  }

  headerAt(number: number): Header | undefined {
    const raw = this.rawHeaderAt(number)
    return raw && decodeHeader(raw)
  }

  isCanonical(hash: Uint8Array): boolean {
    const number = this.numberOf(hash)
    const canonical = number === undefined ? undefined : this.hashAt(number)
    return canonical !== undefined && equalBytes(canonical, hash)
  }

  /**
   * Makes these blocks the end of the canonical chain, in one atomic batch. They follow each other, and the first one
   * follows a canonical block; blocks above that one, if any, are left behind. The caller has verified
   * them, and calls again only when the promise has settled.
   */
  extend(blocks: readonly StorableBlock[], sync: SyncChanges = {}): Promise<void> {
    return this.#inTurn(() => (blocks.length > 0 ? this.#extend(blocks, sync) : this.writeSync(sync)))
  }

  /** The transaction of this hash on the canonical chain, if its block is in the index: see {@link firstIndexed}. */
  findTransaction(hash: Uint8Array): FoundTransaction | undefined {
    return hash.length === HASH_BYTES ? findTransaction(this.#store, hash, this.#head.number) : undefined
  }

  /**
   * Adds to the index of transactions what was stored before there was one, from the head down; blocks may be added
   * meanwhile. What is done stays done, also after a `kill -9`. Resolves when all is in it, or the signal aborts.
   */
  async indexTransactions({ signal, log = silentLogger }: IndexOptions = {}): Promise<void> {
    if (this.#firstIndexed === 0) return
    log.info('chain: indexing transactions', { blocks: this.#firstIndexed })
    while (this.#firstIndexed > 0 && !signal?.aborted) {
      await this.#inTurn(() => this.#indexMore())
      await yieldNow()
    }
    if (this.#firstIndexed === 0) log.info('chain: all transactions are indexed')
    else log.info('chain: indexing transactions will go on at the next start', { blocks: this.#firstIndexed })
  }

  /** What a sync has noted under this name. */
  syncState(name: string): Uint8Array | undefined {
    return this.#store.get(syncKey(name))
  }

  /** RLP of a header that a sync has downloaded and not linked yet. */
  syncHeader(number: number): Uint8Array | undefined {
    return this.#store.get(skeletonKey(number))
  }

  /** One atomic batch. */
  async writeSync(changes: SyncChanges): Promise<void> {
    const operations = syncOperations(changes)
    if (operations.length > 0) await this.#store.write(operations)
  }

  /** Counts keys: takes a while on a long chain. */
  async stats(): Promise<ChainStats> {
    const count = async (prefix: number): Promise<number> => {
      let entries = 0
      for await (const _ of this.#store.iterate({ ...rangeOf(prefix), keysOnly: true })) entries++
      return entries
    }
    return {
      blocks: await count(Prefix.Canonical),
      headers: await count(Prefix.Header),
      bodies: await count(Prefix.Body),
      receipts: await count(Prefix.Receipts),
      accessLists: await count(Prefix.AccessList),
    }
  }

  /** What changes the chain waits for what does so already: the index must not be behind a reorganization. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last ? this.#last.then(task) : task()
    const settled = result.then(nothing, nothing).then(() => {
      if (this.#last === settled) this.#last = undefined
    })
    this.#last = settled
    return result
  }

  async #extend(blocks: readonly StorableBlock[], sync: SyncChanges): Promise<void> {
    const { header } = blocks[0] as StorableBlock
    const ancestor = this.hashAt(header.number - 1)
    if (!ancestor || !equalBytes(ancestor, header.parentHash)) {
      throw new InternalError(`block ${header.number} does not follow the canonical chain`)
    }
    const operations = syncOperations(sync)
    const head = this.#append(blocks, ancestor, operations)
    for (let stale = head.number + 1; stale <= this.#head.number; stale++) {
      operations.push({ type: 'del', key: canonicalKey(stale) })
    }
    const firstReceipts = this.#receiptsAfter(blocks)
    const firstIndexed = Math.min(this.#firstIndexed, header.number)
    operations.push({ type: 'put', key: metaKey('head'), value: head.hash })
    operations.push({ type: 'put', key: metaKey('receipts'), value: encodeNumber(firstReceipts) })
    if (firstIndexed !== this.#firstIndexed) operations.push(firstIndexedOperation(firstIndexed))
    await this.#store.write(operations)
    this.#head = head
    this.#firstReceipts = firstReceipts
    this.#firstIndexed = firstIndexed
    this.#heads.emit(head)
  }

  async #indexMore(): Promise<void> {
    const { operations, first } = indexStep(this.#store, this.#firstIndexed)
    await this.#store.write(operations)
    this.#firstIndexed = first
  }

  #get(
    prefix: typeof Prefix.Header | typeof Prefix.Body | typeof Prefix.Receipts | typeof Prefix.AccessList,
    hash: Uint8Array,
  ): Uint8Array | undefined {
    const number = this.numberOf(hash)
    return number === undefined ? undefined : this.#store.get(blockKey(prefix, number, hash))
  }

  #headOf(hash: Uint8Array): ChainHead {
    const header = this.header(hash)
    if (!header) throw new StorageError('ERR_STORAGE_CORRUPT', '', `the head ${bytesTo0x(hash)} has no header`)
    return {
      number: header.number,
      hash,
      timestamp: header.timestamp,
      totalDifficulty: this.#totalDifficulty(header.number, hash),
    }
  }

  #totalDifficulty(number: number, hash: Uint8Array): bigint {
    return bytesToBigint(this.#store.get(blockKey(Prefix.TotalDifficulty, number, hash)) ?? new Uint8Array(0))
  }

  #append(blocks: readonly StorableBlock[], ancestor: Uint8Array, operations: Operation[]): ChainHead {
    let { number, hash } = { number: (blocks[0] as StorableBlock).header.number - 1, hash: ancestor }
    let totalDifficulty = this.#totalDifficulty(number, hash)
    let timestamp = 0
    for (const { header, body, receipts, accessList } of blocks) {
      if (header.number !== number + 1 || !equalBytes(header.parentHash, hash)) {
        throw new InternalError(`block ${header.number} does not follow block ${number}`)
      }
      number = header.number
      hash = header.hash
      timestamp = header.timestamp
      totalDifficulty += header.difficulty
      const put = (key: Uint8Array, value: Uint8Array): void => void operations.push({ type: 'put', key, value })
      put(canonicalKey(number), hash)
      put(numberOfKey(hash), encodeNumber(number))
      put(blockKey(Prefix.Header, number, hash), header.raw)
      put(blockKey(Prefix.Body, number, hash), body)
      put(blockKey(Prefix.TotalDifficulty, number, hash), bigintToBytes(totalDifficulty))
      const held = receipts ?? (hasNoReceipts(header) ? EMPTY_RECEIPTS : undefined)
      if (held) put(blockKey(Prefix.Receipts, number, hash), held)
      if (accessList) put(blockKey(Prefix.AccessList, number, hash), accessList)
      operations.push(...indexOperations(number, body))
    }
    return { number, hash, timestamp, totalDifficulty }
  }

  /** Where the unbroken range of receipts begins once these blocks stand at the end. */
  #receiptsAfter(blocks: readonly StorableBlock[]): number {
    const missing = blocks.findLast(({ header, receipts }) => !receipts && !hasNoReceipts(header))
    const first = (blocks[0] as StorableBlock).header.number
    return missing ? missing.header.number + 1 : Math.min(this.#firstReceipts, first)
  }
}

/** What does not decode here was whole once: the fault is the disk's, not a peer's. */
function decodeHeader(raw: Uint8Array): Header {
  try {
    return Header.decode(raw)
  } catch (error) {
    throw new StorageError('ERR_STORAGE_CORRUPT', '', `a header in the database: ${describeError(error)}`, {
      cause: error,
    })
  }
}

function nothing(): void {}

function hasNoReceipts(header: Header): boolean {
  return equalBytes(header.receiptsRoot, EMPTY_ROOT)
}
