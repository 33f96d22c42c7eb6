import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runProgram } from '../../test/support/program.ts'
import { Node } from '../node/index.ts'

let root: string
let made = 0
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-c-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const newPath = (): string => join(root, String(made++))

const modules = (...words: readonly string[]) => runProgram(['rpc', 'rpc_modules', ...words])

async function httpServer(listener: RequestListener): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

test('a node is found by its data folder, by the name of its socket there, and by its URL', async () => {
  const dataDir = newPath()
  await using node = await Node.start({ dataDir, p2p: false, ipc: { path: 'own.ipc' }, http: { port: 0 } })
  const url = node.endpoints.url('http') as string
  for (const words of [
    ['--datadir', dataDir, '--ipcpath', 'own.ipc'],
    ['--url', join(dataDir, 'own.ipc')],
    ['--url', url],
  ]) {
    const { code, stdout, stderr } = await modules(...words)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ web3: '1.0' })
  }
})

test('an endpoint without a node is one line with the endpoint, the reason and a hint', async () => {
  const dataDir = newPath()
  const socket = join(dataDir, 'peerloom.ipc')
  const { code, stdout, stderr } = await modules('--datadir', dataDir)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^error: [^\n]* \(start one with peerloom, [^\n]*\)\n$/)
  expect(stderr).toContain(`${socket}: ENOENT`)
})

test('a closed port is one line with the URL', async () => {
  const { server, port } = await httpServer(() => undefined)
  server.close()
  await once(server, 'close')
  for (const scheme of ['http', 'ws']) {
    const { code, stderr } = await modules('--url', `${scheme}://127.0.0.1:${port}`)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(`^error: [^\\n]*${scheme}://127\\.0\\.0\\.1:${port}[^\\n]*ECONNREFUSED[^\\n]*\\n$`),
    )
  }
})

test('an endpoint that is neither a URL nor a path is one line', async () => {
  for (const url of ['ftp://127.0.0.1', 'http://', '']) {
    const { code, stderr } = await modules('--url', url)
    expect(code, url).toBeGreaterThan(0)
    expect(stderr, url).toMatch(/^error: [^\n]+\n$/)
  }
})

test('the secret of the data folder opens an authenticated endpoint of this machine, over HTTP and WebSocket', async () => {
  const dataDir = newPath()
  await using node = await Node.start({ dataDir, p2p: false, ipc: { enabled: false }, authrpc: { port: 0 } })
  expect(node.endpoints.urls).toHaveLength(2)
  for (const url of node.endpoints.urls) {
    const { code, stderr } = await modules('--datadir', dataDir, '--url', url)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }
})

test('a secret that was given is the only one tried', async () => {
  const dataDir = newPath()
  await using node = await Node.start({ dataDir, p2p: false, authrpc: { port: 0 } })
  const url = node.endpoints.urls.find((each) => each.startsWith('http:')) as string
  const wrong = newPath()
  writeFileSync(wrong, 'ab'.repeat(32))
  const refused = await modules('--datadir', dataDir, '--url', url, '--authrpc.jwtsecret', wrong)
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: HTTP status 401[^\n]*\n$/) })
  const missing = await modules('--datadir', dataDir, '--url', url, '--authrpc.jwtsecret', newPath())
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringMatching(/^error: --authrpc\.jwtsecret: /) })
})

test('without a secret in the data folder, the error is the refusal of the endpoint', async () => {
  const dataDir = newPath()
  await using node = await Node.start({ dataDir, p2p: false, authrpc: { port: 0 } })
  const url = node.endpoints.urls.find((each) => each.startsWith('http:')) as string
  const { code, stderr } = await modules('--datadir', newPath(), '--url', url)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: HTTP status 401: missing token\n$/)
})

test.runIf(process.platform === 'linux')(
  'a host that is not loopback never gets a token of the data folder',
  async () => {
    const dataDir = newPath()
    await (await Node.start({ dataDir, p2p: false, authrpc: { port: 0 } })).close()
    const asked: IncomingHttpHeaders[] = []
    const { server, port } = await httpServer((request, response) => {
      asked.push(request.headers)
      response.writeHead(401).end('token?')
    })
    for (const [host, count] of [
      ['0.0.0.0', 1], // reaches this machine without being its loopback by name
      ['127.0.0.1', 2],
    ] as const) {
      asked.length = 0
      const { code } = await modules('--datadir', dataDir, '--url', `http://${host}:${port}`)
      expect(code).toBe(1)
      expect(asked.map(({ authorization }) => authorization !== undefined)).toEqual([false, true].slice(0, count))
    }
    server.close()
  },
)

test('the refusal of a server reaches the terminal as one line without control characters', async () => {
  const { server, port } = await httpServer((_, response) => response.writeHead(500).end('a\n\u001b[2Jb'))
  const { code, stderr } = await modules('--url', `http://127.0.0.1:${port}`)
  expect(code).toBe(1)
  expect(stderr).toMatch(/^error: HTTP status 500: \P{C}+\n$/u)
  server.close()
})
