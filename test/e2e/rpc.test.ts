import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RpcClient } from '../../src/rpc/index.ts'
import { type Built, buildCli, CliProcess, jsonLines, type Outcome } from './cli-process.ts'

const genesis = fileURLToPath(new URL('../../assets/demo/genesis.json', import.meta.url))
const chain = fileURLToPath(new URL('../../assets/demo/chain.rlp', import.meta.url))

vi.setConfig({ testTimeout: 60_000 })

let built: Built
let folder: string
let node: CliProcess
let urls: readonly string[]

const cli = (args: readonly string[], input?: string): Promise<Outcome> =>
  new CliProcess(built.bin, args, { cwd: folder, ...(input !== undefined && { input }) }).done
const url = (scheme: string): string => urls.find((each) => each.startsWith(scheme)) ?? ''

beforeAll(async () => {
  built = await buildCli()
  folder = mkdtempSync(join(tmpdir(), 'peerloom-rpc-'))
  await cli(['import', '--datadir', 'data', '--genesis', genesis, chain])
  const rpc = ['--http', '--http.port', '0', '--ws', '--ws.port', '0', '--authrpc', '--authrpc.port', '0']
  node = new CliProcess(built.bin, ['--datadir', 'data', '--host', '127.0.0.1', '--port', '0', '--json', ...rpc], {
    cwd: folder,
  })
  const [line] = await node.seen(/^\{"type":"serving".*$/m)
  urls = (JSON.parse(line) as { rpc: string[] }).rpc
}, 120_000)

afterAll(async () => {
  await node?.[Symbol.asyncDispose]()
  built?.[Symbol.dispose]()
  if (folder) rmSync(folder, { recursive: true, force: true })
})

describe('peerloom rpc', () => {
  test('peerloom rpc prints the result, over the socket of the data folder and over a URL', async () => {
    expect(await cli(['rpc', 'eth_blockNumber', '--datadir', 'data'])).toEqual({
      code: 0,
      stdout: '"0x140"\n',
      stderr: '',
    })
    const block = await cli(['rpc', 'eth_getBlockByNumber', '0x1', 'false', '--url', url('http')])
    expect(JSON.parse(block.stdout)).toMatchObject({ number: '0x1' })
    const { stdout } = await cli(['rpc', 'net_version', '--json', '--url', url('ws')])
    expect(jsonLines(stdout)).toEqual([{ type: 'result', method: 'net_version', value: '3626026' }])
  })

  test('peerloom rpc uses the JWT secret of the data folder for an authenticated endpoint', async () => {
    const [authenticated = ''] = urls.slice(3)
    const args = ['rpc', 'eth_blockNumber', '--url', authenticated]
    expect(await cli([...args, '--datadir', 'data'])).toMatchObject({ code: 0, stdout: '"0x140"\n' })
    expect(await cli([...args, '--datadir', 'nowhere'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/401: missing token/),
    })
  })

  test('peerloom rpc prints an error response on one line, and exits with 1', async () => {
    const { code, stderr } = await cli(['rpc', 'eth_foo', '--datadir', 'data'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: the method eth_foo does not exist\/is not available \(.*--http\.api/)
  })

  test('peerloom rpc names the address at which no node answers, with a hint', async () => {
    const { code, stderr } = await cli(['rpc', 'eth_blockNumber', '--datadir', 'nowhere'])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error: cannot connect to a node at .*nowhere.*peerloom\.ipc: ENOENT \(start one with peerloom/,
    )
  })
})

describe('peerloom attach', () => {
  test('peerloom attach --exec prints the value of a script, and calls a method without parameters by its name', async () => {
    const exec = (script: string, at: string) => cli(['attach', at, '--exec', script])
    for (const at of urls.slice(0, 3)) {
      expect(await exec('eth.blockNumber', at)).toEqual({ code: 0, stdout: '"0x140"\n', stderr: '' })
    }
    expect((await exec('console.log(await eth.chainId()), 1 + 1', url('ws'))).stdout).toBe('0x37542a\n2\n')
    expect(await exec('nosuch', url('ws'))).toMatchObject({
      code: 1,
      stderr: 'error: exec: ReferenceError: nosuch is not defined\n',
    })
  })

  test('peerloom attach runs a script on stdin expression by expression, over several lines, and past errors', async () => {
    const script = [
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
    const { code, stdout } = await cli(['attach', '--datadir', 'data'], script)
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

describe('peerloom peers and peer', () => {
  test('peerloom peer refuses an invalid enode URL before it connects to a node', async () => {
    const actions = ['add', 'remove', 'trust', 'untrust', 'ban', 'unban']
    const outcomes = await Promise.all(actions.map((action) => cli(['peer', action, 'foo', '--datadir', 'nowhere'])))
    for (const { code, stderr } of outcomes) {
      expect(code).toBe(2)
      expect(stderr).toMatch(/^error: enode: /)
    }
  })

  test('peerloom peers and peer show, add, trust and ban a peer', async () => {
    expect((await cli(['peers', '--datadir', 'data'])).stdout).toBe('no peers\n')
    await using watch = new CliProcess(built.bin, ['peers', '--watch', '--json', '--datadir', 'data'], { cwd: folder })
    await watch.seen(/"type":"peers"/)
    await using other = new CliProcess(
      built.bin,
      ['--datadir', 'other', '--genesis', genesis, '--host', '127.0.0.1', '--port', '0', '--json'],
      { cwd: folder },
    )
    const [line] = await other.seen(/^\{"type":"serving".*$/m)
    const { enode } = JSON.parse(line) as { enode: string }
    expect((await cli(['peer', 'add', enode, '--datadir', 'data'])).stdout).toBe(`dialing ${enode}\n`)
    await watch.seen(/"type":"add"/)
    const { stdout } = await cli(['peers', '--datadir', 'data'])
    expect(stdout).toMatch(
      /^ID +DIR +ADDRESS +PROTOCOLS +NAME\n[0-9a-f]{16} +out s +127\.0\.0\.1:\d+ +eth\/68,eth\/69,eth\/70,eth\/71 +Peerloom/,
    )
    expect((await cli(['peer', 'trust', enode, '--datadir', 'data'])).code).toBe(0)
    expect((await cli(['peer', 'ban', enode, '--datadir', 'data'])).code).toBe(0)
    await watch.seen(/"type":"drop"/)
    const banned = await cli(['peers', '--datadir', 'data'])
    expect(banned.stdout).toMatch(
      /^no peers\n\nBANNED +UNTIL +SCORE +REASON\n127\.0\.0\.1 .* 0 {2}banned by the operator\n$/,
    )
    expect((await cli(['peer', 'unban', enode, '--datadir', 'data'])).stdout).toBe(`no longer banned ${enode}\n`)
    watch.kill('SIGINT')
    expect((await watch.done).code).toBe(130)
  })
})

describe('a node that cannot listen', () => {
  test('the error of a port in use names its flag', async () => {
    await using taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    const own = ['--datadir', 'busy', '--genesis', genesis, '--host', '127.0.0.1', '--port', '0']
    for (const flag of ['http', 'ws', 'authrpc']) {
      const { code, stderr } = await cli([...own, `--${flag}`, `--${flag}.port`, String(port), '--verbosity', 'silent'])
      expect(code).toBe(2)
      expect(stderr).toBe(
        `error: --${flag}.port: 127.0.0.1:${port} is in use (choose another port, or stop the process that uses it)\n`,
      )
    }
  })

  test('a second node on the same data folder exits with an error', async () => {
    const { code, stderr } = await cli([
      '--datadir',
      'data',
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--verbosity',
      'silent',
    ])
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: .*data is in use by another process \(stop that process first/),
    ])
  })
})

describe('a stopping node', () => {
  test('SIGTERM ends a node with connected clients, and removes its socket', async () => {
    const args = [
      '--datadir',
      'stopping',
      '--genesis',
      genesis,
      '--host',
      '127.0.0.1',
      '--port',
      '0',
      '--json',
      '--http',
      '--http.port',
      '0',
    ]
    await using stopping = new CliProcess(built.bin, args, { cwd: folder })
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
