/**
 * Headers for tests of a few fields.
 * @module
 */
import { EMPTY_OMMERS_HASH, EMPTY_ROOT, Header, type HeaderFields } from '../../src/ethereum/types/index.ts'

/** Creates a header of proof of stake before London, number 1, except for these fields. */
export function header(fields: Partial<HeaderFields> = {}): Header {
  return Header.from({
    parentHash: new Uint8Array(32),
    ommersHash: EMPTY_OMMERS_HASH,
    coinbase: new Uint8Array(20),
    stateRoot: EMPTY_ROOT,
    transactionsRoot: EMPTY_ROOT,
    receiptsRoot: EMPTY_ROOT,
    logsBloom: new Uint8Array(256),
    difficulty: 0n,
    number: 1,
    gasLimit: 30_000_000n,
    gasUsed: 0n,
    timestamp: 10,
    extraData: new Uint8Array(0),
    mixHash: new Uint8Array(32),
    nonce: new Uint8Array(8),
    ...fields,
  })
}
