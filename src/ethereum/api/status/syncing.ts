import type { ChainStore } from '../../chain/index.ts'
import type { Sync } from '../../sync/index.ts'
import { quantity } from '../json.ts'

/** Progress of a sync under go-ethereum's names; all fields about state are 0. */
export interface SyncStatus {
  readonly startingBlock: number
  readonly currentBlock: number
  readonly highestBlock: number
  readonly txIndexFinishedBlocks: number
  readonly txIndexRemainingBlocks: number
}

const STATE_FIELDS = [
  'syncedAccounts',
  'syncedAccountBytes',
  'syncedBytecodes',
  'syncedBytecodeBytes',
  'syncedStorage',
  'syncedStorageBytes',
  'healedTrienodes',
  'healedTrienodeBytes',
  'healedBytecodes',
  'healedBytecodeBytes',
  'healingTrienodes',
  'healingBytecode',
  'syncedAccessLists',
  'totalAccessLists',
  'trieGenProgress',
  'stateIndexRemaining',
  'trienodeIndexRemaining',
] as const

/** @returns the progress; undefined if all known blocks are stored and indexed. */
export function syncStatus(chain: ChainStore, sync: Sync | undefined): SyncStatus | undefined {
  const progress = sync?.progress
  const { number } = chain.head
  const target = progress?.target?.number ?? number
  const remaining = chain.firstIndexed > number ? number + 1 : chain.firstIndexed
  if (number >= target && remaining === 0) return undefined
  return {
    startingBlock: progress?.start ?? number,
    currentBlock: number,
    highestBlock: Math.max(target, number),
    txIndexFinishedBlocks: number + 1 - remaining,
    txIndexRemainingBlocks: remaining,
  }
}

/** @returns the answer of `eth_syncing`. */
export function syncingJson(status: SyncStatus | undefined): false | Readonly<Record<string, string>> {
  if (!status) return false
  const state = STATE_FIELDS.map((name) => [name, '0x0'] as const)
  const known = Object.entries(status).map(([name, value]) => [name, quantity(value as number)] as const)
  return Object.fromEntries([...known, ...state])
}

/** @returns a notification of the subscription: numbers, under capitalized names. */
export function syncingEventJson(status: SyncStatus | undefined): false | object {
  if (!status) return false
  const entries = [...Object.entries(status), ...STATE_FIELDS.map((name) => [name, 0] as const)]
  const capital = (name: string) => `${name[0]?.toUpperCase()}${name.slice(1)}`
  const numbers = entries.map(([name, value]) => [capital(name), value] as const)
  return { syncing: true, status: { ...Object.fromEntries(numbers), PulledStates: 0, KnownStates: 0 } }
}
