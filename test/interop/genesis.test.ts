import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { goModuleFolder, interopBinary } from '../../scripts/build-interop.mjs'
import { bytesTo0x } from '../../src/base/bytes.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { ForkIds, type GenesisWarning, parseGenesis } from '../../src/ethereum/chain/index.ts'
import { genesisText } from './genesis-files.ts'
import { Geth } from './geth.ts'

const FILES = 2_000

interface Verdict {
  readonly Hash: string
  readonly Error: string
  /** Why geth could not start from the block that it wrote. */
  readonly Start: string
}

/** What go-ethereum refuses and we read all the same; no file that go-ethereum takes is read differently for it. */
const READ_ALL_THE_SAME = [
  /missing required field/, // gasLimit, difficulty, alloc, balance: they have defaults
  /cannot unmarshal "(\\"(\d+|0x[0-9a-f]+)\\"|[\d.]+e\d+)" into a \*big\.Int/, // strings and exponents in the config
  /cannot unmarshal (string|number .*) into Go .* of type u?int(64)?/,
  /hex string without 0x prefix/,
  /invalid hex or decimal integer "(1e3|1\.0)"/, // a JSON number with an exponent or a fraction of 0
  /unsupported fork ordering: .* not enabled, but/, // older forks may be left out
  /invalid hex storage key\/value "[0-9a-f]*"/, // an odd number of digits
  /cannot unmarshal non-string into Go struct field .*depositContractAddress/, // null
]

/** What we refuse and `geth init` takes: geth itself ends when it starts from a chain without an id. */
const REFUSED_HERE = /^config\.chainId: is missing/

/** The verdicts of go-ethereum on many files, in one process. */
function gethVerdicts(texts: readonly string[]): Verdict[] {
  const input = texts.map((text) => `${JSON.stringify(text)}\n`).join('')
  const options = { input, encoding: 'utf8', maxBuffer: 64 << 20 } as const
  const { stdout, stderr, status } = spawnSync(interopBinary('chainmaker'), ['--genesis-hash'], options)
  if (status !== 0) throw new Error(`chainmaker ended with ${status}: ${stderr.slice(-500)}`)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict)
}

/** Our hash, or our error. */
function ourVerdict(text: string): { readonly hash?: string; readonly error?: string } {
  try {
    return { hash: bytesTo0x(parseGenesis(text).hash) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return { error: error.message }
  }
}

test('random genesis files have the hash that geth gives them, or both refuse them', () => {
  const texts = Array.from({ length: FILES }, genesisText)
  const verdicts = gethVerdicts(texts)
  expect(verdicts).toHaveLength(FILES)
  const counts = { same: 0, refused: 0, leniency: 0 }
  for (const [i, { Hash, Error: refusal, Start }] of verdicts.entries()) {
    const ours = ourVerdict(texts[i] as string)
    if (Hash !== '' && Start === '' && !REFUSED_HERE.test(ours.error ?? '')) {
      expect(ours, texts[i]).toEqual({ hash: Hash })
      counts.same++
    } else if (ours.error !== undefined) counts.refused++
    else {
      expect(
        READ_ALL_THE_SAME.some((pattern) => pattern.test(refusal)),
        `${refusal || Start}: ${texts[i]}`,
      ).toBe(true)
      counts.leniency++
    }
  }
  expect(counts.same).toBeGreaterThan(FILES / 5)
  expect(counts.refused).toBeGreaterThan(FILES / 10)
})

test("go-ethereum's own clique.json has the hash that geth gives it, without a warning", async () => {
  const folder = goModuleFolder('ethereum', 'github.com/ethereum/go-ethereum')
  const text = await readFile(join(folder, 'cmd', 'geth', 'testdata', 'clique.json'), 'utf8')
  const warnings: GenesisWarning[] = []
  const genesis = parseGenesis(text, { onWarning: (warning) => warnings.push(warning) })
  expect(gethVerdicts([text])).toEqual([{ Hash: bytesTo0x(genesis.hash), Error: '', Start: '' }])
  expect(genesis.config).toMatchObject({ clique: true, cliquePeriod: 5, chainId: 15n })
  expect(warnings).toEqual([])
})

test('a running geth has the block and the fork id of a file with odd names, nanoseconds and forks that never come', async () => {
  const forks = ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul']
  const text = `{
    "config": {
      "chainId": 36260261, ${[...forks, 'berlin', 'london'].map((fork) => `"${fork}block": 0`).join(', ')},
      "terminalTotalDifficulty": 0, "shanghaitime": 0, "cancunTime": 1700000000123456790, "PragueTime": 18446744073709551615,
      "blobSchedule": {"cancun": {"max": 0, "baseFeeUpdateFraction": 1}, "Prague": {"target": 3, "max": 6, "baseFeeUpdateFraction": 1}}
    },
    "gaslimit": "0X1c9c380", "difficulty": "", "extradata": "0x12", "timestamp": 1700000000123456789,
    "alloc": {"${'10'.repeat(20)}": {"Balance": "1"}}
  }`
  const folder = await mkdtemp(join(tmpdir(), 'peerloom-genesis-'))
  try {
    const file = join(folder, 'genesis.json')
    await writeFile(file, text)
    await using geth = await Geth.start({ genesis: file, syncMode: 'full' })
    const genesis = parseGenesis(text)
    const block = await geth.rpc('eth_getBlockByNumber', ['earliest', false])
    expect(block).toMatchObject({
      hash: bytesTo0x(genesis.hash),
      timestamp: `0x${genesis.header.exactTimestamp.toString(16)}`,
    })
    const { next } = await geth.rpc<{ next: { activationTime: number; forkId: string } }>('eth_config')
    expect(next.forkId).toBe(bytesTo0x(new ForkIds(genesis).at(0, 1_700_000_000_123_456_790n).hash))
  } finally {
    await rm(folder, { recursive: true })
  }
})
