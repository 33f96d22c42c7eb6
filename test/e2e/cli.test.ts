import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Built, buildCli, CliProcess, jsonLines, type Outcome } from './cli-process.ts'

const assets = fileURLToPath(new URL('../../assets/demo/', import.meta.url))
const genesis = join(assets, 'genesis.json')
const chain = join(assets, 'chain.rlp')
const info = JSON.parse(readFileSync(join(assets, 'info.json'), 'utf8')) as Record<string, unknown>
const deadEnode = `enode://${'79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8'}@127.0.0.1`

/** Processes are started many times: far more than it takes, for machines that are busy. */
vi.setConfig({ testTimeout: 60_000 })

let built: Built
let folder: string
/** A data folder with the whole chain, imported. */
let imported: string
/** The same, never opened again. */
let pristine: string

beforeAll(async () => {
  built = await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'peerloom-cli-'))
  imported = join(folder, 'imported')
  expect(await cli('import', chain, '--datadir', imported, '--genesis', genesis)).toMatchObject({ code: 0 })
  pristine = join(folder, 'pristine')
  cpSync(imported, pristine, { recursive: true })
}, 60_000)

afterAll(() => {
  built?.[Symbol.dispose]()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const start = (...args: readonly string[]): CliProcess => new CliProcess(built.bin, args, { cwd: folder })
const cli = (...args: readonly string[]): Promise<Outcome> => start(...args).done
const fresh = (): string => mkdtempSync(join(folder, 'data-'))

/** Made before anybody has the original open. */
const copyOfImported = (): string => {
  const copy = fresh()
  cpSync(pristine, copy, { recursive: true })
  return copy
}

/** Ends with this code and exactly one line on stderr. */
async function expectFailure(code: number, line: RegExp, ...args: readonly string[]): Promise<void> {
  const outcome = await cli(...args)
  expect(outcome.stderr.trimEnd()).toMatch(line)
  expect(outcome.stderr.trimEnd().split('\n')).toHaveLength(1)
  expect(outcome).toMatchObject({ code, stdout: '' })
}

describe('demo', () => {
  test('syncs the bundled chain and ends at the head, the result on the last line', async () => {
    const datadir = fresh()
    const { code, stdout } = await cli('demo', '--exit-when-synced', '--json', '--datadir', datadir)
    const lines = jsonLines(stdout)
    expect(code).toBe(0)
    expect(lines[0]).toMatchObject({ type: 'started', head: { number: 0 }, target: info.headNumber })
    const head = { number: info.headNumber, hash: info.headHash }
    expect(lines.at(-1)).toMatchObject({ type: 'result', blocks: info.headNumber, head })
    const again = await cli('demo', '--exit-when-synced', '--datadir', datadir)
    expect(again).toMatchObject({ code: 0 })
    expect(again.stdout).toContain('already at the head')
    const inspected = jsonLines((await cli('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ type: 'result', head, headers: 321, bodies: 321, receipts: 321, health: 'ok' })
    expect(inspected).toMatchObject({ genesis: info.genesisHash, chainId: info.chainId, firstReceipts: 0 })
  })

  test('goes on where it was, stays up, ends with 0 on SIGINT, begins anew with --reset', async () => {
    const datadir = fresh()
    const half = join(folder, 'half.rlp')
    await cli('export', half, '--datadir', imported, '--last', '160')
    await cli('import', half, '--datadir', datadir, '--genesis', genesis)
    await using demo = start('demo', '--datadir', datadir)
    await demo.seen(/serving as enode:/)
    demo.kill('SIGINT')
    const { code, stdout, stderr } = await demo.done
    expect(stdout).toContain('going on from block 160')
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
    const reset = await cli('demo', '--datadir', datadir, '--reset', '--exit-when-synced')
    expect(reset.stdout).toContain('beginning at the genesis block')
    expect(reset.code).toBe(0)
  })

  test('killed with SIGKILL while it syncs, it ends whole the next time', async () => {
    const datadir = fresh()
    for (const moment of [/"type":"started"/, /"type":"progress"/]) {
      await using demo = start('demo', '--datadir', datadir, '--json')
      await demo.seen(moment)
      demo.kill('SIGKILL')
      expect((await demo.done).code).toBeUndefined()
    }
    const { code, stdout } = await cli('demo', '--datadir', datadir, '--json', '--exit-when-synced')
    expect(code).toBe(0)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'result', head: { hash: info.headHash } })
    const inspected = jsonLines((await cli('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ headers: 321, bodies: 321, receipts: 321, health: 'ok' })
  })
})

describe('sync and serve', () => {
  test('a served chain is synced by another node, and the server answers a ping', async () => {
    const source = fresh()
    await cli('demo', '--exit-when-synced', '--datadir', source)
    await using server = start('serve', '--datadir', source, '--host', '127.0.0.1', '--port', '0', '--json')
    const enode = (await server.seen(/"enode":"(enode:[^"]+)"/))[1] as string
    const pinged = jsonLines((await cli('ping', enode, '--json')).stdout).at(-1)
    expect(pinged).toMatchObject({ type: 'result', version: 5, capabilities: ['eth/68', 'eth/69', 'eth/70', 'eth/71'] })
    expect(pinged?.clientId).toMatch(/^Peerloom\/v/)
    const args = ['--genesis', genesis, '--datadir', fresh(), '--peer', enode, '--port', '0', '--exit-when-synced']
    const synced = await cli('sync', ...args, '--target', info.headHash as string, '--json')
    expect(jsonLines(synced.stdout).at(-1)).toMatchObject({ type: 'result', head: { hash: info.headHash } })
    expect(synced.code).toBe(0)
    server.kill('SIGTERM')
    expect((await server.done).code).toBe(0)
  })

  test('waiting for a peer that is not there ends with 130 on SIGINT', async () => {
    const port = await deadPort()
    const where = ['--genesis', genesis, '--datadir', fresh(), '--peer', `${deadEnode}:${port}`, '--port', '0']
    await using sync = start('sync', ...where, '--target', info.headHash as string)
    await sync.seen(/going from block 0/)
    sync.kill('SIGINT')
    expect(await sync.done).toMatchObject({ code: 130 })
  })

  test('a port in use and a folder in use are said in one line', async () => {
    await using server = start('serve', '--datadir', imported, '--host', '127.0.0.1', '--port', '0', '--json')
    const port = (await server.seen(/@127\.0\.0\.1:(\d+)/))[1] as string
    await expectFailure(1, /^error: .*imported.* is in use by another process/, 'inspect', '--datadir', imported)
    const other = copyOfImported()
    await expectFailure(
      2,
      /^error: --port: .*in use/,
      'serve',
      '--datadir',
      other,
      '--host',
      '127.0.0.1',
      '--port',
      port,
    )
  })

  test('a node without receipts says so: its peers see where they begin', async () => {
    const inspected = jsonLines((await cli('inspect', '--datadir', imported, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ bodies: 321, firstReceipts: 321 })
    expect(inspected?.receipts).toBeLessThan(100)
  })
})

describe('import and export', () => {
  test('what was imported is exported, byte for byte', async () => {
    const file = join(folder, 'out.rlp')
    const outcome = await cli('export', file, '--datadir', imported, '--json')
    expect(jsonLines(outcome.stdout).at(-1)).toMatchObject({ type: 'result', blocks: 320, first: 1, last: 320 })
    expect(readFileSync(file).equals(readFileSync(chain))).toBe(true)
    const again = await cli('import', file, '--datadir', imported, '--json')
    expect(jsonLines(again.stdout).at(-1)).toMatchObject({ imported: 0, known: 320 })
  })

  test('a file that is cut short keeps the blocks before the cut, and says where it ends', async () => {
    const file = join(folder, 'cut.rlp')
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
    const inspected = jsonLines((await cli('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ health: 'ok', head: { number: expect.toSatisfy((number) => number > 100) } })
  })

  test('a file that is not there, or of another chain, is refused', async () => {
    const there = ['--datadir', imported] as const
    await expectFailure(2, /^error: file: .*none\.rlp does not exist$/, 'import', join(folder, 'none.rlp'), ...there)
    await expectFailure(2, /^error: --last: there is no block 999/, 'export', 'x.rlp', ...there, '--last', '999')
    const backwards = ['--first', '100', '--last', '99'] as const
    await expectFailure(2, /^error: --first: 100 is after the last block/, 'export', 'x.rlp', ...there, ...backwards)
    const other = join(folder, 'other.json')
    writeFileSync(other, JSON.stringify({ ...JSON.parse(readFileSync(genesis, 'utf8')), timestamp: '0x1' }))
    await expectFailure(1, /block 1 does not follow block 0/, 'import', chain, '--datadir', fresh(), '--genesis', other)
  })
})

describe('wrong usage', () => {
  test('ends with 2 and one line, and makes nothing', async () => {
    await expectFailure(
      2,
      /^error: --exit-when-sync: unknown option \(did you mean --exitwhensynced\?\)$/,
      'demo',
      '--exit-when-sync',
    )
    await expectFailure(
      2,
      /^error: --genesis: none\.json does not exist$/,
      'serve',
      '--datadir',
      'x',
      '--genesis',
      'none.json',
    )
    await expectFailure(2, /^error: --datadir: .*x holds no chain yet/, 'inspect', '--datadir', 'x')
    expect(readdirSync(folder)).not.toContain('x')
  })
})

describe('a data folder that does not do', () => {
  test('another chain than the genesis says', async () => {
    const args = ['--datadir', imported, '--network', 'sepolia', '--port', '0']
    await expectFailure(2, /^error: --datadir: .*: the database holds another chain/, 'serve', ...args)
  })

  test('a key file that is damaged', async () => {
    const datadir = copyOfImported()
    writeFileSync(join(datadir, 'peerloom', 'nodekey'), 'not a key')
    await expectFailure(2, /does not hold 64 hex digits/, 'serve', '--datadir', datadir, '--port', '0')
  })

  test('a database that is damaged, and a folder of somebody else', async () => {
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

  test('a folder that is a file', async () => {
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
    const file = join(folder, 'nodekey')
    const made = await cli('key', 'generate', file, '--json')
    const digits = readFileSync(file, 'utf8')
    expect(made.code).toBe(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const shown = await cli('key', 'show', file, '--json')
    expect(made.stdout + made.stderr + shown.stdout + shown.stderr).not.toContain(digits)
    expect(shown.stdout).toBe(made.stdout)
    expect((await cli('key', 'show', file, '--private-key')).stdout).toContain(digits)
    await expectFailure(2, /^error: file: .* already exists/, 'key', 'generate', file)
    expect(readFileSync(file, 'utf8')).toBe(digits)
  })

  test('a ping of a port where nobody listens fails with one line', async () => {
    await expectFailure(1, /^error: .*(refused|ECONNREFUSED)/, 'ping', `${deadEnode}:${await deadPort()}`)
  })

  test('with --json what went wrong is the last line of stdout, too', async () => {
    const { code, stdout } = await cli('inspect', '--datadir', 'x', '--json')
    expect(code).toBe(2)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'error', code: 'ERR_CONFIG', exitCode: 2 })
  })

  test('the program has a version', async () => {
    expect(await cli('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })

  test('a reader of the output that leaves ends the program without complaint', async () => {
    await using server = start('demo', '--datadir', fresh(), '--json')
    server.closeStdout()
    const { code, stderr } = await server.done
    expect(code).toBe(1)
    expect(stderr).not.toMatch(/^error:/m)
  })
})

/** A port that was free a moment ago. */
function deadPort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
