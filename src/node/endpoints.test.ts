import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FakeClock } from '../base/clock.ts'
import { RpcClient, RpcServer } from '../rpc/index.ts'
import { Endpoints } from './endpoints.ts'
import { createLogger } from './log/logger.ts'
import { Node } from './node.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-e-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface SetUp extends AsyncDisposable {
  readonly endpoints: Endpoints
  /** JSON lines. */
  readonly logged: string[]
}

/** Endpoints of a server with the namespaces `calc` and `net`. */
function setUp(): SetUp {
  const rpc = new RpcServer()
    .register('calc', { add: (a: number, b: number) => a + b })
    .register('net', { version: () => '1' })
  const logged: string[] = []
  const log = createLogger({ format: 'json', write: (line) => logged.push(line) })
  return { endpoints: new Endpoints(rpc, log), logged, [Symbol.asyncDispose]: () => rpc.close() }
}

async function modulesAt(url: string, jwtSecret?: Uint8Array, clock?: FakeClock): Promise<string[]> {
  const options = { ...(jwtSecret && { jwtSecret }), ...(clock && { clock }), reconnect: false }
  await using client = await RpcClient.dial(url, options)
  return Object.keys(await client.modules()).filter((name) => name !== 'rpc')
}

const portOf = (url = ''): number => Number(new URL(url).port)

test('an HTTP endpoint answers at its URL, for the modules that were named', async () => {
  await using started = setUp()
  const { endpoints } = started
  await endpoints.startHttp({ port: 0, modules: ['calc'] })
  const url = endpoints.url('http') as string
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(endpoints.urls).toEqual([url])
  await using client = await RpcClient.dial(url)
  expect(await client.call('calc_add', [1, 2])).toBe(3)
  await expect(client.call('net_version')).rejects.toMatchObject({ errorCode: -32_601 })
})

test.each(['http', 'ws'] as const)(
  'a second start of %s is refused while the endpoint is opening, and open',
  async (kind) => {
    await using started = setUp()
    const { endpoints } = started
    const start = () => (kind === 'http' ? endpoints.startHttp({ port: 0 }) : endpoints.startWs({ port: 0 }))
    const [first, second] = await Promise.allSettled([start(), start()])
    expect(first.status).toBe('fulfilled')
    const refusal = {
      errorCode: -32_000,
      message: expect.stringContaining(`${kind.toUpperCase()} server already running`),
    }
    expect(second).toMatchObject({ status: 'rejected', reason: refusal })
    await expect(start()).rejects.toMatchObject({
      message: `${kind.toUpperCase()} server already running on ${endpoints.url(kind)}`,
    })
    expect(endpoints.urls).toHaveLength(1)
  },
)

test('a start that failed leaves the endpoint closed, and can be tried again', async () => {
  await using taken = setUp()
  await taken.endpoints.startHttp({ port: 0 })
  const port = portOf(taken.endpoints.url('http'))
  await using started = setUp()
  const { endpoints } = started
  await expect(endpoints.startHttp({ port })).rejects.toMatchObject({ field: 'http.port' })
  await expect(endpoints.startWs({ port })).rejects.toMatchObject({ field: 'ws.port' })
  await expect(endpoints.startAuth({ port }, new Uint8Array(32))).rejects.toMatchObject({ field: 'authrpc.port' })
  expect(endpoints.urls).toEqual([])
  await taken.endpoints.stop('http')
  await endpoints.startHttp({ port })
  expect(portOf(endpoints.url('http'))).toBe(port)
})

test('a host that is not an address of this machine is refused with its option', async () => {
  await using started = setUp()
  const { endpoints } = started
  for (const host of ['203.0.113.1', 'no host', 'a/b', 'a@b', '']) {
    await expect(endpoints.startHttp({ host, port: 0 }), host).rejects.toMatchObject({ field: 'http.host' })
    await expect(endpoints.startWs({ host, port: 0 }), host).rejects.toMatchObject({ field: 'ws.host' })
  }
})

test('a stopped endpoint takes no more connections, and stopping a closed one has no effect', async () => {
  await using started = setUp()
  const { endpoints } = started
  await endpoints.startWs({ port: 0 })
  const url = endpoints.url('ws') as string
  expect(await endpoints.stop('ws')).toBe(true)
  expect(await endpoints.stop('ws')).toBe(false)
  expect(await endpoints.stop('http')).toBe(false)
  expect([endpoints.url('ws'), endpoints.urls]).toEqual([undefined, []])
  await expect(modulesAt(url)).rejects.toMatchObject({ name: 'RpcConnectionError' })
})

test.each([
  ['http', 'ws'],
  ['ws', 'http'],
] as const)('HTTP and WebSocket share a port, which stays open for the other when %s stops', async (stopped, other) => {
  await using started = setUp()
  const { endpoints } = started
  await endpoints.startHttp({ port: 0, modules: ['calc'] })
  await endpoints.startWs({ port: portOf(endpoints.url('http')), modules: ['net'] })
  const urls = { http: endpoints.url('http') as string, ws: endpoints.url('ws') as string }
  expect(portOf(urls.http)).toBe(portOf(urls.ws))
  const modules = { http: ['calc'], ws: ['net'] }
  for (const kind of ['http', 'ws'] as const) expect(await modulesAt(urls[kind])).toEqual(modules[kind])
  await endpoints.stop(stopped)
  expect(await modulesAt(urls[other])).toEqual(modules[other])
  await expect(modulesAt(urls[stopped])).rejects.toMatchObject({ name: expect.stringMatching(/^Rpc\w+Error$/) })
})

test('a prefix is the one path that answers, the root without one, and / stands for every path', async () => {
  await using started = setUp()
  const { endpoints } = started
  for (const [prefix, open, closed] of [
    ['/rpc', ['/rpc', '/rpc/v1'], ['/', '/rpcx']],
    ['', ['/'], ['/rpc']],
    ['/', ['/', '/any/path'], []],
  ] as const) {
    await endpoints.startHttp({ port: 0, prefix, modules: ['calc'] })
    const { origin } = new URL(endpoints.url('http') as string)
    for (const path of open) expect(await modulesAt(origin + path), prefix + path).toEqual(['calc'])
    for (const path of closed) await expect(modulesAt(origin + path)).rejects.toMatchObject({ status: 404 })
    await endpoints.stop('http')
  }
})

test('a port that is none is refused with its option', async () => {
  await using started = setUp()
  const { endpoints } = started
  for (const port of [65_536, -1, 1.5, Number.NaN]) {
    await expect(endpoints.startHttp({ port })).rejects.toMatchObject({ field: 'http.port' })
    await expect(endpoints.startWs({ port })).rejects.toMatchObject({ field: 'ws.port' })
    await expect(endpoints.startAuth({ port }, new Uint8Array(32))).rejects.toMatchObject({ field: 'authrpc.port' })
  }
})

test('a prefix that is not a path is refused with its option', async () => {
  await using started = setUp()
  for (const prefix of ['rpc', '/a?b', '/a#b', '/a b', '//x\n']) {
    await expect(started.endpoints.startHttp({ port: 0, prefix })).rejects.toMatchObject({ field: 'http.prefix' })
  }
  expect(started.endpoints.urls).toEqual([])
})

test('a request that names a foreign host is refused, unless any host may be named', async () => {
  await using started = setUp()
  const { endpoints } = started
  const statusFor = (host: string, vhosts?: readonly string[]) => statusOf(endpoints, host, vhosts)
  expect(await statusFor('localhost')).toBe(200)
  expect(await statusFor('evil.example')).toBe(403)
  expect(await statusFor('evil.example', ['good.example'])).toBe(403)
  expect(await statusFor('Good.Example:80', ['good.example'])).toBe(200)
  expect(await statusFor('evil.example', ['*'])).toBe(200)
})

async function statusOf(endpoints: Endpoints, host: string, vhosts?: readonly string[]): Promise<number | undefined> {
  await endpoints.startHttp({ port: 0, ...(vhosts && { vhosts }) })
  try {
    return await new Promise((resolve, reject) => {
      const url = endpoints.url('http') as string
      const call = request(url, { headers: { host }, agent: false }, (response) =>
        resolve(response.resume().statusCode),
      )
      call.once('error', reject).end()
    })
  } finally {
    await endpoints.stop('http')
  }
}

test('an authenticated endpoint answers HTTP and WebSocket on one port, and refuses a secret that is wrong or old', async () => {
  await using started = setUp()
  const { endpoints } = started
  const secret = new Uint8Array(32).fill(7)
  await endpoints.startAuth({ port: 0, modules: ['calc'] }, secret)
  const [http = '', ws = ''] = endpoints.urls
  expect([portOf(http), new URL(ws).protocol]).toEqual([portOf(ws), 'ws:'])
  for (const url of [http, ws]) {
    expect(await modulesAt(url, secret)).toEqual(['calc'])
    await expect(modulesAt(url), 'no token').rejects.toMatchObject({ status: 401 })
    await expect(modulesAt(url, new Uint8Array(32)), 'another secret').rejects.toMatchObject({ status: 401 })
    await expect(modulesAt(url, secret, new FakeClock(0)), 'an old token').rejects.toMatchObject({ status: 401 })
  }
})

test('a secret of another size is refused with its option', async () => {
  await using started = setUp()
  const failed = started.endpoints.startAuth({ port: 0 }, new Uint8Array(31))
  await expect(failed).rejects.toMatchObject({ field: 'authrpc.jwtSecret' })
  expect(started.endpoints.urls).toEqual([])
})

test('an IPC path that is too long is refused when it was configured, and is logged when it is the default', async () => {
  await using started = setUp()
  const { endpoints, logged } = started
  const path = join(folder, `${'a'.repeat(110)}.ipc`)
  await expect(endpoints.startIpc(path, true)).rejects.toMatchObject({ field: 'ipc.path' })
  expect(logged).toEqual([])
  await endpoints.startIpc(path, false)
  expect(logged.map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn' }])
  expect(endpoints.urls).toEqual([])
})

test('an IPC path that is a file, or in a missing folder, is refused even as the default', async () => {
  await using started = setUp()
  const { endpoints } = started
  const file = join(folder, 'file')
  writeFileSync(file, 'kept')
  for (const path of [file, join(folder, 'none', 'x.ipc')]) {
    await expect(endpoints.startIpc(path, false)).rejects.toMatchObject({ field: 'ipc.path' })
  }
})

test('an IPC socket in use is refused until its server has closed', async () => {
  const path = join(folder, 'x.ipc')
  await using first = setUp()
  await first.endpoints.startIpc(path, true)
  await using second = setUp()
  await expect(second.endpoints.startIpc(path, true)).rejects.toMatchObject({ field: 'ipc.path' })
  expect(await modulesAt(path)).toEqual(['calc', 'net'])
  await first[Symbol.asyncDispose]()
  await second.endpoints.startIpc(path, true)
  expect(await modulesAt(path)).toEqual(['calc', 'net'])
})

test('modules that are not registered are logged as a warning, and the others are not', async () => {
  await using started = setUp()
  const { endpoints, logged } = started
  await endpoints.startHttp({ port: 0, modules: ['calc', 'cacl', 'rpc', 'nte'] })
  const warnings = logged.map((line) => JSON.parse(line)).filter(({ level }) => level === 'warn')
  expect(warnings).toMatchObject([{ unavailable: 'cacl,nte', available: 'calc,net' }])
  expect(await modulesAt(endpoints.url('http') as string)).toEqual(['calc'])
})

test('a node opens no endpoint that is turned off, whatever else is set', async () => {
  const off = { enabled: false, port: 0 }
  await using node = await Node.start({
    dataDir: join(folder, 'off'),
    p2p: false,
    http: off,
    ws: off,
    authrpc: { ...off, jwtSecret: join(folder, 'never-made') },
    ipc: { enabled: false, path: 'x.ipc' },
  })
  expect(node.endpoints.urls).toEqual([])
})

test('a bare name of an IPC socket is in the data folder', async () => {
  const dataDir = join(folder, 'bare')
  await using node = await Node.start({ dataDir, p2p: false, ipc: { path: 'own.ipc' } })
  expect(node.endpoints.urls).toEqual([join(dataDir, 'own.ipc')])
  expect(await modulesAt(join(dataDir, 'own.ipc'))).toEqual(expect.arrayContaining(['admin', 'web3']))
})
