import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { RpcClient, RpcServer } from '../../rpc/index.ts'
import { LogLevels } from '../log/levels.ts'
import { debugApi } from './debug-api.ts'

let dataDir: string
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'peerloom-debug-'))
})
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))

interface SetUp extends AsyncDisposable {
  readonly call: (method: string, ...params: unknown[]) => Promise<unknown>
  readonly levels: LogLevels
  readonly clock: FakeClock
  readonly server: RpcServer
}

async function setUp(): Promise<SetUp> {
  const levels = new LogLevels()
  const clock = new FakeClock()
  const server = new RpcServer().register('debug', debugApi({ levels, dataDir, clock }))
  const client = await RpcClient.inProcess(server)
  return {
    call: (method, ...params) => client.call(`debug_${method}`, params),
    levels,
    clock,
    server,
    async [Symbol.asyncDispose]() {
      await client.close()
      await server.close()
    },
  }
}

const INVALID_PARAMS = -32_602

test('the level of the log is set by number, by name, or by a number as text', async () => {
  await using debug = await setUp()
  for (const [value, level] of [
    [0, 'silent'],
    [5, 'trace'],
    ['warn', 'warn'],
    ['4', 'debug'],
  ] as const) {
    expect(await debug.call('verbosity', value)).toBeNull()
    expect(debug.levels.level).toBe(level)
  }
})

test.each([[6], [-1], [1.5], ['loud'], [''], [null], [{}], []])(
  'an invalid level (%j) is refused as a bad parameter and changes nothing',
  async (...params) => {
    await using debug = await setUp()
    await expect(debug.call('verbosity', ...params)).rejects.toMatchObject({ errorCode: INVALID_PARAMS })
    expect(debug.levels.level).toBe('info')
  },
)

test('levels of modules are set by a pattern, and a bad one is refused and changes nothing', async () => {
  await using debug = await setUp()
  expect(await debug.call('vmodule', 'sync=5')).toBeNull()
  for (const pattern of ['sync', 'sync=9', 7, null]) {
    await expect(debug.call('vmodule', pattern)).rejects.toMatchObject({ errorCode: INVALID_PARAMS })
  }
  expect([debug.levels.levelOf('sync'), debug.levels.pattern]).toEqual(['trace', 'sync=5'])
  expect(await debug.call('vmodule', '')).toBeNull()
  expect(debug.levels.levelOf('sync')).toBe('info')
})

test('setting levels succeeds on a node without levels', async () => {
  await using server = new RpcServer()
  server.register('debug', debugApi({ levels: undefined, dataDir: undefined, clock: new FakeClock() }))
  await using client = await RpcClient.inProcess(server)
  expect(await client.call('debug_verbosity', [3])).toBeNull()
  expect(await client.call('debug_vmodule', ['a=1'])).toBeNull()
})

test('a timed CPU profile is written at its end, readable by its owner alone', async () => {
  await using debug = await setUp()
  const timers = vi.spyOn(debug.clock, 'setTimer')
  const profile = debug.call('cpuProfile', 'timed.cpuprofile', 30)
  while (timers.mock.calls.every(([ms]) => ms !== 30_000)) await setImmediate()
  const file = join(dataDir, 'timed.cpuprofile')
  expect(existsSync(file)).toBe(false)
  await debug.clock.advance(30_000)
  expect(await profile).toBeNull()
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ nodes: expect.any(Array) })
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('one CPU profile runs at a time, and stopping none is an error, in go-ethereum’s words', async () => {
  await using debug = await setUp()
  await expect(debug.call('stopCPUProfile')).rejects.toThrow('CPU profiling not in progress')
  await debug.call('startCPUProfile', 'one.cpuprofile')
  await expect(debug.call('startCPUProfile', 'two.cpuprofile')).rejects.toThrow('CPU profiling already in progress')
  await expect(debug.call('cpuProfile', 'two.cpuprofile', 1)).rejects.toThrow('CPU profiling already in progress')
  expect(await debug.call('stopCPUProfile')).toBeNull()
  expect([existsSync(join(dataDir, 'one.cpuprofile')), existsSync(join(dataDir, 'two.cpuprofile'))]).toEqual([
    true,
    false,
  ])
})

test('a timed CPU profile that was stopped early does not stop the next one', async () => {
  await using debug = await setUp()
  const timers = vi.spyOn(debug.clock, 'setTimer')
  const timed = debug.call('cpuProfile', 'early.cpuprofile', 30)
  while (timers.mock.calls.every(([ms]) => ms !== 30_000)) await setImmediate()
  await debug.call('stopCPUProfile')
  await debug.call('startCPUProfile', 'next.cpuprofile')
  await debug.clock.advance(30_000)
  await timed
  await debug.call('stopCPUProfile')
  for (const name of ['early', 'next']) expect(existsSync(join(dataDir, `${name}.cpuprofile`))).toBe(true)
})

test('a CPU profile that cannot be written is an error, and another one can start', async () => {
  await using debug = await setUp()
  await debug.call('startCPUProfile', 'none/x.cpuprofile')
  await expect(debug.call('stopCPUProfile')).rejects.toThrow(/ENOENT/)
  await debug.call('startCPUProfile', 'again.cpuprofile')
  await debug.call('stopCPUProfile')
  expect(existsSync(join(dataDir, 'again.cpuprofile'))).toBe(true)
})

test.each([
  ['cpuProfile', 'x', 0],
  ['cpuProfile', 'x', 601],
  ['cpuProfile', '', 1],
  ['startCPUProfile', 5],
  ['writeMemProfile', ''],
])('%s refuses parameters that are out of bounds (%#)', async (method, ...params) => {
  await using debug = await setUp()
  await expect(debug.call(method, ...params)).rejects.toMatchObject({ errorCode: INVALID_PARAMS })
})

test('a heap snapshot that cannot be written is an error', async () => {
  await using debug = await setUp()
  await expect(debug.call('writeMemProfile', 'none/x.heapsnapshot')).rejects.toThrow(/ENOENT/)
})

test('the memory use of the process is in bytes', async () => {
  await using debug = await setUp()
  const stats = (await debug.call('memStats')) as { rss: number; heap: { heap_size_limit: number } }
  expect(stats.rss).toBeGreaterThan(1_000_000)
  expect(stats.heap.heap_size_limit).toBeGreaterThan(1_000_000)
})
