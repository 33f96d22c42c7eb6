import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import vectors from '../../../../test/vectors/ethereum-blocks.json' with { type: 'json' }
import { bytesTo0x, concatBytes, hexToBytes } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import { generateKey, keccak256, secp256k1 } from '../../../crypto/index.ts'
import {
  authorizationAuthority,
  type BlobSidecar,
  pooledTransactionCodec,
  Transaction,
  type TransactionFields,
  transactionCodec,
  type UnsignedTransaction,
} from '../index.ts'

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

const real = vectors.transactions.map((vector) => hexToBytes(vector.rlp))

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof CodecError) return error.code
    throw error
  }
  return 'nothing was thrown'
}

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)
const uint256 = fc.bigInt(0n, 2n ** 256n - 1n)
const address = bytesOf(20)
const to = fc.option(address, { nil: undefined })
const accessList = fc.array(fc.record({ address, storageKeys: fc.array(bytesOf(32), { maxLength: 3 }) }), {
  maxLength: 3,
})
const call = { nonce: uint64, gasLimit: uint64, value: uint256, data: fc.uint8Array({ maxLength: 80 }) }
const signature = { r: uint256, s: uint256 }
const fees = { chainId: uint256, maxPriorityFeePerGas: uint256, maxFeePerGas: uint256, accessList, yParity: uint256 }
const authorization = fc.record({ chainId: uint256, address, nonce: uint64, yParity: fc.nat(255), ...signature })

const anyFields: fc.Arbitrary<TransactionFields> = fc.oneof(
  fc.record({ type: fc.constant(0 as const), gasPrice: uint256, to, v: uint256, ...call, ...signature }),
  fc.record({
    type: fc.constant(1 as const),
    chainId: uint256,
    gasPrice: uint256,
    to,
    accessList,
    yParity: uint256,
    ...call,
    ...signature,
  }),
  fc.record({ type: fc.constant(2 as const), to, ...fees, ...call, ...signature }),
  fc.record({
    type: fc.constant(3 as const),
    to: address,
    maxFeePerBlobGas: uint256,
    blobVersionedHashes: fc.array(bytesOf(32), { maxLength: 3 }),
    ...fees,
    ...call,
    ...signature,
  }),
  fc.record({
    type: fc.constant(4 as const),
    to: address,
    authorizationList: fc.array(authorization, { maxLength: 3 }),
    ...fees,
    ...call,
    ...signature,
  }),
)

const blobFields: TransactionFields = {
  type: 3,
  chainId: 1n,
  nonce: 0n,
  maxPriorityFeePerGas: 1n,
  maxFeePerGas: 2n,
  gasLimit: 21_000n,
  to: new Uint8Array(20).fill(9),
  value: 0n,
  data: new Uint8Array(0),
  accessList: [],
  maxFeePerBlobGas: 1n,
  blobVersionedHashes: [new Uint8Array(32).fill(1)],
  yParity: 0n,
  r: 1n,
  s: 1n,
}

const sidecarOf = (version: 0 | 1, blobs: number): BlobSidecar => ({
  version,
  blobs: Array.from({ length: blobs }, (_, i) => new Uint8Array(131_072).fill(i + 1)),
  commitments: [new Uint8Array(48).fill(2)],
  proofs: Array.from({ length: version === 0 ? 1 : 128 }, () => new Uint8Array(48).fill(3)),
})

describe('Transaction', () => {
  for (const vector of vectors.transactions) {
    test(`a transaction of type ${vector.type} (${vector.source}) has the recorded hash, chain and sender`, () => {
      const transaction = Transaction.decode(hexToBytes(vector.rlp))
      expect(transaction.type).toBe(vector.type)
      if ('hash' in vector) expect(bytesTo0x(transaction.hash)).toBe(vector.hash)
      expect(transaction.chainId).toBe(BigInt(vector.chainId))
      expect(bytesTo0x(transaction.sender())).toBe(vector.sender)
      expect(Transaction.from(transaction.fields).raw).toEqual(transaction.raw)
    })
  }

  test('an authorization recovers the account that signed it', () => {
    const vector = vectors.transactions.find((one) => one.type === 4)
    const { fields } = Transaction.decode(hexToBytes(vector?.rlp ?? ''))
    if (fields.type !== 4) throw new Error('not a set code transaction')
    const authorities = fields.authorizationList.map((one) => bytesTo0x(authorizationAuthority(one)))
    expect(authorities).toEqual(vector?.authorities)
  })

  test('a transaction survives encoding with every field, in bodies and in the pool', () => {
    fc.assert(
      fc.property(anyFields, (fields) => {
        const transaction = Transaction.from(fields)
        expect(Transaction.decode(transaction.raw).fields).toEqual(fields)
        for (const codec of [transactionCodec, pooledTransactionCodec]) {
          const again = codec.decode(codec.encode(transaction))
          expect(again.raw).toEqual(transaction.raw)
          expect(again.hash).toEqual(keccak256(transaction.raw))
        }
      }),
    )
  })

  test('a legacy transaction is a list inside lists, a typed one a byte string', () => {
    for (const raw of real) {
      const encoded = transactionCodec.encode(Transaction.decode(raw))
      expect(new rlp.RlpReader(encoded).isList()).toBe((raw[0] as number) >= 0xc0)
    }
  })

  test('a signed transaction of each type has the account of the key as its sender', () => {
    const key = generateKey()
    const account = keccak256(secp256k1().publicKey(key)).slice(12)
    const common = {
      nonce: 7n,
      gasLimit: 21_000n,
      value: 1n,
      data: Uint8Array.of(1, 2),
      to: new Uint8Array(20).fill(5),
    }
    const fee = { chainId: 5n, maxPriorityFeePerGas: 1n, maxFeePerGas: 2n, accessList: [] }
    const unsigned: UnsignedTransaction[] = [
      { type: 0, gasPrice: 1n, ...common },
      { type: 0, gasPrice: 1n, chainId: 5n, ...common },
      { type: 1, gasPrice: 1n, chainId: 5n, accessList: [], ...common },
      { type: 2, ...fee, ...common },
      { type: 3, ...fee, ...common, maxFeePerBlobGas: 1n, blobVersionedHashes: [new Uint8Array(32).fill(1)] },
      { type: 4, ...fee, ...common, authorizationList: [] },
    ]
    for (const fields of unsigned) {
      const transaction = Transaction.sign(fields, key)
      expect(transaction.chainId).toBe(fields.chainId)
      expect(Transaction.decode(transaction.raw).sender()).toEqual(account)
    }
  })

  test('a transaction before Homestead may have its s in the upper half', () => {
    const key = generateKey()
    const fields = {
      type: 0,
      nonce: 1n,
      gasPrice: 1n,
      gasLimit: 21_000n,
      to: undefined,
      value: 1n,
      data: new Uint8Array(),
    } as const
    const signed = Transaction.sign(fields, key)
    const legacy = signed.fields as Extract<TransactionFields, { type: 0 }>
    const raised = { ...legacy, s: CURVE_ORDER - legacy.s, v: legacy.v === 27n ? 28n : 27n }
    expect(codeOf(() => Transaction.from(raised).sender())).toBe('ERR_INVALID_SIGNATURE')
    expect(Transaction.from(raised).sender({ anyS: true })).toEqual(signed.sender())
    const over = { ...raised, s: CURVE_ORDER }
    expect(codeOf(() => Transaction.from(over).sender({ anyS: true }))).toBe('ERR_INVALID_SIGNATURE')
  })

  test('a transaction has no sender if its signature is out of range, has a high s or an unknown recovery id', () => {
    const { fields } = Transaction.decode(real.at(-1) as Uint8Array)
    if (fields.type === 0) throw new Error('the last vector is a typed one')
    const broken = [{ r: 0n }, { s: 0n }, { r: CURVE_ORDER }, { s: CURVE_ORDER - fields.s }, { yParity: 2n }]
    for (const change of broken) {
      const transaction = Transaction.from({ ...fields, ...change })
      expect(codeOf(() => transaction.sender())).toBe('ERR_INVALID_SIGNATURE')
    }
    const legacy = Transaction.decode(real[0] as Uint8Array).fields
    if (legacy.type !== 0) throw new Error('the first vector is a legacy one')
    for (const v of [0n, 1n, 26n, 29n, 34n]) {
      expect(codeOf(() => Transaction.from({ ...legacy, v }).sender())).toBe('ERR_INVALID_SIGNATURE')
    }
  })

  test('decoding a transaction rejects unknown types, empty input, and trailing bytes', () => {
    expect(codeOf(() => Transaction.decode(new Uint8Array(0)))).toBe('ERR_TX_TYPE')
    expect(codeOf(() => Transaction.decode(Uint8Array.of(0, 0xc0)))).toBe('ERR_TX_TYPE')
    expect(codeOf(() => Transaction.decode(Uint8Array.of(5, 0xc0)))).toBe('ERR_TX_TYPE')
    expect(codeOf(() => Transaction.decode(Uint8Array.of(2)))).toBe('ERR_TX_PAYLOAD')
    expect(codeOf(() => Transaction.decode(concatBytes(real[0] as Uint8Array, Uint8Array.of(1))))).toBe(
      'ERR_RLP_TRAILING',
    )
    const hidden = rlp.bytes.encode(real[0] as Uint8Array)
    expect(codeOf(() => transactionCodec.decode(hidden))).toBe('ERR_TX_TYPE')
  })
})

describe('a blob transaction with its sidecar', () => {
  for (const version of [0, 1] as const) {
    test(`a blob transaction with a sidecar of version ${version} is hashed without it and keeps it in the form of the pool`, () => {
      const bare = Transaction.from(blobFields)
      const full = Transaction.from(blobFields, sidecarOf(version, 1))
      const again = pooledTransactionCodec.decode(pooledTransactionCodec.encode(full))
      expect(again.hash).toEqual(bare.hash)
      expect(again.raw).toEqual(bare.raw)
      expect(again.fields).toEqual(blobFields)
      expect(again.networkForm.length).toBe(full.networkForm.length)
      expect(again.sidecar?.version).toBe(version)
      expect(again.sidecar?.blobs[0]?.every((byte) => byte === 1)).toBe(true)
      expect(again.sidecar?.proofs.length).toBe(version === 0 ? 1 : 128)
    })
  }

  test('a sidecar may have commitments without blobs, as eth/72 sends it', () => {
    const full = Transaction.from(blobFields, sidecarOf(1, 0))
    const { sidecar } = Transaction.decodePooled(full.networkForm)
    expect(sidecar?.blobs).toEqual([])
    expect(sidecar?.commitments.length).toBe(1)
  })

  test('a blob transaction with its sidecar is rejected in a body, and drops the sidecar on request', () => {
    const full = Transaction.from(blobFields, sidecarOf(1, 0))
    const inBody = pooledTransactionCodec.encode(full)
    expect(codeOf(() => transactionCodec.decode(inBody))).toBe('ERR_TX_SIDECAR')
    const bare = full.withoutSidecar()
    expect(bare.sidecar).toBeUndefined()
    expect(bare.networkForm).toEqual(full.raw)
    expect(transactionCodec.encode(full)).toEqual(transactionCodec.encode(bare))
  })

  test('a sidecar of an unknown version is a CodecError on first access', () => {
    const form = Transaction.from(blobFields, sidecarOf(1, 0)).networkForm.slice()
    const list = new rlp.RlpReader(form, 1).enterList()
    list.skip()
    form[list.offset] = 2
    expect(codeOf(() => Transaction.decodePooled(form).sidecar)).toBe('ERR_SIDECAR_VERSION')
  })
})

describe('hostile transactions', () => {
  const touch = (decode: () => Transaction) => {
    try {
      const transaction = decode()
      void [transaction.hash, transaction.networkForm, transaction.sidecar, transaction.fields, transaction.chainId]
      transaction.sender()
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
    }
  }

  test('random bytes decoded as a transaction throw nothing but CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        touch(() => Transaction.decode(bytes))
        touch(() => Transaction.decodePooled(bytes))
        touch(() => transactionCodec.decode(bytes))
        touch(() => pooledTransactionCodec.decode(bytes))
      }),
    )
  })

  test('mangled transactions throw nothing but CodecError', () => {
    const forms = [...real, Transaction.from(blobFields, sidecarOf(1, 0)).networkForm]
    fc.assert(
      fc.property(
        fc.constantFrom(...forms),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        (form, at, patch) => {
          const bytes = form.slice()
          bytes.set(patch, at % (bytes.length - patch.length))
          touch(() => Transaction.decode(bytes))
          touch(() => Transaction.decodePooled(bytes))
        },
      ),
      { numRuns: 1_000 },
    )
  })
})
