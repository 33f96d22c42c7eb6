import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'

/**
 * Type byte: 0 legacy, 1 access list (EIP-2930), 2 dynamic fee (EIP-1559), 3 blob (EIP-4844), 4 set code (EIP-7702).
 */
export type TransactionType = 0 | 1 | 2 | 3 | 4

/** Storage that a transaction declares it will access. */
export interface AccessListEntry {
  readonly address: Uint8Array
  /** 32 bytes each. */
  readonly storageKeys: readonly Uint8Array[]
}

/**
 * Permission of an account to run other code as its own; an invalid signature makes chains skip it. Source: EIP-7702.
 */
export interface Authorization {
  /** 0 is valid on every chain. */
  readonly chainId: bigint
  readonly address: Uint8Array
  readonly nonce: bigint
  readonly yParity: number
  readonly r: bigint
  readonly s: bigint
}

interface CommonFields {
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Wei. */
  readonly value: bigint
  readonly data: Uint8Array
  readonly r: bigint
  readonly s: bigint
}

export interface LegacyTransaction extends CommonFields {
  readonly type: 0
  readonly gasPrice: bigint
  /** Recipient; undefined when the transaction creates a contract. */
  readonly to: Uint8Array | undefined
  /** 27 or 28; since EIP-155 also 35 or 36 plus twice the chain id. */
  readonly v: bigint
}

export interface AccessListTransaction extends CommonFields {
  readonly type: 1
  readonly chainId: bigint
  readonly gasPrice: bigint
  /** Recipient; undefined when the transaction creates a contract. */
  readonly to: Uint8Array | undefined
  readonly accessList: readonly AccessListEntry[]
  readonly yParity: bigint
}

interface FeeMarketFields extends CommonFields {
  readonly chainId: bigint
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly yParity: bigint
}

export interface DynamicFeeTransaction extends FeeMarketFields {
  readonly type: 2
  /** Recipient; undefined when the transaction creates a contract. */
  readonly to: Uint8Array | undefined
}

export interface BlobTransaction extends FeeMarketFields {
  readonly type: 3
  readonly to: Uint8Array
  readonly maxFeePerBlobGas: bigint
  readonly blobVersionedHashes: readonly Uint8Array[]
}

export interface SetCodeTransaction extends FeeMarketFields {
  readonly type: 4
  readonly to: Uint8Array
  readonly authorizationList: readonly Authorization[]
}

export type TransactionFields =
  | LegacyTransaction
  | AccessListTransaction
  | DynamicFeeTransaction
  | BlobTransaction
  | SetCodeTransaction

type Unsigned<T> = T extends unknown ? Omit<T, 'v' | 'yParity' | 'r' | 's'> : never

/** A transaction before it is signed; a legacy one with `chainId` is bound to that chain (EIP-155). */
export type UnsignedTransaction =
  | (Unsigned<LegacyTransaction> & { readonly chainId?: bigint | undefined })
  | Unsigned<Exclude<TransactionFields, LegacyTransaction>>

/**
 * Data that accompanies a blob transaction and is not part of it. Source: EIP-4844 and EIP-7594 (version 1),
 * "Networking".
 */
export interface BlobSidecar {
  /** 0 has a proof for each blob, 1 has 128 cell proofs for each. */
  readonly version: 0 | 1
  /** 131 072 bytes each. Empty where a peer of eth/72 left them out. */
  readonly blobs: readonly Uint8Array[]
  /** 48 bytes each. */
  readonly commitments: readonly Uint8Array[]
  /** 48 bytes each. */
  readonly proofs: readonly Uint8Array[]
}

const address = rlp.fixed(20)
const hash = rlp.fixed(32)

const recipient: rlp.RlpType<Uint8Array | undefined> = rlp.mapped(
  rlp.bytesOf({ max: 20 }),
  (bytes: Uint8Array) => {
    if (bytes.length === 0) return undefined
    if (bytes.length !== 20) throw new CodecError('ERR_TX_RECIPIENT', `recipient of ${bytes.length} bytes`)
    return bytes
  },
  (to: Uint8Array | undefined) => to ?? new Uint8Array(0),
)

const byte: rlp.RlpType<number> = rlp.mapped(
  rlp.number,
  (value: number) => {
    if (value > 255) throw new CodecError('ERR_TX_Y_PARITY', `yParity ${value} exceeds one byte`)
    return value
  },
  (value: number) => value,
)

const accessList = rlp.list(rlp.struct({ address, storageKeys: rlp.list(hash) }))
const head = { chainId: rlp.uint, nonce: rlp.uint64 }
const fees = { maxPriorityFeePerGas: rlp.uint, maxFeePerGas: rlp.uint, gasLimit: rlp.uint64 }
const call = { value: rlp.uint, data: rlp.bytes }
const signature = { yParity: rlp.uint, r: rlp.uint, s: rlp.uint }
const authorization = rlp.struct({
  chainId: rlp.uint,
  address,
  nonce: rlp.uint64,
  yParity: byte,
  r: rlp.uint,
  s: rlp.uint,
})

type WithoutType<T> = Omit<T, 'type'>

/** Codec of each type's payload, without its type byte. */
const payloads: { readonly [T in TransactionType]: rlp.RlpType<WithoutType<Extract<TransactionFields, { type: T }>>> } =
  {
    0: rlp.struct({
      nonce: rlp.uint64,
      gasPrice: rlp.uint,
      gasLimit: rlp.uint64,
      to: recipient,
      ...call,
      v: rlp.uint,
      r: rlp.uint,
      s: rlp.uint,
    }),
    1: rlp.struct({
      ...head,
      gasPrice: rlp.uint,
      gasLimit: rlp.uint64,
      to: recipient,
      ...call,
      accessList,
      ...signature,
    }),
    2: rlp.struct({ ...head, ...fees, to: recipient, ...call, accessList, ...signature }),
    3: rlp.struct({
      ...head,
      ...fees,
      to: address,
      ...call,
      accessList,
      maxFeePerBlobGas: rlp.uint,
      blobVersionedHashes: rlp.list(hash),
      ...signature,
    }),
    4: rlp.struct({
      ...head,
      ...fees,
      to: address,
      ...call,
      accessList,
      authorizationList: rlp.list(authorization),
      ...signature,
    }),
  }

/** Decodes the payload of a transaction. Throws `CodecError`. */
export function decodeFields(type: TransactionType, payload: Uint8Array): TransactionFields {
  switch (type) {
    case 0:
      return { type, ...payloads[0].decode(payload) }
    case 1:
      return { type, ...payloads[1].decode(payload) }
    case 2:
      return { type, ...payloads[2].decode(payload) }
    case 3:
      return { type, ...payloads[3].decode(payload) }
    case 4:
      return { type, ...payloads[4].decode(payload) }
  }
}

/** Encodes the payload of a transaction, without its type byte. */
export function encodePayload(fields: TransactionFields): Uint8Array {
  switch (fields.type) {
    case 0:
      return payloads[0].encode(fields)
    case 1:
      return payloads[1].encode(fields)
    case 2:
      return payloads[2].encode(fields)
    case 3:
      return payloads[3].encode(fields)
    case 4:
      return payloads[4].encode(fields)
  }
}
