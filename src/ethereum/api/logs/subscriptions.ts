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
  /** Source of `syncing`. @default none */
  readonly sync?: Sync | undefined
  /** @default systemClock */
  readonly clock?: Clock
}

/** Milliseconds between two progress reports of a sync. */
const SYNC_REPORT_INTERVAL = 1_000

/**
 * `eth_subscribe`. A subscription starts at the first call of `next`, and keeps a position on the chain, not a list: no
 * head is missed, however slow the reader is. Its signal ends it at once; leaving its loop while it waits ends it with
 * the next event, like every generator.
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
        summary: 'Matching logs of new blocks; removed: true for those of blocks that are no longer canonical.',
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
      { summary: 'Progress of the sync, once a second; false when it is finished.', params: [] },
      async function* ({ signal }) {
        yield syncingEventJson(syncStatus(chain, sync))
        if (!sync) return
        let lastReport = clock.now()
        for await (const event of sync.events({ signal })) {
          if (!isReport(event) || (event.type === 'progress' && clock.now() - lastReport < SYNC_REPORT_INTERVAL))
            continue
          lastReport = clock.now()
          yield syncingEventJson(isEnd(event) ? undefined : syncStatus(chain, sync))
        }
      },
    ),
  }
}

const QUERY = param('filter', logQueryParam)
const RECEIPTS_QUERY = param('filter', receiptsQueryParam)

/** @returns all receipts of a block, or those of the transactions with these hashes, in hex. */
function wantedReceipts(reader: BlockReader, { hash }: Header, wanted: ReadonlySet<string>): readonly JsonObject[] {
  const block = reader.block(hash)
  if (!block) return []
  const hashes = block.body.transactionHashes().map(bytesToHex)
  if (wanted.size > 0 && !hashes.some((each) => wanted.has(each))) return []
  const receipts = blockReceiptsJson(block, reader.receipts(block), reader.chain.chainConfig)
  return receipts.filter((_, i) => wanted.size === 0 || wanted.has(hashes[i] as string))
}

/** Iterates steps of the chain until the signal aborts. Heads only wake the loop: the cursor finds the steps. */
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
