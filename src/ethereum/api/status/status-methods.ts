import { bytesTo0x } from '../../../base/bytes.ts'
import { method } from '../../../rpc/index.ts'
import { type ChainStore, ForkIds } from '../../chain/index.ts'
import type { Sync } from '../../sync/index.ts'
import { type JsonObject, quantity } from '../json.ts'
import { forkConfigJson } from './fork-config.ts'
import { syncingJson, syncStatus } from './syncing.ts'

/** Methods about the node itself: its chain, its sync, the range of data it has. */
export function statusMethods(chain: ChainStore, sync: Sync | undefined) {
  const forkIds = new ForkIds(chain.genesis)
  return {
    chainId: method({ summary: 'Id of the chain.', params: [] }, () => quantity(chain.chainConfig.chainId)),
    syncing: method({ summary: 'False, or how far the sync is.', params: [] }, () =>
      syncingJson(syncStatus(chain, sync)),
    ),
    capabilities: method({ summary: 'From which block on there is what.', params: [] }, () => capabilitiesJson(chain)),
    config: method({ summary: 'The forks that are in force, next and last.', params: [] }, () =>
      forkConfigJson(chain, forkIds),
    ),
    accounts: method({ summary: 'Addresses that this node holds keys of: none.', params: [] }, (): string[] => []),
  }
}

/** Answer of `eth_capabilities`: the first block of each kind of data. Source: ethereum/execution-apis#755. */
function capabilitiesJson(chain: ChainStore): JsonObject {
  const { head, firstReceipts, firstIndexed } = chain
  const from = (block: number) =>
    block > head.number ? { disabled: true } : { disabled: false, oldestBlock: quantity(block) }
  return {
    head: { number: quantity(head.number), hash: bytesTo0x(head.hash) },
    state: { disabled: true },
    tx: from(firstIndexed),
    logs: from(firstReceipts),
    receipts: from(Math.max(firstReceipts, firstIndexed)),
    blocks: from(0),
    stateproofs: { disabled: true },
  }
}
