/**
 * Checks of a body, receipts or an access list against the header that commits to them.
 * @module
 */
import { bytesTo0x, equalBytes } from '../../../base/bytes.ts'
import { type ErrorCode, ProtocolError } from '../../../base/errors.ts'
import { keccak256 } from '../../../crypto/index.ts'
import { type BlockBody, type Header, type Receipt, receiptsRoot } from '../../types/index.ts'
import { GAS_PER_BLOB } from './fees.ts'

const BLOB_TYPE = 3

/** Checks a body. Throws `ProtocolError` `ERR_BODY_…`; `CodecError` if the contents are malformed. */
export function verifyBody(header: Header, body: BlockBody): void {
  expectEqual('ERR_BODY_TRANSACTIONS', header, body.transactionsRoot(), header.transactionsRoot)
  expectEqual('ERR_BODY_OMMERS', header, body.ommersHash(), header.ommersHash)
  expectEqual('ERR_BODY_WITHDRAWALS', header, body.withdrawalsRoot(), header.withdrawalsRoot)
  if (header.blobGasUsed !== undefined) verifyBlobs(header, body)
}

/**
 * Checks receipts; with `body`, their number and types as well. Throws `ProtocolError` `ERR_RECEIPTS_…`; `CodecError`
 * if they are malformed.
 */
export function verifyReceipts(header: Header, receipts: readonly Receipt[], body?: BlockBody): void {
  expectEqual('ERR_RECEIPTS_ROOT', header, receiptsRoot(receipts), header.receiptsRoot)
  const used = receipts.at(-1)?.cumulativeGasUsed ?? 0n
  // Since Amsterdam a block counts execution and state apart and without refunds (EIP-7778, EIP-8037): its gas is the
  // larger of the two, while receipts still sum the gas that transactions pay for.
  if (header.blockAccessListHash === undefined && used !== header.gasUsed) {
    throw contradiction('ERR_RECEIPTS_GAS', header, `${used} gas`, `${header.gasUsed}`)
  }
  if (body) verifyTypes(header, receipts, body)
}

/** Checks a block access list; `raw` is its RLP (EIP-7928). Throws `ProtocolError` `ERR_ACCESS_LIST`. */
export function verifyAccessList(header: Header, raw: Uint8Array): void {
  expectEqual('ERR_ACCESS_LIST', header, keccak256(raw), header.blockAccessListHash)
}

/** Checks the types, which the root commits to without relating them to the transactions. */
function verifyTypes(header: Header, receipts: readonly Receipt[], { transactions }: BlockBody): void {
  if (transactions.length !== receipts.length) {
    throw contradiction('ERR_RECEIPTS_COUNT', header, `${receipts.length}`, `${transactions.length}`)
  }
  for (const [i, { type }] of transactions.entries()) {
    const got = receipts[i]?.type
    if (got !== type) throw contradiction('ERR_RECEIPTS_TYPE', header, `type ${got} at ${i}`, `type ${type}`)
  }
}

function verifyBlobs(header: Header, body: BlockBody): void {
  let blobs = 0
  for (const transaction of body.transactions) {
    if (transaction.type !== BLOB_TYPE) continue // the fields of the others are not decoded for this
    const { fields } = transaction
    if (fields.type === BLOB_TYPE) blobs += fields.blobVersionedHashes.length
  }
  if (BigInt(blobs) * GAS_PER_BLOB !== header.blobGasUsed) {
    throw contradiction('ERR_BODY_BLOBS', header, `${blobs} blobs`, `${header.blobGasUsed} blob gas`)
  }
}

function expectEqual(
  code: ErrorCode,
  header: Header,
  got: Uint8Array | undefined,
  expected: Uint8Array | undefined,
): void {
  if (got === expected || (got && expected && equalBytes(got, expected))) return
  throw falseContents(code, header, got ? bytesTo0x(got) : 'absent', expected ? bytesTo0x(expected) : 'absent')
}

/** Contents with another root than the header's are proven false. */
function falseContents(code: ErrorCode, header: Header, got: string, expected: string): ProtocolError {
  return new ProtocolError(code, `block ${header.number}: got ${got}, expected ${expected}`, { penalty: 100 })
}

/**
 * Contents with the right root, of a header that contradicts them: the block is at fault, not the peer that relays it.
 */
function contradiction(code: ErrorCode, header: Header, got: string, expected: string): ProtocolError {
  return new ProtocolError(code, `block ${header.number}: got ${got}, expected ${expected}`, { penalty: 0 })
}
