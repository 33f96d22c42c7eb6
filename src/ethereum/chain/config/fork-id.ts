/**
 * Fork ids: a checksum of the forks a chain has passed, and the next one it knows (EIP-2124, EIP-6122).
 * @module
 */
import { crc32 } from 'node:zlib'
import { rlp } from '../../../codec/index.ts'
import { BLOCK_FORKS, type ChainConfig, type ForkPoint, numberIfSafe, TIME_FORKS } from './chain-config.ts'
import type { Genesis } from './genesis.ts'

export interface ForkId {
  /** 4 bytes. */
  readonly hash: Uint8Array
  /** Block or Unix time of the next fork; 0 when none is known. */
  readonly next: bigint
}

/** Codec of `[hash, next]`. */
export const forkIdCodec: rlp.RlpType<ForkId> = rlp.struct({ hash: rlp.fixed(4), next: rlp.uint64 })

/** Time of mainnet's genesis: a `next` above it is a time, below it a block (EIP-6122). */
const FIRST_TIMESTAMP = 1_438_269_973n

interface Forks {
  /** Blocks of forks after the genesis block, in order, without duplicates. */
  readonly blocks: readonly ForkPoint[]
  readonly times: readonly ForkPoint[]
  /** Checksum after each number of forks passed: one more than there are forks. */
  readonly checksums: readonly number[]
}

/** Fork ids of one chain. */
export class ForkIds {
  readonly #forks: Forks

  constructor(genesis: Genesis) {
    this.#forks = forksOf(genesis.config, genesis.header.exactTimestamp, genesis.hash)
  }

  /** @returns the fork id at a head of this number and time, in seconds. */
  at(number: number, timestamp: number | bigint): ForkId {
    const passed = this.#passed(number, timestamp)
    const next = this.#all[passed] ?? 0
    return { hash: checksumBytes(this.#forks.checksums[passed] as number), next: BigInt(next) }
  }

  /**
   * Applies the four rules of EIP-2124 at a head of this number and time. @returns the reason why a remote with this
   * fork id is on another chain; undefined if it is on this one, or may be.
   */
  refuse(remote: ForkId, number: number, timestamp: number | bigint): string | undefined {
    const passed = this.#passed(number, timestamp)
    const matches = this.#forks.checksums.map((sum) => sameChecksum(sum, remote.hash))
    if (matches[passed]) return this.#missedFork(remote.next, number, timestamp)
    const earlier = matches.indexOf(true)
    if (earlier < 0) return 'the remote is on another chain, or this node is out of date'
    if (earlier > passed) return undefined // the remote is ahead
    return BigInt(this.#all[earlier] as ForkPoint) === remote.next ? undefined : 'the remote has missed a fork'
  }

  get #all(): readonly ForkPoint[] {
    return [...this.#forks.blocks, ...this.#forks.times]
  }

  #passed(number: number, timestamp: number | bigint): number {
    const { blocks, times } = this.#forks
    const byBlock = blocks.findIndex((fork) => fork > number)
    if (byBlock >= 0) return byBlock
    const byTime = times.findIndex((fork) => fork > timestamp)
    return blocks.length + (byTime >= 0 ? byTime : times.length)
  }

  /** Applies rule 1a: the remote announces a fork that this chain has already passed without it. */
  #missedFork(next: bigint, number: number, timestamp: number | bigint): string | undefined {
    if (next === 0n) return undefined
    const { blocks, times } = this.#forks
    const byTime = blocks.every((fork) => fork <= number) && times.length > 0
    const head = BigInt(byTime ? timestamp : number)
    const past = head >= next || (next > FIRST_TIMESTAMP && BigInt(timestamp) >= next)
    return past ? 'the remote has a fork that this node passed without: one of them is out of date' : undefined
  }
}

function forksOf(config: ChainConfig, genesisTime: number | bigint, genesisHash: Uint8Array): Forks {
  const blocks = unique(BLOCK_FORKS.map((fork) => config[fork])).filter((fork) => fork > 0)
  const times = unique(TIME_FORKS.map((fork) => config[fork])).filter((fork) => fork > genesisTime)
  const checksums = [crc32(genesisHash)]
  for (const fork of [...blocks, ...times]) checksums.push(crc32(uint64(fork), checksums.at(-1) as number))
  return { blocks, times, checksums }
}

/** Sorts the forks, without duplicates. Of a number above 2^64 the low 64 bits count, as in go-ethereum. */
function unique(forks: readonly (ForkPoint | undefined)[]): ForkPoint[] {
  const present = forks.filter((fork): fork is ForkPoint => fork !== undefined)
  const numbers = present.map((fork) => (typeof fork === 'bigint' ? numberIfSafe(BigInt.asUintN(64, fork)) : fork))
  return [...new Set(numbers)].sort((a, b) => (a < b ? -1 : 1))
}

function uint64(value: ForkPoint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}

function checksumBytes(checksum: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, checksum)
  return bytes
}

function sameChecksum(checksum: number, hash: Uint8Array): boolean {
  return new DataView(hash.buffer, hash.byteOffset, 4).getUint32(0) === checksum
}
