/**
 * Types of Ethereum's chain: headers, bodies, blocks, transactions, receipts, and the roots that tie them together.
 * Values keep the bytes they were decoded from: hashes are of those, fields are decoded on first access.
 * This room does not verify the rules of a chain (`chain/`), send messages (`eth/`) or know state.
 * Start reading at `block.ts`.
 * @module
 */

export { Block, BlockBody, type BlockBodyParts, blockCodec, bodyCodec } from './block.ts'
export { EMPTY_CODE_HASH, EMPTY_OMMERS_HASH, EMPTY_ROOT, ZERO_HASH } from './constants.ts'
export { Header, type HeaderFields, headerCodec } from './header.ts'
export { type ItemStreamOptions, readBlockStream, readBlocks, readItems } from './items.ts'
export { addToBloom, BLOOM_BYTES, bloomContains, mergeBlooms } from './receipts/bloom.ts'
export { type Log, Receipt, type ReceiptFields } from './receipts/receipt.ts'
export { blockReceiptsCodec, blockReceiptsCodec68, receiptCodec, receiptCodec68 } from './receipts/receipt-codecs.ts'
export { ommersHash, receiptsRoot, transactionsRoot, withdrawalsRoot } from './roots.ts'
export { authorizationAuthority } from './transactions/signing.ts'
export { pooledTransactionCodec, Transaction, transactionCodec } from './transactions/transaction.ts'
export type {
  AccessListEntry,
  AccessListTransaction,
  Authorization,
  BlobSidecar,
  BlobTransaction,
  DynamicFeeTransaction,
  LegacyTransaction,
  SetCodeTransaction,
  TransactionFields,
  TransactionType,
  UnsignedTransaction,
} from './transactions/transaction-fields.ts'
export { deriveRoot, secureTrieRoot } from './trie.ts'
export { type Withdrawal, withdrawalCodec } from './withdrawal.ts'
