import { bytesToHex } from '../../../base/bytes.ts'
import { type Clock, systemClock } from '../../../base/clock.ts'
import { method, param } from '../../../rpc/index.ts'
import type { ChainStore } from '../../chain/index.ts'
import type { Sync, SyncEvent } from '../../sync/index.ts'
import type { Header } from '../../types/index.ts'
import { BlockReader } from '../block-reader.ts'
import { announcedHeaderJson } from '../blocks/block-json.ts'
import type { JsonObject } from '../json.ts'
import { logQueryParam, receiptsQueryParam } from '../params.ts'
import { QueryBudget } from '../query-limits.ts'
import { syncingEventJson, syncStatus } from '../status/syncing.ts'
import { blockReceiptsJson } from '../transactions/receipt-json.ts'
import { checkSubscription, isWithin } from './filters.ts'
import { type ChainStep, HeadCursor } from './head-cursor.ts'
import { LogMatcher } from './log-matcher.ts'
import { LogSearch } from './log-search.ts'

export interface EthSubscriptionsOptions {
  readonly chain: ChainStore
  /** Whose progress is told. @default none */
  readonly sync?: Sync | undefined
  /** @default systemClock */
  readonly clock?: Clock
}

/** Milliseconds between two reports of a sync that goes on. */
const SYNC_REPORT_INTERVAL = 1_000

/**
 * `eth_subscribe`. A subscription begins with what comes after the first call of `next`, and keeps a place on the
 * chain, not a list: no head is missed, however slow the reader is. Its signal ends it at once; leaving its loop while
 * it waits ends it with the next event, as with every generator.
 */
export function ethSubscriptions({ chain, sync, clock = systemClock }: EthSubscriptionsOptions) {
  const reader = new BlockReader(chain)
  const budget = new QueryBudget()
  const search = new LogSearch(reader)
  return {
    newHeads: method(
      { summary: 'Every block that becomes canonical, in order.', params: [] },
      async function* ({ signal }) {
        for await (const { header, removed } of stepsOf(chain, signal)) if (!removed) yield announcedHeaderJson(header)
      },
    ),
    logs: method(
      {
        summary: 'Matching logs of new blocks, and with removed: true those of blocks that were left.',
        params: [QUERY],
      },
      async function* (query, { signal }) {
        checkSubscription(query)
        budget.acquire(query)
        try {
          const matcher = new LogMatcher(query)
          for await (const { header, removed } of stepsOf(chain, signal)) {
            if (isWithin(header.number, query)) yield* search.of(header, matcher, removed)
          }
        } finally {
          budget.release(query)
        }
      },
    ),
    transactionReceipts: method(
      { summary: 'The receipts of each new block, or those of these transactions.', params: [RECEIPTS_QUERY] },
      async function* (query, { signal }) {
        const wanted = new Set(query?.transactionHashes?.map(bytesToHex))
        for await (const { header, removed } of stepsOf(chain, signal)) {
          const receipts = removed ? [] : wantedReceipts(reader, header, wanted)
          if (receipts.length > 0) yield receipts
        }
      },
    ),
    syncing: method(
      { summary: 'How far the sync is, once a second; false when it is done.', params: [] },
      async function* ({ signal }) {
        yield syncingEventJson(syncStatus(chain, sync))
        if (!sync) return
        let told = clock.now()
        for await (const event of sync.events({ signal })) {
          if (!isReport(event) || (event.type === 'progress' && clock.now() - told < SYNC_REPORT_INTERVAL)) continue
          told = clock.now()
          yield syncingEventJson(isEnd(event) ? undefined : syncStatus(chain, sync))
        }
      },
    ),
  }
}

const QUERY = param('filter', logQueryParam)
const RECEIPTS_QUERY = param('filter', receiptsQueryParam)

/** Of a block: all of them, or those of the transactions whose hashes, in hex, are wanted. */
function wantedReceipts(reader: BlockReader, { hash }: Header, wanted: ReadonlySet<string>): readonly JsonObject[] {
  const block = reader.block(hash)
  if (!block) return []
  const hashes = block.body.transactionHashes().map(bytesToHex)
  if (wanted.size > 0 && !hashes.some((each) => wanted.has(each))) return []
  const receipts = blockReceiptsJson(block, reader.receipts(block), reader.chain.chainConfig)
  return receipts.filter((_, i) => wanted.size === 0 || wanted.has(hashes[i] as string))
}

/** What happens at the end of the chain, until the signal aborts. Heads only wake it: what is new the cursor finds. */
async function* stepsOf(chain: ChainStore, signal: AbortSignal): AsyncGenerator<ChainStep> {
  using heads = chain.heads({ signal, buffer: 1 })
  const cursor = new HeadCursor(chain)
  for await (const _ of heads) {
    for (let step = cursor.next(); step && !signal.aborted; step = cursor.next()) yield step
  }
}

function isReport(event: SyncEvent): boolean {
  return isEnd(event) || event.type === 'target' || event.type === 'progress'
}

function isEnd({ type }: SyncEvent): boolean {
  return type === 'done' || type === 'failed'
}
