/**
 * `eth_config`: the current and future forks of the chain, so that an operator sees before a fork if nodes agree on it.
 * Source: EIP-7910.
 * @module
 */
import { bytesTo0x } from '../../../base/bytes.ts'
import {
  blobParametersAt,
  type ChainConfig,
  type ChainStore,
  type ForkIds,
  type ForkPoint,
  TIME_FORKS,
  type TimeFork,
} from '../../chain/index.ts'
import { type JsonObject, quantity } from '../json.ts'

/**
 * Precompiled contracts: name, address, and the fork by time that added it; undefined for older forks.
 */
const PRECOMPILES: readonly (readonly [name: string, address: number, since?: TimeFork])[] = [
  ['ECREC', 0x01],
  ['SHA256', 0x02],
  ['RIPEMD160', 0x03],
  ['ID', 0x04],
  ['MODEXP', 0x05],
  ['BN254_ADD', 0x06],
  ['BN254_MUL', 0x07],
  ['BN254_PAIRING', 0x08],
  ['BLAKE2F', 0x09],
  ['KZG_POINT_EVALUATION', 0x0a, 'cancunTime'],
  ['BLS12_G1ADD', 0x0b, 'pragueTime'],
  ['BLS12_G1MSM', 0x0c, 'pragueTime'],
  ['BLS12_G2ADD', 0x0d, 'pragueTime'],
  ['BLS12_G2MSM', 0x0e, 'pragueTime'],
  ['BLS12_PAIRING_CHECK', 0x0f, 'pragueTime'],
  ['BLS12_MAP_FP_TO_G1', 0x10, 'pragueTime'],
  ['BLS12_MAP_FP2_TO_G2', 0x11, 'pragueTime'],
  ['P256VERIFY', 0x100, 'osakaTime'],
]

/** System contracts of EIP-4788, 2935, 7002, 7251 and 8282. Deposit contracts differ between chains. */
const SYSTEM_CONTRACTS: readonly (readonly [name: string, address: string, since: TimeFork])[] = [
  ['BEACON_ROOTS_ADDRESS', '0x000f3df6d732807ef1319fb7b8bb8522d0beac02', 'cancunTime'],
  ['BUILDER_DEPOSIT_CONTRACT_ADDRESS', '0x0000bff46984e3725691fa540a8c7589300d8282', 'amsterdamTime'],
  ['BUILDER_EXIT_CONTRACT_ADDRESS', '0x000064d678505ad48f8ccb093bc65613800e8282', 'amsterdamTime'],
  ['CONSOLIDATION_REQUEST_PREDEPLOY_ADDRESS', '0x0000bbddc7ce488642fb579f8b00f3a590007251', 'pragueTime'],
  ['HISTORY_STORAGE_ADDRESS', '0x0000f90827f1c53a10cb7a02335b175320002935', 'pragueTime'],
  ['WITHDRAWAL_REQUEST_PREDEPLOY_ADDRESS', '0x00000961ef480eb55e80d19ad83579a64c007002', 'pragueTime'],
]

/**
 * @returns the fork in force at the head, the next one and the last known one, each null if there is none. A time above
 * 2^53 is the nearest number: JSON.stringify has no other.
 */
export function forkConfigJson(chain: ChainStore, forkIds: ForkIds): JsonObject {
  const { chainConfig, head, genesis } = chain
  const born = genesis.header.exactTimestamp
  const times = TIME_FORKS.map((fork) => chainConfig[fork]).filter((time): time is ForkPoint => time !== undefined)
  const now = chain.header(head.hash)?.exactTimestamp ?? head.timestamp
  const current = times.findLast((time) => time <= now)
  const next = times.find((time) => time > now)
  const describe = (time: ForkPoint | undefined): JsonObject | null =>
    time === undefined
      ? null
      : { activationTime: time > born ? Number(time) : 0, ...forkAt(chainConfig, forkIds, time) }
  return { current: describe(current), next: describe(next), last: next === undefined ? null : describe(times.at(-1)) }
}

function forkAt(config: ChainConfig, forkIds: ForkIds, time: ForkPoint): JsonObject {
  const blobs = blobParametersAt(config, time)
  const active = (since: TimeFork | undefined): boolean =>
    since === undefined || (config[since] ?? Number.POSITIVE_INFINITY) <= time
  const precompiles = PRECOMPILES.filter(([, , since]) => active(since))
  return {
    blobSchedule: blobs ? { ...blobs, baseFeeUpdateFraction: Number(blobs.baseFeeUpdateFraction) } : null,
    chainId: quantity(config.chainId),
    forkId: bytesTo0x(forkIds.at(Number.MAX_SAFE_INTEGER, time).hash),
    precompiles: sorted(precompiles.map(([name, address]) => [name, `0x${address.toString(16).padStart(40, '0')}`])),
    systemContracts: sorted([
      ...SYSTEM_CONTRACTS.filter(([, , since]) => active(since)).map(([name, address]) => [name, address] as const),
      ...(active('pragueTime') ? [['DEPOSIT_CONTRACT_ADDRESS', depositContract(config)] as const] : []),
    ]),
  }
}

function depositContract({ json }: ChainConfig): string {
  const { depositContractAddress: address } = json
  return typeof address === 'string' ? address.toLowerCase() : `0x${'00'.repeat(20)}`
}

function sorted(entries: readonly (readonly [name: string, address: string])[]): Readonly<Record<string, string>> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)))
}
