import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Outcome, runProgram } from '../support/program.ts'
import { jsonLines } from './cli-process.ts'
import { chain, deadEnode, genesis, info } from './demo.ts'

/** Only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let folder: string
/** A data folder with the whole chain, imported. */
let imported: string
/** The same, never opened again. */
let pristine: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-cli-'))
  imported = join(folder, 'imported')
  expect(await run('import', chain, '--datadir', imported, '--genesis', genesis)).toMatchObject({ code: 0 })
  pristine = join(folder, 'pristine')
  cpSync(imported, pristine, { recursive: true })
})

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const run = (...words: readonly string[]): Promise<Outcome> => runProgram(words)
const at = (name: string): string => join(folder, name)
const fresh = (): string => mkdtempSync(at('data-'))

/** Made before anybody has the original open. */
const copyOfImported = (): string => {
  const copy = fresh()
  cpSync(pristine, copy, { recursive: true })
  return copy
}

/** Ends with this code and exactly one line on stderr. */
async function expectFailure(code: number, line: RegExp, ...args: readonly string[]): Promise<void> {
  const outcome = await run(...args)
  expect(outcome.stderr.trimEnd()).toMatch(line)
  expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(outcome).toMatchObject({ code, stdout: '' })
}

describe('demo', () => {
  test('the demo syncs the bundled chain and ends at the head, with the result on the last line', async () => {
    const datadir = fresh()
    const { code, stdout } = await run('demo', '--exit-when-synced', '--json', '--datadir', datadir)
    const lines = jsonLines(stdout)
    expect(code).toBe(0)
    expect(lines[0]).toMatchObject({ type: 'started', head: { number: 0 }, target: info.headNumber })
    const head = { number: info.headNumber, hash: info.headHash }
    expect(lines.at(-1)).toMatchObject({ type: 'result', blocks: info.headNumber, head })
    const again = await run('demo', '--exit-when-synced', '--datadir', datadir)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('already at the head')
    const inspected = jsonLines((await run('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ type: 'result', head, headers: 321, bodies: 321, receipts: 321, health: 'ok' })
    expect(inspected).toMatchObject({ genesis: info.genesisHash, chainId: info.chainId, firstReceipts: 0 })
  })

  test('the demo begins anew with --reset', async () => {
    const datadir = copyOfImported()
    const reset = await run('demo', '--datadir', datadir, '--reset', '--exit-when-synced')
    expect(reset.stdout).toContain('beginning at the genesis block')
    expect(reset.code).toBe(0)
  })
})

describe('inspect', () => {
  test('inspect of a chain without receipts shows the block at which they begin', async () => {
    const inspected = jsonLines((await run('inspect', '--datadir', imported, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ bodies: 321, firstReceipts: 321 })
    expect(inspected?.receipts).toBeLessThan(100)
  })
})

describe('import and export', () => {
  test('an imported chain is exported byte for byte', async () => {
    const file = at('out.rlp')
    const outcome = await run('export', file, '--datadir', imported, '--json')
    expect(jsonLines(outcome.stdout).at(-1)).toMatchObject({ type: 'result', blocks: 320, first: 1, last: 320 })
    expect(readFileSync(file).equals(readFileSync(chain))).toBe(true)
    const again = await run('import', file, '--datadir', imported, '--json')
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({ imported: 0, known: 320 })
  })

  test('an import of a truncated file keeps the blocks before the cut, and names the last one', async () => {
    const file = at('cut.rlp')
    writeFileSync(file, readFileSync(chain).subarray(0, 200_000))
    const datadir = fresh()
    await expectFailure(
      1,
      /^error: .*cut\.rlp: after block \d+: /,
      'import',
      file,
      '--datadir',
      datadir,
      '--genesis',
      genesis,
      '--verbosity',
      'warn',
    )
    const inspected = jsonLines((await run('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ health: 'ok', head: { number: expect.toSatisfy((number) => number > 100) } })
  })

  test('import and export refuse a missing file, a range outside the chain, and another chain', async () => {
    const there = ['--datadir', imported] as const
    await expectFailure(2, /^error: file: .*none\.rlp does not exist$/, 'import', at('none.rlp'), ...there)
    await expectFailure(2, /^error: --last: there is no block 999/, 'export', at('x.rlp'), ...there, '--last', '999')
    const backwards = ['--first', '100', '--last', '99'] as const
    await expectFailure(
      2,
      /^error: --first: 100 is after the last block/,
      'export',
      at('x.rlp'),
      ...there,
      ...backwards,
    )
    const other = at('other.json')
    writeFileSync(other, JSON.stringify({ ...JSON.parse(readFileSync(genesis, 'utf8')), timestamp: '0x1' }))
    await expectFailure(1, /block 1 does not follow block 0/, 'import', chain, '--datadir', fresh(), '--genesis', other)
  })
})

describe('wrong usage', () => {
  test('wrong usage ends with 2 and one line, and makes nothing', async () => {
    await expectFailure(
      2,
      /^error: --exit-when-sync: unknown option \(did you mean --exitwhensynced\?\)$/,
      'demo',
      '--exit-when-sync',
    )
    await expectFailure(
      2,
      /^error: --genesis: .*none\.json does not exist$/,
      'serve',
      '--datadir',
      at('x'),
      '--genesis',
      at('none.json'),
    )
    await expectFailure(2, /^error: --datadir: .*x holds no chain yet/, 'inspect', '--datadir', at('x'))
    expect(readdirSync(folder)).not.toContain('x')
  })
})

describe('an unusable data folder', () => {
  test('a data folder with another chain than the genesis is refused', async () => {
    const args = ['--datadir', imported, '--network', 'sepolia', '--port', '0']
    await expectFailure(2, /^error: --datadir: .*: the database holds another chain/, 'serve', ...args)
  })

  test('a damaged key file is refused', async () => {
    const datadir = copyOfImported()
    writeFileSync(join(datadir, 'peerloom', 'nodekey'), 'not a key')
    await expectFailure(2, /does not hold 64 hex digits/, 'serve', '--datadir', datadir, '--port', '0')
  })

  test('a damaged database, and a folder with other files, are refused', async () => {
    const datadir = copyOfImported()
    const database = join(datadir, 'peerloom', 'chaindata')
    for (const name of readdirSync(database)) {
      if (name.startsWith('MANIFEST')) writeFileSync(join(database, name), 'garbage')
    }
    await expectFailure(1, /^error: .* is damaged/, 'inspect', '--datadir', datadir)
    const foreign = fresh()
    mkdirSync(join(foreign, 'peerloom', 'chaindata'), { recursive: true })
    writeFileSync(join(foreign, 'peerloom', 'chaindata', 'holiday.jpg'), '')
    await expectFailure(1, /^error: .*holds other files \(holiday\.jpg\)/, 'inspect', '--datadir', foreign)
  })

  test('a data folder that is a file is refused', async () => {
    await expectFailure(
      2,
      /^error: --datadir: cannot make the folder/,
      'import',
      chain,
      '--datadir',
      chain,
      '--genesis',
      genesis,
    )
  })
})

describe('key, ping, help', () => {
  test('a key is written for its owner alone, and never printed unless asked for', async () => {
    const file = at('nodekey')
    const made = await run('key', 'generate', file, '--json')
    const digits = readFileSync(file, 'utf8')
    expect(made.code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const shown = await run('key', 'show', file, '--json')
    expect(made.stdout + made.stderr + shown.stdout + shown.stderr).not.toContain(digits)
    expect(shown.stdout).toBe(made.stdout)
    expect((await run('key', 'show', file, '--private-key')).stdout).toContain(digits)
    await expectFailure(2, /^error: file: .* already exists/, 'key', 'generate', file)
    expect(readFileSync(file, 'utf8')).toBe(digits)
  })

  test('a ping of a port without a listener fails with one line', async () => {
    await expectFailure(1, /^error: .*(refused|ECONNREFUSED)/, 'ping', await deadEnode())
  })

  test('an error is the last line of stdout, too, with --json', async () => {
    const { code, stdout } = await run('inspect', '--datadir', at('x'), '--json')
    expect(code).toBe(2)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'error', code: 'ERR_CONFIG', exitCode: 2 })
  })

  test('the program has a version', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})
