import { rlp } from '../../codec/index.ts'

/** Ether moved from the beacon chain to an account. Source: EIP-4895. */
export interface Withdrawal {
  readonly index: bigint
  readonly validatorIndex: bigint
  /** 20 bytes. */
  readonly address: Uint8Array
  /** Gwei, not wei. */
  readonly amount: bigint
}

export const withdrawalCodec: rlp.RlpType<Withdrawal> = rlp.struct({
  index: rlp.uint64,
  validatorIndex: rlp.uint64,
  address: rlp.fixed(20),
  amount: rlp.uint64,
})
