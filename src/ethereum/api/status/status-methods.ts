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
    syncing: method({ summary: 'Progress of the sync; false if there is none.', params: [] }, () =>
      syncingJson(syncStatus(chain, sync)),
    ),
    capabilities: method({ summary: 'First block of each kind of data.', params: [] }, () => capabilitiesJson(chain)),
    config: method({ summary: 'The current, next and last fork.', params: [] }, () => forkConfigJson(chain, forkIds)),
    accounts: method({ summary: 'Addresses whose keys this node holds: none.', params: [] }, (): string[] => []),
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
