import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Outcome, Program, runProgram } from '../support/program.ts'
import { jsonLines } from './cli-process.ts'
import { chain, genesis } from './demo.ts'

/** Only ends a test that hangs. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const HERE = ['--host', '127.0.0.1', '--port', '0'] as const

let folder: string
/** Data folder of the node that is asked. */
let data: string
let node: Program
let urls: readonly string[]

const run = (...words: readonly string[]): Promise<Outcome> => runProgram(words)
const at = (name: string): string => join(folder, name)
const url = (scheme: string): string => urls.find((each) => each.startsWith(scheme)) ?? ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-rpc-'))
  data = at('data')
  expect(await run('import', '--datadir', data, '--genesis', genesis, chain)).toMatchObject({ code: 0 })
  const rpc = ['--http', '--http.port', '0', '--ws', '--ws.port', '0', '--authrpc', '--authrpc.port', '0']
  node = new Program(['--datadir', data, ...HERE, '--json', ...rpc])
  const [line] = await node.seen(/^\{"type":"serving".*$/m)
  urls = (JSON.parse(line) as { rpc: string[] }).rpc
})

afterAll(async () => {
  await node?.[Symbol.asyncDispose]()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe('peerloom rpc', () => {
  test('peerloom rpc prints the result, over the socket of the data folder and over a URL', async () => {
    expect(await run('rpc', 'eth_blockNumber', '--datadir', data)).toEqual({
      code: 0,
      stdout: '"0x140"\n',
      stderr: '',
    })
    const block = await run('rpc', 'eth_getBlockByNumber', '0x1', 'false', '--url', url('http'))
    expect(JSON.parse(block.stdout)).toMatchObject({ number: '0x1' })
    const { stdout } = await run('rpc', 'net_version', '--json', '--url', url('ws'))
    expect(jsonLines(stdout)).toEqual([{ type: 'result', method: 'net_version', value: '3626026' }])
  })

  test('peerloom rpc uses the JWT secret of the data folder for an authenticated endpoint', async () => {
    const [authenticated = ''] = urls.slice(3)
    const args = ['rpc', 'eth_blockNumber', '--url', authenticated]
    expect(await run(...args, '--datadir', data)).toMatchObject({ code: 0, stdout: '"0x140"\n' })
    expect(await run(...args, '--datadir', at('nowhere'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/401: missing token/),
    })
  })

  test('peerloom rpc prints an error response on one line, and exits with 1', async () => {
    const { code, stderr } = await run('rpc', 'eth_foo', '--datadir', data)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: the method eth_foo does not exist\/is not available \(.*--http\.api/)
  })

  test('peerloom rpc names the address at which no node answers, with a hint', async () => {
    const { code, stderr } = await run('rpc', 'eth_blockNumber', '--datadir', at('nowhere'))
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error: cannot connect to a node at .*nowhere.*peerloom\.ipc: ENOENT \(start one with peerloom/,
    )
  })
})

describe('peerloom attach', () => {
  test('peerloom attach --exec prints the value of a script, and calls a method without parameters by its name', async () => {
    const exec = (script: string, at: string) => run('attach', at, '--exec', script)
    for (const at of urls.slice(0, 3)) {
      expect(await exec('eth.blockNumber', at)).toEqual({ code: 0, stdout: '"0x140"\n', stderr: '' })
    }
    expect((await exec('console.log(await eth.chainId()), 1 + 1', url('ws'))).stdout).toBe('0x37542a\n2\n')
    expect(await exec('nosuch', url('ws'))).toMatchObject({
      code: 1,
      stderr: 'error: exec: ReferenceError: nosuch is not defined\n',
    })
  })
})

describe('peerloom peers and peer', () => {
  test('peerloom peer refuses an invalid enode URL before it connects to a node', async () => {
    for (const action of ['add', 'remove', 'trust', 'untrust', 'ban', 'unban']) {
      const { code, stderr } = await run('peer', action, 'foo', '--datadir', at('nowhere'))
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error: enode: /)
    }
  })

  test('peerloom peers and peer show, add, trust and ban a peer', async () => {
    expect((await run('peers', '--datadir', data)).stdout).toBe('no peers\n')
    await using watch = new Program(['peers', '--watch', '--json', '--datadir', data])
    await watch.seen(/"type":"peers"/)
    await using other = new Program(['--datadir', at('other'), '--genesis', genesis, ...HERE, '--json'])
    const [line] = await other.seen(/^\{"type":"serving".*$/m)
    const { enode } = JSON.parse(line) as { enode: string }
    expect((await run('peer', 'add', enode, '--datadir', data)).stdout).toBe(`dialing ${enode}\n`)
    await watch.seen(/"type":"add"/)
    const { stdout } = await run('peers', '--datadir', data)
    expect(stdout).toMatch(
      /^ID +DIR +ADDRESS +PROTOCOLS +NAME\n[0-9a-f]{16} +out s +127\.0\.0\.1:\d+ +eth\/68,eth\/69,eth\/70,eth\/71 +Peerloom/,
    )
    expect((await run('peer', 'trust', enode, '--datadir', data)).code).toBe(0)
    expect((await run('peer', 'ban', enode, '--datadir', data)).code).toBe(0)
    await watch.seen(/"type":"drop"/)
    const banned = await run('peers', '--datadir', data)
    expect(banned.stdout).toMatch(
      /^no peers\n\nBANNED +UNTIL +SCORE +REASON\n127\.0\.0\.1 .* 0 {2}banned by the operator\n$/,
    )
    expect((await run('peer', 'unban', enode, '--datadir', data)).stdout).toBe(`no longer banned ${enode}\n`)
    watch.signal('SIGINT')
    expect((await watch.ended).code).toBe(130)
  })
})

describe('a node that cannot listen', () => {
  test('the error of a port in use names its flag', async () => {
    await using taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const own = ['--datadir', at('busy'), '--genesis', genesis, ...HERE]
    for (const flag of ['http', 'ws', 'authrpc']) {
      const { code, stderr } = await run(...own, `--${flag}`, `--${flag}.port`, String(port), '--verbosity', 'silent')
      expect(code).toBe(2)
      expect(stderr).toBe(
        `error: --${flag}.port: 127.0.0.1:${port} is in use (choose another port, or stop the process that uses it)\n`,
      )
    }
  })
})
