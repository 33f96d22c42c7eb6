/**
 * Roots in a header of data outside it, computed from decoded values. `BlockBody` computes its own from its bytes.
 * @module
 */
import { rlp } from '../../codec/index.ts'
import { keccak256 } from '../../crypto/index.ts'
import { type Header, headerCodec } from './header.ts'
import type { Receipt } from './receipts/receipt.ts'
import type { Transaction } from './transactions/transaction.ts'
import { deriveRoot } from './trie.ts'
import { type Withdrawal, withdrawalCodec } from './withdrawal.ts'

const ommersCodec = rlp.list(headerCodec)

export function transactionsRoot(transactions: readonly Transaction[]): Uint8Array {
  return deriveRoot(transactions.map((transaction) => transaction.raw))
}

/** Computes the root of receipts. Throws `CodecError` on malformed logs (of receipts that came without a bloom). */
export function receiptsRoot(receipts: readonly Receipt[]): Uint8Array {
  return deriveRoot(receipts.map((receipt) => receipt.consensusForm()))
}

export function withdrawalsRoot(withdrawals: readonly Withdrawal[]): Uint8Array {
  return deriveRoot(withdrawals.map(withdrawalCodec.encode))
}

export function ommersHash(ommers: readonly Header[]): Uint8Array {
  return keccak256(ommersCodec.encode(ommers))
}
