import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hexToBytes } from '../../src/base/bytes.ts'
import { NodeKey, ping } from '../../src/devp2p/index.ts'
import { RpcClient } from '../../src/rpc/index.ts'
import { hivechain } from './chains.ts'
import { Geth } from './geth.ts'

const API = 'eth,net,web3,admin,debug'
const OPEN = ['--http', '--http.port', '0', '--http.api', API, '--ws', '--ws.port', '0', '--ws.api', API]

let geth: Geth
let urls: Readonly<Record<'http' | 'ws' | 'ipc' | 'auth', string>>

beforeAll(async () => {
  const { genesis, chain: chainFile } = hivechain()
  geth = await Geth.start({ genesis, chainFile, extra: OPEN })
  urls = await urlsOf(geth)
}, 60_000)
afterAll(() => geth?.[Symbol.asyncDispose]())

async function urlsOf(node: Geth) {
  const [, http] = await node.waitForLog(/msg="HTTP server started" endpoint=(\S+) auth=false/)
  const [, ws] = await node.waitForLog(/msg="WebSocket enabled" url=(\S+)/)
  return { http: `http://${http}`, ws: ws as string, ipc: node.ipcPath, auth: node.engineUrl }
}

const block = (number: number, full = false) => ({
  method: 'eth_getBlockByNumber',
  params: [`0x${number.toString(16)}`, full],
})

describe.each(['http', 'ws', 'ipc'] as const)('geth over %s', (transport) => {
  test('the client gets the results of many concurrent calls from geth', async () => {
    await using client = await RpcClient.dial(urls[transport])
    expect(await client.call('eth_blockNumber')).toBe('0x258')
    expect(await client.modules()).toMatchObject({ eth: '1.0', net: '1.0', web3: '1.0' })
    const numbers = Array.from({ length: 300 }, (_, n) => n)
    const blocks = await Promise.all(
      numbers.map((n) => client.call<{ number: string }>(block(n).method, block(n).params)),
    )
    expect(blocks.map(({ number }) => Number(number))).toEqual(numbers)
  })

  test('the client gets results and errors of a batch from geth', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const [first, wrong, missing, last] = await client.batch([
      block(1),
      { method: 'eth_getBlockByNumber', params: ['nonsense', false] },
      { method: 'eth_nothing' },
      block(600, true),
    ])
    expect(first).toMatchObject({ status: 'fulfilled', value: { number: '0x1' } })
    expect(wrong).toMatchObject({ status: 'rejected', reason: { errorCode: -32_602 } })
    expect(missing).toMatchObject({ status: 'rejected', reason: { errorCode: -32_601 } })
    expect(last).toMatchObject({ status: 'fulfilled', value: { number: '0x258' } })
  })

  test('the calls of a batch that geth refuses all settle', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const calls = Array.from({ length: 1_001 }, () => ({ method: 'eth_chainId' }))
    const refused = client.batch(calls, { timeout: 5_000 })
    if (transport === 'ipc') return void expect((await refused)[1_000]).toMatchObject({ status: 'fulfilled' }) // no limit
    const [first, second] = await refused // the answer is for the first call alone
    expect(first).toMatchObject({ status: 'rejected', reason: { errorCode: -32_600, message: 'batch too large' } })
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'ERR_RPC_ANSWER' } })
  }, 20_000)

  test('geth accepts notifications of the client without a response', async () => {
    await using client = await RpcClient.dial(urls[transport])
    await client.notify('eth_blockNumber')
    expect(await client.call('net_version')).toMatch(/^\d+$/)
  })
})

describe.each(['ws', 'ipc'] as const)('subscriptions of geth over %s', (transport) => {
  test('the client subscribes to geth and unsubscribes', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const heads = client.subscribe<{ number: string }>('eth', ['newHeads'])
    await heads.ready()
    expect(heads.id).toMatch(/^0x[0-9a-f]+$/)
    await heads.return()
    const events = client.subscribe<{ type: string }>('admin', ['peerEvents'])
    await events.ready()
    await ping(geth.enode, { key: NodeKey.generate() }).catch(() => {})
    await events.return()
    await expect(client.subscribe('eth', ['nothing']).next()).rejects.toMatchObject({ errorCode: -32_601 })
  })
})

describe('the authenticated endpoint of geth', () => {
  const secret = () => hexToBytes(geth.jwtSecret)

  test.each(['http', 'ws'] as const)('the client authenticates with the JWT secret of geth over %s', async (scheme) => {
    const url = urls.auth.replace('http', scheme)
    await using client = await RpcClient.dial(url, { jwtSecret: secret() })
    expect(await client.call<readonly string[]>('engine_exchangeCapabilities', [[]])).toContain('engine_newPayloadV4')
    const wrong = { jwtSecret: new Uint8Array(32), reconnect: false }
    const refused = RpcClient.dial(url, wrong).then((stranger) => stranger.call('eth_chainId'))
    await expect(refused).rejects.toMatchObject({ name: 'RpcHttpError', status: 401 })
  })
})

describe('a geth that is restarted', () => {
  test('the client fails its pending calls and renews its subscriptions when geth is restarted', async () => {
    const { genesis } = hivechain()
    const datadir = await mkdtemp(join(tmpdir(), 'peerloom-geth-data-'))
    const open = (port: string) => ['--ws', '--ws.port', port, '--ws.api', API]
    const first = await Geth.start({ genesis, datadir, extra: open('0') })
    const [, ws = ''] = await first.waitForLog(/msg="WebSocket enabled" url=(\S+)/)
    await using client = await RpcClient.dial(ws, { random: () => 0 })
    const events = client.events()
    const subscription = client.subscribe<{ type: string }>('admin', ['peerEvents'], { resubscribe: true })
    await subscription.ready()
    const once = client.subscribe('eth', ['newHeads'])
    await once.ready()
    await first.kill()
    await expect(once.next()).rejects.toMatchObject({ name: 'RpcConnectionError' })
    const waiting = client.call<string>('eth_blockNumber', [], { timeout: 30_000 }) // sent when there is somebody
    await first[Symbol.asyncDispose]()
    await using second = await Geth.start({ genesis, datadir, extra: open(new URL(ws).port) })
    expect(await waiting).toBe('0x0')
    const seen: string[] = []
    for await (const event of events) {
      seen.push(event.type)
      if (event.type !== 'resubscribed') continue
      expect(event.gap).toBeGreaterThan(0)
      break
    }
    expect(seen).toEqual(['disconnected', 'connected', 'resubscribed'])
    expect(subscription.ended).toBe(false)
    expect(second.pid).not.toBe(first.pid)
    await rm(datadir, { recursive: true, force: true })
  }, 60_000)
})
