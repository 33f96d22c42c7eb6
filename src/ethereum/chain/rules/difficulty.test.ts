import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { header } from '../../../../test/support/headers.ts'
import { EMPTY_OMMERS_HASH, ZERO_HASH } from '../../types/index.ts'
import { parseChainConfig } from '../config/chain-config.ts'
import { networkGenesis } from '../config/networks.ts'
import { expectedDifficulty } from './difficulty.ts'

const { difficulty: vectors } = JSON.parse(
  readFileSync(new URL('../../../../test/vectors/chain-rules.json', import.meta.url), 'utf8'),
) as { difficulty: [number, number, boolean, string, string][] }
const mainnet = networkGenesis('mainnet')

test("the difficulty of mainnet's first blocks is computed", () => {
  const blocks: [number, bigint][] = [
    [1_438_269_988, 17_171_480_576n],
    [1_438_270_017, 17_163_096_064n],
    [1_438_270_048, 17_154_715_646n],
    [1_438_270_077, 17_146_339_321n],
    [1_438_270_083, 17_154_711_556n],
  ]
  let parent = mainnet.header
  for (const [timestamp, difficulty] of blocks) {
    expect(expectedDifficulty(mainnet.config, parent, timestamp)).toBe(difficulty)
    parent = header({ number: parent.number + 1, timestamp, difficulty })
  }
})

test('the difficulty follows from the exact time between blocks whose times are above 2^53', () => {
  const at = 1_700_000_000_123_456_789n
  const difficulty = (from: number | bigint, to: number | bigint) =>
    expectedDifficulty(mainnet.config, header({ number: 2_000_000, timestamp: from, difficulty: 10n ** 12n }), to)
  for (const elapsed of [1, 9, 10, 25, 2_000]) {
    expect(difficulty(at, at + BigInt(elapsed))).toBe(difficulty(1_000, 1_000 + elapsed))
  }
})

test('the difficulty is that of go-ethereum around every fork, for fast and slow blocks, with and without ommers', () => {
  for (const [number, elapsed, ommers, parentDifficulty, difficulty] of vectors) {
    const ommersHash = ommers ? ZERO_HASH : EMPTY_OMMERS_HASH
    const parent = header({ number, timestamp: 1_500_000_000, difficulty: BigInt(parentDifficulty), ommersHash })
    const got = expectedDifficulty(mainnet.config, parent, parent.timestamp + elapsed)
    expect(got, `after ${number}, ${elapsed} s`).toBe(BigInt(difficulty))
  }
})

test('the difficulty bomb starts at block 200 000 and doubles every 100 000 blocks', () => {
  const config = parseChainConfig({ chainId: 1, homesteadBlock: 0 })
  const bomb = (number: number) => {
    const parent = header({ number: number - 1, difficulty: 131_072n })
    return expectedDifficulty(config, parent, parent.timestamp + 10) - 131_072n // 10 to 19 seconds change nothing
  }
  expect(bomb(199_999)).toBe(0n)
  expect(bomb(200_000)).toBe(1n)
  expect(bomb(299_999)).toBe(1n)
  expect(bomb(300_000)).toBe(2n)
  expect(bomb(5_000_000)).toBe(1n << 48n)
})

test("the difficulty follows Byzantium's rules on a chain that names only a later fork", () => {
  const parent = header({ difficulty: 1_000_000n, ommersHash: ZERO_HASH })
  const at = (config: object) => expectedDifficulty(parseChainConfig({ chainId: 1, ...config }), parent, 11)
  expect(at({ londonBlock: 0 })).toBe(at({ byzantiumBlock: 0 }))
})
