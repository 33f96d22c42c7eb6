import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Program, type ProgramOptions, runProgram } from '../../../../test/support/program.ts'
import { formatEnode, NodeKey } from '../../../identity/index.ts'
import { RpcClient } from '../../../rpc/index.ts'

const genesis = fileURLToPath(new URL('../../../../assets/demo/genesis.json', import.meta.url))
const LOOPBACK = ['--host', '127.0.0.1', '--port', '0']

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-o-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newPath = (): string => join(root, String(made++))
const node = (words: readonly string[], options?: ProgramOptions) =>
  new Program(['--datadir', newPath(), '--genesis', genesis, ...LOOPBACK, ...words], options)

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

test('a node prints its endpoints as JSON, answers there, and ends with 0 at SIGTERM', async () => {
  await using program = node(['--http', '--http.port', '0', '--json'])
  const [line] = await program.seen(/\{"type":"serving".*\}\n/)
  const { enode, head, rpc } = JSON.parse(line)
  expect(head).toMatchObject({ number: 0 })
  for (const url of rpc) {
    await using client = await RpcClient.dial(url)
    expect(await client.call('eth_blockNumber')).toBe('0x0')
  }
  program.signal('SIGTERM')
  const { code, stdout } = await program.ended
  expect(code).toBe(0)
  expect(linesOf(stdout).at(-1)).toEqual({ type: 'result', enode, head })
})

test('an option that the node refuses is named as the flag, the variable or the key that set it', async () => {
  await using taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const port = String((taken.address() as AddressInfo).port)
  const file = newPath()
  writeFileSync(file, `[http]\nport = ${port}\n`)
  for (const [name, words, env] of [
    ['--http.port', ['--http.port', port], {}],
    ['PEERLOOM_HTTP_PORT', [], { PEERLOOM_HTTP_PORT: port }],
    [`${file}: http.port`, ['--config', file], {}],
  ] as const) {
    const { code, stdout, stderr } = await node(['--http', ...words], { env }).ended
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(`error: ${name}: 127.0.0.1:${port} is in use`)
  }
})

test('an option that the node misses is named as the flag that sets it', async () => {
  const dataDir = newPath()
  const { code, stderr } = await runProgram(['--datadir', dataDir, ...LOOPBACK])
  expect(code).toBe(2)
  expect(stderr).toContain(`error: --datadir: ${dataDir} holds no chain`)
  expect(existsSync(dataDir)).toBe(false)
})

test('SIGHUP reloads the log levels of a node without a terminal, and an error leaves them', async () => {
  const config = newPath()
  writeFileSync(config, 'verbosity = "info"\n')
  await using program = node(['--config', config, '--log.format', 'logfmt'])
  await program.seen(/serving as/)
  writeFileSync(config, 'verbosity = "debug"\nvmodule = "rpc=trace"\n')
  program.signal('SIGHUP')
  await program.seen(/verbosity=debug vmodule="rpc=trace"/)
  writeFileSync(config, 'verbosity = "loud"\n')
  program.signal('SIGHUP')
  await program.seen(/lvl=warn [^\n]*error="[^\n]*loud/)
})

test('a sync without a peer reports its progress, and ends with 130 when it is interrupted', async () => {
  const { publicKey } = NodeKey.generate()
  const nobody = formatEnode({ publicKey, host: '127.0.0.1', tcpPort: 1, udpPort: 0 })
  const target = ['--synctarget', '11'.repeat(32), '--staticnodes', nobody]
  await using program = node([...target, '--json'])
  const [line] = await program.seen(/\{"type":"progress".*\}\n/)
  expect(JSON.parse(line)).toMatchObject({ phase: expect.any(String), peers: 0 })
  program.signal('SIGINT')
  const { code, stdout } = await program.ended
  expect(code).toBe(130)
  expect(linesOf(stdout).at(-1)).toMatchObject({ type: 'error', code: 'ERR_INTERRUPTED', exitCode: 130 })
})
