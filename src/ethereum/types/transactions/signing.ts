import { bigintToBytes, bytesToBigint, concatBytes, EMPTY_BYTES } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { rlp } from '../../../codec/index.ts'
import { keccak256, secp256k1 } from '../../../crypto/index.ts'
import {
  type Authorization,
  encodePayload,
  type TransactionFields,
  type UnsignedTransaction,
} from './transaction-fields.ts'

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const HALF_ORDER = CURVE_ORDER >> 1n
/** Prefix of the signed message of an EIP-7702 authorisation. */
const AUTHORIZATION_MAGIC = 0x05
const SIGNATURE_FIELDS = 3
/** Two zeros in RLP. */
const TWO_ZEROS = Uint8Array.of(0x80, 0x80)

const authorizationCodec = rlp.struct({ chainId: rlp.uint, address: rlp.fixed(20), nonce: rlp.uint64 })

/**
 * Recovers the address of the signer; `raw` is the canonical form of `fields`, `anyS` allows s in the upper half.
 * Throws `CodecError` ERR_INVALID_SIGNATURE.
 */
export function recoverSender(fields: TransactionFields, raw: Uint8Array, anyS: boolean): Uint8Array {
  const v = fields.type === 0 ? fields.v : fields.yParity
  const boundTo = fields.type === 0 && v >= 35n ? (v - 35n) >> 1n : undefined
  const parity = fields.type !== 0 ? v : boundTo === undefined ? v - 27n : (v - 35n) & 1n
  return recoverAddress(signingHash(fields.type, raw, boundTo), fields.r, fields.s, parity, anyS)
}

/** Recovers the account of an authorisation. Throws `CodecError` ERR_INVALID_SIGNATURE: a chain skips such an entry. */
export function authorizationAuthority(authorization: Authorization): Uint8Array {
  const message = concatBytes(Uint8Array.of(AUTHORIZATION_MAGIC), authorizationCodec.encode(authorization))
  return recoverAddress(keccak256(message), authorization.r, authorization.s, BigInt(authorization.yParity))
}

/** Signs: adds `r`, `s` and `v` or `yParity`. */
export function signPayload(unsigned: UnsignedTransaction, privateKey: Uint8Array): TransactionFields {
  const chainId = unsigned.type === 0 ? unsigned.chainId : undefined
  const blank = withSignature(unsigned, 0n, 0n, 0n)
  const payload = encodePayload(blank)
  const raw = blank.type === 0 ? payload : concatBytes(Uint8Array.of(blank.type), payload)
  const signature = secp256k1().sign(signingHash(blank.type, raw, chainId), privateKey)
  const r = bytesToBigint(signature.subarray(0, 32))
  const s = bytesToBigint(signature.subarray(32, 64))
  return withSignature(unsigned, BigInt(signature[64] as number), r, s)
}

function withSignature(unsigned: UnsignedTransaction, yParity: bigint, r: bigint, s: bigint): TransactionFields {
  if (unsigned.type !== 0) return { ...unsigned, yParity, r, s }
  const { chainId, ...fields } = unsigned
  return { ...fields, v: chainId === undefined ? 27n + yParity : 35n + 2n * chainId + yParity, r, s }
}

/**
 * Hash of the signed message: every field but the signature; EIP-155 puts (chain id, 0, 0) in its place. The fields are
 * taken from `raw`, so that nothing is encoded again.
 */
function signingHash(type: number, raw: Uint8Array, boundTo: bigint | undefined): Uint8Array {
  const signed = signedFields(raw, type === 0 ? 0 : 1)
  const suffix = boundTo === undefined ? EMPTY_BYTES : concatBytes(rlp.uint.encode(boundTo), TWO_ZEROS)
  const list = rlp.encodeListOfRaw([signed, suffix])
  return keccak256(type === 0 ? list : concatBytes(Uint8Array.of(type), list))
}

/** @returns the encoded items of a list, without the last three. */
function signedFields(raw: Uint8Array, listAt: number): Uint8Array {
  const list = new rlp.RlpReader(raw, listAt).enterList()
  const start = list.offset
  const ends = [start]
  while (!list.done) {
    list.skip()
    ends.push(list.offset)
  }
  const end = ends[ends.length - 1 - SIGNATURE_FIELDS]
  if (end === undefined) throw new CodecError('ERR_TX_PAYLOAD', 'transaction without a signature', listAt)
  return raw.subarray(start, end)
}

function recoverAddress(hash: Uint8Array, r: bigint, s: bigint, parity: bigint, anyS = false): Uint8Array {
  const maxS = anyS ? CURVE_ORDER - 1n : HALF_ORDER
  const valid = r > 0n && r < CURVE_ORDER && s > 0n && s <= maxS && (parity === 0n || parity === 1n)
  if (!valid) throw new CodecError('ERR_INVALID_SIGNATURE', 'signature values out of range')
  const signature = new Uint8Array(65)
  const rBytes = bigintToBytes(r)
  const sBytes = bigintToBytes(s)
  signature.set(rBytes, 32 - rBytes.length)
  signature.set(sBytes, 64 - sBytes.length)
  signature[64] = Number(parity)
  return keccak256(secp256k1().recover(hash, signature)).slice(12)
}
