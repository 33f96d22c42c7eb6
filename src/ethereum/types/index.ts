/**
 * What Ethereum's chain is made of: headers, bodies, blocks, transactions, receipts, and the roots that tie them together.
 * Values keep the bytes they came from: hashes are of what arrived, fields are decoded when asked for.
 * Not here: whether a block follows a chain's rules (`chain/`), what is said on the wire (`eth/`), state.
 * Start reading at block.ts.
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
