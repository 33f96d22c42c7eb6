/** Tests of what only a process shows: real signals, `kill -9`, exit codes, pipes, and a lock that another process holds. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RpcClient } from '../../src/rpc/index.ts'
import { type Outcome, runProgram } from '../support/program.ts'
import { type Built, buildCli, type CliOptions, CliProcess, jsonLines } from './cli-process.ts'
import { chain, deadEnode, genesis, info } from './demo.ts'

/** Only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const HERE = ['--host', '127.0.0.1', '--port', '0'] as const

let built: Built
let folder: string
/** A data folder with the whole chain, imported. */
let imported: string

beforeAll(async () => {
  built = await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'peerloom-process-'))
  imported = at('imported')
  expect(await run('import', chain, '--datadir', imported, '--genesis', genesis)).toMatchObject({ code: 0 })
})

afterAll(() => {
  built?.[Symbol.dispose]()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

const run = (...words: readonly string[]): Promise<Outcome> => runProgram(words)
const at = (name: string): string => join(folder, name)
const fresh = (): string => mkdtempSync(at('data-'))
const start = (args: readonly string[], options: Partial<CliOptions> = {}): CliProcess =>
  new CliProcess(built.bin, args, { cwd: folder, ...options })

describe('the bin', () => {
  test('the bin takes words and variables, writes to stdout, and ends with 0', async () => {
    const { code, stdout, stderr } = await start(['dumpconfig'], { env: { PEERLOOM_MAXPEERS: '7' } }).done
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('maxpeers = 7 # environment PEERLOOM_MAXPEERS\n')
  })

  test('the bin ends with 2 and one line on stderr after wrong usage, and makes nothing', async () => {
    const { code, stdout, stderr } = await start(['inspect', '--datadir', 'x']).done
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^error: --datadir: .*x holds no chain yet[^\n]*\n$/)
    expect(existsSync(at('x'))).toBe(false)
  })

  test('the bin ends without an error message when the reader of its output leaves', async () => {
    await using demo = start(['demo', '--datadir', fresh(), '--json'])
    demo.closeStdout()
    const { code, stderr } = await demo.done
    expect(code).toBe(1)
    expect(stderr).not.toMatch(/^error:/m)
  })
})

describe('the demo', () => {
  test('the demo resumes, stays up, and ends with 0 on SIGINT', async () => {
    const datadir = fresh()
    const half = at('half.rlp')
    expect(await run('export', half, '--datadir', imported, '--last', '160')).toMatchObject({ code: 0 })
    expect(await run('import', half, '--datadir', datadir, '--genesis', genesis)).toMatchObject({ code: 0 })
    await using demo = start(['demo', '--datadir', datadir])
    await demo.seen(/serving as enode:/)
    demo.kill('SIGINT')
    const { code, stdout, stderr } = await demo.done
    expect(stdout).toContain('going on from block 160')
    expect(stderr).not.toContain('error')
    expect(code).toBe(0)
  })

  test('a demo killed with SIGKILL while it syncs completes its chain the next time', async () => {
    const datadir = fresh()
    for (const moment of [/"type":"started"/, /"type":"progress"/]) {
      await using demo = start(['demo', '--datadir', datadir, '--json'])
      await demo.seen(moment)
      demo.kill('SIGKILL')
      expect((await demo.done).code).toBeUndefined()
    }
    const { code, stdout } = await run('demo', '--datadir', datadir, '--json', '--exit-when-synced')
    expect(code).toBe(0)
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'result', head: { hash: info.headHash } })
    const inspected = jsonLines((await run('inspect', '--datadir', datadir, '--json')).stdout).at(-1)
    expect(inspected).toMatchObject({ headers: 321, bodies: 321, receipts: 321, health: 'ok' })
  })
})

describe('a sync', () => {
  test('a sync gets a chain from a node in another process, which answers pings and ends with 0 on SIGTERM', async () => {
    const source = fresh()
    expect(await run('demo', '--exit-when-synced', '--datadir', source)).toMatchObject({ code: 0 })
    await using server = start(['serve', '--datadir', source, ...HERE, '--json'])
    const enode = (await server.seen(/"enode":"(enode:[^"]+)"/))[1] as string
    const pinged = jsonLines((await run('ping', enode, '--json')).stdout).at(-1)
    expect(pinged).toMatchObject({ type: 'result', version: 5, capabilities: ['eth/68', 'eth/69', 'eth/70', 'eth/71'] })
    expect(pinged?.clientId).toMatch(/^Peerloom\/v/)
    const args = ['--genesis', genesis, '--datadir', fresh(), '--peer', enode, '--port', '0', '--exit-when-synced']
    const synced = await run('sync', ...args, '--target', info.headHash as string, '--json')
    expect(jsonLines(synced.stdout).at(-1)).toMatchObject({ type: 'result', head: { hash: info.headHash } })
    expect(synced.code).toBe(0)
    server.kill('SIGTERM')
    expect((await server.done).code).toBe(0)
  })

  test('a sync that waits for an absent peer ends with 130 on SIGINT', async () => {
    const where = ['--genesis', genesis, '--datadir', fresh(), '--peer', await deadEnode(), '--port', '0']
    await using sync = start(['sync', ...where, '--target', info.headHash as string])
    await sync.seen(/going from block 0/)
    sync.kill('SIGINT')
    expect(await sync.done).toMatchObject({ code: 130 })
  })
})

describe('a node in another process', () => {
  let server: CliProcess
  let port: string

  beforeAll(async () => {
    server = start(['serve', '--datadir', imported, ...HERE, '--json'])
    port = (await server.seen(/@127\.0\.0\.1:(\d+)/))[1] as string
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  test('the data folder and the port of a node in another process are refused with one line', async () => {
    const folderInUse = /^error: .*imported.* is in use by another process \(stop that process first[^\n]*\n$/
    const inspected = await run('inspect', '--datadir', imported)
    expect(inspected).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(folderInUse) })
    const second = await run('--datadir', imported, ...HERE, '--verbosity', 'silent')
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(folderInUse) })
    const other = ['--datadir', fresh(), '--genesis', genesis]
    const third = await run('serve', ...other, '--host', '127.0.0.1', '--port', port)
    expect(third).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(/^error: --port: .*in use[^\n]*\n$/) })
  })

  test('attach runs a script on stdin expression by expression, over several lines, and past errors', async () => {
    const input = [
      'const found = []',
      'for (const n of [1, 2]) {',
      '  found.push(n)',
      '}',
      'found',
      'nosuch',
      'eth.getCode("0x", "latest")',
      'await eth.getTransactionCount(',
      '  "0x", "latest")',
      '(await eth.getBlockByNumber(',
      '  "0x1", false)).number',
      'net.version',
      'exit',
      'never',
      '',
    ].join('\n')
    const { code, stdout } = await start(['attach', '--datadir', imported], { input }).done
    expect(code).toBe(0)
    expect(stdout.split('\n')).toEqual([
      '2',
      '[ 1, 2 ]',
      'ReferenceError: nosuch is not defined',
      expect.stringMatching(/^Error: eth_getCode is not supported/),
      expect.stringMatching(/^Error: eth_getTransactionCount is not supported/),
      '"0x1"',
      '"3626026"',
      '',
    ])
  })
})

describe('a node that gets a signal', () => {
  const node = ['--genesis', genesis, ...HERE]

  test('a node reloads its log levels on SIGHUP, and goes on', async () => {
    const file = at('levels.toml')
    writeFileSync(file, 'datadir = "levels"\nverbosity = "warn"\n')
    await using levels = start([...node, '--config', 'levels.toml'])
    await levels.seen(/serving as enode:/)
    writeFileSync(file, 'verbosity = "info"\nvmodule = "peer=trace"\n')
    levels.kill('SIGHUP')
    await levels.seen(/"verbosity":"info","vmodule":"peer=trace","msg":"Log levels reloaded"/)
    writeFileSync(file, 'verbosity = "loud"\n')
    levels.kill('SIGHUP')
    await levels.seen(/levels\.toml: verbosity: .*"msg":"Log levels not reloaded"/)
    levels.kill('SIGTERM')
    expect((await levels.done).code).toBe(0)
  })

  test('a node ends on SIGTERM, also with connected clients, and removes its socket', async () => {
    await using stopping = start([...node, '--datadir', 'stopping', '--json', '--http', '--http.port', '0'])
    const [line] = await stopping.seen(/^\{"type":"serving".*$/m)
    const [ipc = ''] = (JSON.parse(line) as { rpc: string[] }).rpc
    await using client = await RpcClient.dial(ipc, { reconnect: false })
    const heads = client.subscribe('eth', ['newHeads'])
    await heads.ready()
    stopping.kill('SIGTERM')
    expect((await stopping.done).code).toBe(0)
    await expect(heads.next()).rejects.toMatchObject({ name: 'RpcConnectionError' })
    await expect(RpcClient.dial(ipc)).rejects.toThrow('ENOENT')
  })
})
