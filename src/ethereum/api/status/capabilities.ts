import { bytesTo0x } from '../../../base/bytes.ts'
import type { ChainStore } from '../../chain/index.ts'
import type { JsonObject } from '../blocks/block-json.ts'
import { quantity } from '../quantity.ts'

/** As `eth_capabilities` answers: from which block on there is what. Source: ethereum/execution-apis#755. */
export function capabilitiesJson(chain: ChainStore): JsonObject {
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
