import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { ask } from '../../../test/support/raw-http.ts'
import { systemClock } from '../../base/clock.ts'
import { silentLogger } from '../../base/log.ts'
import { Methods, Registry } from '../session/registry.ts'
import { RequestHandler } from '../session/request-handler.ts'
import { ServerLimits } from '../session/server-limits.ts'
import { HttpEndpoint } from './http-endpoint.ts'
import { type UpgradePolicy, upgradePolicy } from './upgrade.ts'

const CALL = '{"jsonrpc":"2.0","id":1,"method":"test_count"}'

/** An endpoint that treats ignored upgrades in one way, whatever Node runs here, and counts its calls. */
async function open(policy: UpgradePolicy) {
  let calls = 0
  const registry = new Registry()
  registry.register('test', { count: () => ++calls })
  const limits = { batchItems: 10, batchResponseBytes: 1_000_000 }
  const endpoint = await HttpEndpoint.listen({
    host: '127.0.0.1',
    port: 0,
    maxBodyBytes: 1_000,
    readTimeout: 1_000,
    timeout: 1_000,
    limits: new ServerLimits(),
    clock: systemClock,
    log: silentLogger,
    upgradePolicy: policy,
  })
  const handler = new RequestHandler(new Methods(registry), limits, silentLogger)
  endpoint.set('http', { handler, guard: {}, path: '/' })
  return { endpoint, url: `http://127.0.0.1:${endpoint.port}`, calls: () => calls }
}

/** All that the server sends on one connection. */
async function exchange(port: number, requests: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(requests)
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

const request = (...more: string[]): string =>
  [
    'POST / HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${CALL.length}`,
    ...more,
    '',
    CALL,
  ].join('\r\n')
const OFFER = request('Connection: Upgrade', 'Upgrade: h2c')

test('an offer of h2c is answered like any other request where re-injection fits the version of Node', async () => {
  const { endpoint, calls } = await open('reinject')
  const text = await exchange(endpoint.port, OFFER + OFFER + request('Connection: close'))
  expect(text.match(/HTTP\/1.1 200 OK/g)).toHaveLength(3)
  expect([...text.matchAll(/"result":(\d)/g)].map(([, result]) => result)).toEqual(['1', '2', '3'])
  expect(calls()).toBe(3)
  await endpoint.close(1_000)
})

test('an offer of h2c is refused with 501 and runs no call where re-injection does not fit', async () => {
  const { endpoint, url, calls } = await open('refuse')
  const text = await exchange(endpoint.port, OFFER + OFFER)
  expect(text).toMatch(/^HTTP\/1.1 501 Not Implemented\r\n.*Connection: close\r\n\r\nupgrade not supported, .*\n$/s)
  expect(calls()).toBe(0)
  expect(await ask(url, CALL)).toMatchObject({ result: 1 })
  await endpoint.close(1_000)
})

test('requests are re-injected only on versions of Node whose internals are known to fit', () => {
  expect(['20.19.0', '22.12.0', '24.8.0'].map(upgradePolicy)).toEqual(['reinject', 'reinject', 'reinject'])
  expect(['18.20.0', '21.7.3', '25.0.0', '99.1.0', ''].map(upgradePolicy)).toEqual(Array(5).fill('refuse'))
})
