import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { Scope } from '../base/scope.ts'
import { RpcClient, RpcServer } from '../rpc/index.ts'
import { Disposal } from './disposal.ts'
import { createLogger } from './log/logger.ts'
import { Node } from './node.ts'
import type { RunningNode, Service, ServiceParts } from './service.ts'
import { Services } from './services.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'peerloom-s-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface SetUp {
  readonly services: Services
  readonly scope: Scope
  readonly disposal: Disposal
  readonly node: RunningNode
  /** JSON lines, parsed. */
  readonly logged: Record<string, unknown>[]
}

async function setUp(services: readonly Service[]): Promise<SetUp> {
  const logged: Record<string, unknown>[] = []
  const log = createLogger({ levels: 'debug', format: 'json', write: (line) => logged.push(JSON.parse(line)) })
  const scope = new Scope()
  const disposal = new Disposal(log)
  const openStore = () => Promise.reject(new Error('no store'))
  const options = { services, disposal, scope, log, clock: systemClock, dataDir: () => undefined, openStore }
  const rpc = await RpcClient.inProcess(new RpcServer())
  onTestFinished(() => rpc.close())
  const node = { rpc, signal: scope.signal, server: undefined as never }
  return { services: new Services(options), scope, disposal, node, logged }
}

/** A service that starts with these parts. */
const serviceWith = (name: string, parts: ServiceParts = {}): Service => ({ name, start: () => parts })

test('services are checked in order, in an absolute folder, before any of them starts', async () => {
  const steps: unknown[] = []
  const dataDir = join(root, 'checked')
  const service = (name: string): Service => ({
    name,
    check: (folder) => void steps.push([`check ${name}`, folder]),
    start: (context) => {
      steps.push([`start ${name}`, context.dataDir])
      return {}
    },
  })
  await using _ = await Node.start({
    dataDir: relative('.', dataDir),
    p2p: false,
    services: [service('a'), service('b')],
  })
  expect(steps).toEqual(['check a', 'check b', 'start a', 'start b'].map((step) => [step, dataDir]))
})

test.each([
  [
    'throws',
    () => {
      throw new ConfigError('dataDir', 'no')
    },
  ],
  ['rejects', () => Promise.reject(new ConfigError('dataDir', 'no'))],
])('a check that %s is a ServiceError with its cause, and later ones are not called', async (_, check) => {
  let asked = false
  const after = {
    ...serviceWith('b'),
    check: () => {
      asked = true
    },
  }
  const { services } = await setUp([{ ...serviceWith('a'), check }, after])
  await expect(services.check('/d')).rejects.toMatchObject({
    code: 'ERR_SERVICE',
    service: 'a',
    message: 'service a: dataDir: no',
    cause: { field: 'dataDir' },
  })
  expect(asked).toBe(false)
})

test.each([
  [
    'throws',
    () => {
      throw new Error('broken')
    },
  ],
  ['rejects', () => Promise.reject(new Error('broken'))],
])(
  'a start that %s is a ServiceError; services that had started are left to the disposal, in reverse',
  async (_, start) => {
    const disposed: string[] = []
    const part = (name: string): Service =>
      serviceWith(name, {
        [Symbol.asyncDispose]: async () => void disposed.push(name),
      })
    const { services, disposal } = await setUp([part('a'), part('b'), { name: 'c', start }, part('d')])
    await expect(services.start()).rejects.toMatchObject({ service: 'c', message: 'service c: broken' })
    await disposal.close()
    expect(disposed).toEqual(['b', 'a'])
  },
)

test('the error of a service has a message, whatever it throws', async () => {
  for (const thrown of [undefined, null, 'text', { message: 5 }, Object.create(null)]) {
    const { services } = await setUp([{ name: 'odd', start: () => Promise.reject(thrown) }])
    await expect(services.start()).rejects.toMatchObject({ message: expect.stringMatching(/^service odd: /) })
  }
})

test('a dispose that fails is logged with its part, and the other services are disposed', async () => {
  const disposed: string[] = []
  const fails = serviceWith('b', { [Symbol.asyncDispose]: () => Promise.reject(new Error('stuck')) })
  const part = (name: string): Service =>
    serviceWith(name, {
      [Symbol.asyncDispose]: async () => void disposed.push(name),
    })
  const { services, disposal, logged } = await setUp([part('a'), fails, part('c')])
  await services.start()
  await Promise.all([disposal.close(), disposal.close()])
  expect(disposed).toEqual(['c', 'a'])
  expect(logged).toMatchObject([{ level: 'error', part: 'b', error: 'stuck' }])
})

test('a run that returns early ends nothing', async () => {
  const { services, scope, disposal, node } = await setUp([serviceWith('a', { run: async () => {} })])
  await services.start()
  services.run(node)
  await setImmediate()
  expect(scope.closing).toBe(false)
  await disposal.close()
})

test.each([
  [
    'throws',
    () => {
      throw new Error('gave up')
    },
  ],
  ['rejects', () => Promise.reject(new Error('gave up'))],
])('a run that %s ends the node with a ServiceError, and is logged', async (_, run) => {
  const { services, scope, disposal, node, logged } = await setUp([serviceWith('a', { run }), serviceWith('b')])
  await services.start()
  services.run(node)
  await disposal.close()
  expect(scope.reason).toMatchObject({ name: 'ServiceError', service: 'a', message: 'service a: gave up' })
  expect(logged).toMatchObject([{ level: 'error', service: 'a', error: 'gave up' }])
})

test('a run that fails while the node closes does not change the reason, and is logged at debug', async () => {
  const run = async ({ signal }: RunningNode): Promise<void> => {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cut off'))))
  }
  const { services, scope, disposal, node, logged } = await setUp([serviceWith('a', { run })])
  await services.start()
  services.run(node)
  scope.close('enough')
  await disposal.close()
  expect(scope.reason).toBe('enough')
  expect(logged).toMatchObject([{ level: 'debug', service: 'a', error: 'cut off' }])
})

test('a node waits for the run of its services before it disposes them', async () => {
  const steps: string[] = []
  const service = serviceWith('a', {
    async run({ signal }) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await setImmediate()
      steps.push('ran')
    },
    [Symbol.asyncDispose]: async () => void steps.push('disposed'),
  })
  await using node = await Node.start({ p2p: false, services: [service] })
  await node.close()
  expect(steps).toEqual(['ran', 'disposed'])
})

test('a namespace may consist of several objects of several services', async () => {
  const one = serviceWith('one', { rpc: { shared: [{ a: () => 1 }, { b: () => 2 }] } })
  const other = serviceWith('other', { rpc: { shared: { c: () => 3 } } })
  const { services } = await setUp([one, other])
  await services.start()
  await using server = new RpcServer()
  services.register(server)
  await using client = await RpcClient.inProcess(server)
  const values = await Promise.all(['a', 'b', 'c'].map((name) => client.call(`shared_${name}`)))
  expect(values).toEqual([1, 2, 3])
})

test('a store is open until its service has been disposed, and kept in the folder under its name', async () => {
  const dataDir = join(root, 'stores')
  const key = Uint8Array.of(1)
  let stored: Uint8Array | undefined
  const service: Service = {
    name: 'keeper',
    async start({ openStore }) {
      const store = await openStore('things')
      stored = store.get(key)
      return {
        async [Symbol.asyncDispose]() {
          await store.write([{ type: 'put', key, value: Uint8Array.of(7) }])
        },
      }
    },
  }
  for (const before of [undefined, 7]) {
    await using _ = await Node.start({ dataDir, p2p: false, services: [service] })
    expect(stored?.[0]).toBe(before)
  }
})

test('a service that starts with nothing, or throws what cannot be read, fails the start under its name', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const nothing: Service = { name: 'odd', start: () => undefined as unknown as ServiceParts }
  const unreadable: Service = { name: 'odd', start: () => Promise.reject(proxy) }
  for (const service of [nothing, unreadable]) {
    const { services } = await setUp([service])
    await expect(services.start()).rejects.toMatchObject({ name: 'ServiceError', service: 'odd' })
  }
})
