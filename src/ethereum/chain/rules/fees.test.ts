import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { header } from '../../../../test/support/headers.ts'
import { type Header, ZERO_HASH } from '../../types/index.ts'
import { parseChainConfig } from '../config/chain-config.ts'
import { networkGenesis } from '../config/networks.ts'
import { blobBaseFee, expectedBaseFee, expectedExcessBlobGas } from './fees.ts'

const vectors = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/chain-rules.json', import.meta.url), 'utf8'),
) as { baseFee: string[][]; excessBlobGas: [number, string, string, string, string][] }
const mainnet = networkGenesis('mainnet').config
const BLOB = 131_072n

describe('the base fee', () => {
  const child = (gasLimit: bigint, gasUsed: bigint, baseFeePerGas: bigint | undefined, number = 13_000_000) =>
    expectedBaseFee(mainnet, header({ number, gasLimit, gasUsed, baseFeePerGas }))

  test("the base fee rises and falls as in EIP-1559's examples", () => {
    // go-ethereum v1.17.8, consensus/misc/eip1559, TestCalcBaseFee
    expect(child(20_000_000n, 10_000_000n, 1_000_000_000n)).toBe(1_000_000_000n)
    expect(child(20_000_000n, 9_000_000n, 1_000_000_000n)).toBe(987_500_000n)
    expect(child(20_000_000n, 11_000_000n, 1_000_000_000n)).toBe(1_012_500_000n)
  })

  test('the base fee is the one that go-ethereum computes', () => {
    for (const row of vectors.baseFee) {
      const [limit, used, fee, expected] = row.map(BigInt) as [bigint, bigint, bigint, bigint]
      expect(child(limit, used, fee), row.join()).toBe(expected)
    }
  })

  test('the base fee starts at 1 gwei in the first block of London', () => {
    expect(child(30_000_000n, 30_000_000n, undefined, 12_964_999)).toBe(1_000_000_000n)
    expect(child(30_000_000n, 30_000_000n, 800n, 12_965_000)).toBe(900n)
  })

  test('the base fee rises by 1 wei at least, and stays at 0 in blocks below their target', () => {
    expect(child(30_000_000n, 15_000_001n, 1n)).toBe(2n)
    expect(child(30_000_000n, 0n, 0n)).toBe(0n)
    expect(child(1n, 1n, 7n)).toBe(7n)
  })
})

describe('the excess blob gas', () => {
  const child = (time: number, excess: bigint, used: bigint, baseFee: bigint, config = mainnet) => {
    const blobs = { withdrawalsRoot: ZERO_HASH, blobGasUsed: used, excessBlobGas: excess }
    const parent = header({ number: 20_000_000, timestamp: time - 12, baseFeePerGas: baseFee, ...blobs })
    return expectedExcessBlobGas(config, parent, 20_000_001, time)
  }

  test('the excess blob gas is the one that go-ethereum computes under each schedule, to the second of its change', () => {
    for (const [time, ...row] of vectors.excessBlobGas) {
      const [excess, used, fee, expected] = row.map(BigInt) as [bigint, bigint, bigint, bigint]
      expect(child(time, excess, used, fee), `${time} ${row.join()}`).toBe(expected)
    }
  })

  test('the excess blob gas grows by the gas above the target, as in EIP-4844', () => {
    // go-ethereum v1.17.8, consensus/misc/eip4844, TestCalcExcessBlobGas: Cancun, target 3
    const cases: [bigint, bigint, bigint][] = [
      [0n, 0n, 0n],
      [0n, 3n, 0n],
      [0n, 4n, BLOB],
      [1n, 4n, BLOB + 1n],
      [1n, 5n, 2n * BLOB + 1n],
      [3n * BLOB, 3n, 3n * BLOB],
      [3n * BLOB, 2n, 2n * BLOB],
      [3n * BLOB, 1n, BLOB],
      [BLOB - 1n, 2n, 0n],
    ]
    for (const [excess, blobs, expected] of cases) {
      expect(child(1_710_338_135, excess, blobs * BLOB, 1n)).toBe(expected)
    }
  })

  test('the excess blob gas does not fall while blobs are cheaper than their execution (EIP-7918)', () => {
    // go-ethereum v1.17.8, the same place: TestCalcExcessBlobGasEIP7918, TestCalcBlobFeePostOsaka
    const forks = { londonBlock: 0, shanghaiTime: 0, cancunTime: 0, pragueTime: 0, osakaTime: 0 }
    const cancun = { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 }
    const prague = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 }
    const osaka = parseChainConfig({ chainId: 1, ...forks, blobSchedule: { cancun, prague } })
    expect(child(1_000, 0n, 6n * BLOB, 1_000_000_000n, osaka)).toBe(2n * BLOB)
    expect(child(1_000, 0n, 6n * BLOB, 1n, osaka)).toBe(0n)
    const devnet = parseChainConfig({
      chainId: 1,
      ...forks,
      bpo1Time: 1_754_836_608,
      bpo2Time: 1_754_934_912,
      bpo3Time: 1_755_033_216,
      blobSchedule: {
        cancun,
        prague,
        bpo1: { target: 9, max: 14, baseFeeUpdateFraction: 8_832_827 },
        bpo2: { target: 14, max: 21, baseFeeUpdateFraction: 13_739_630 },
        bpo3: { target: 21, max: 32, baseFeeUpdateFraction: 20_609_697 },
      },
    })
    expect(child(1_754_904_528, 5_149_252n, 1_310_720n, 30n, devnet)).toBe(5_617_366n)
    expect(child(1_755_033_216, 19_251_039n, 2_490_368n, 50n, devnet)).toBe(20_107_103n)
  })

  test('the excess blob gas of a schedule with a maximum of 0 or a target above it is computed without an error', () => {
    const schedule = (target: number, max: number) =>
      parseChainConfig({
        ...{ chainId: 1, londonBlock: 0, shanghaiTime: 0, cancunTime: 0, osakaTime: 0 },
        blobSchedule: { cancun: { target, max, baseFeeUpdateFraction: 5_007_716 } },
      })
    expect(child(100, 5n * BLOB, 0n, 10n ** 12n, schedule(0, 0))).toBe(5n * BLOB)
    expect(child(100, 5n * BLOB, 0n, 10n ** 12n, schedule(3, 2))).toBe(5n * BLOB)
  })

  test('the excess blob gas starts at 0 in the first block of Cancun', () => {
    const parent = header({ number: 19_426_586, timestamp: 1_710_338_123, baseFeePerGas: 1n })
    expect(expectedExcessBlobGas(mainnet, parent, 19_426_587, 1_710_338_135)).toBe(0n)
  })

  test('the excess blob gas is computed at once for an impossible excess', () => {
    const excess = 2n ** 64n - 1n
    expect(child(1_900_000_000, excess, 0n, 2n ** 256n - 1n)).toBe(excess - 14n * BLOB)
  })
})

describe('the base fee of blobs', () => {
  const cancun = mainnet.cancunTime as number
  const fee = (excessBlobGas: bigint | undefined, timestamp = cancun) =>
    blobBaseFee(mainnet, { ...header({ number: 20_000_000 }), exactTimestamp: timestamp, excessBlobGas } as Header)

  test("the base fee of blobs rises with the excess as in go-ethereum's examples", () => {
    // go-ethereum v1.17.8, consensus/misc/eip4844, TestCalcBlobFee
    expect(fee(0n)).toBe(1n)
    expect(fee(2_314_057n)).toBe(1n)
    expect(fee(2_314_058n)).toBe(2n)
    expect(fee(10n * 1024n * 1024n)).toBe(23n)
  })

  test('the base fee of blobs is 0 before Cancun', () => {
    expect(fee(undefined)).toBe(0n)
    expect(fee(0n, cancun - 1)).toBe(0n)
  })

  test('the base fee of blobs is computed at once for an impossible excess', () => {
    expect(fee(2n ** 64n - 1n)).toBeGreaterThanOrEqual(2n ** 256n)
  })
})
