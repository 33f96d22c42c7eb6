import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RpcClient } from '../../src/rpc/index.ts'
import { Process } from './process.ts'

/** The binary that npm brings for this system; its own launcher would be one process more to stop. */
function anvilPath(): string {
  const require = createRequire(import.meta.resolve('@foundry-rs/anvil/package.json'))
  const system = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`
  return join(dirname(require.resolve(`@foundry-rs/anvil-${system}/package.json`)), 'bin', 'anvil')
}

let folder: string
let anvil: Process
let urls: Readonly<Record<'http' | 'ws' | 'ipc', string>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-anvil-'))
  const ipc = join(folder, 'anvil.ipc')
  anvil = new Process(anvilPath(), ['--host', '127.0.0.1', '--port', '0', '--ipc', ipc, '--no-mining'])
  const [, at] = await anvil.waitFor(/Listening on (\S+)/)
  urls = { http: `http://${at}`, ws: `ws://${at}`, ipc }
}, 30_000)
afterAll(async () => {
  await anvil?.[Symbol.asyncDispose]()
  if (folder) await rm(folder, { recursive: true, force: true })
})

const SENDER = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
/** PUSH1 42, PUSH1 0, PUSH1 0, LOG1: a call of it writes a log with this topic. */
const LOGS_42 = '0x602a60006000a1'

describe.each(['ws', 'ipc'] as const)('anvil over %s', (transport) => {
  test('every head of anvil comes once and in order, to many subscriptions', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const start = Number(await client.call('eth_blockNumber'))
    const subscriptions = Array.from({ length: 50 }, () => client.subscribe<{ number: string }>('eth', ['newHeads']))
    await Promise.all(subscriptions.map((each) => each.ready()))
    const mined = 40
    for (let n = 0; n < mined; n++) await client.call('evm_mine')
    for (const heads of subscriptions) {
      for (let n = 1; n <= mined; n++) expect(Number((await heads.next()).value?.number)).toBe(start + n)
    }
  })

  test('logs of anvil that match come, others do not', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const topic = `0x${'2a'.padStart(64, '0')}`
    const matching = client.subscribe<{ topics: string[] }>('eth', ['logs', { topics: [topic] }])
    const others = client.subscribe('eth', ['logs', { topics: [`0x${'ff'.repeat(32)}`] }])
    await Promise.all([matching.ready(), others.ready()])
    await client.call('eth_sendTransaction', [{ from: SENDER, data: LOGS_42, gas: '0x186a0' }])
    await client.call('evm_mine')
    expect((await matching.next()).value?.topics).toEqual([topic])
    const nothing = others.next()
    await others.return()
    expect((await nothing).done).toBe(true)
  })

  test('a reader that falls behind gets an error, and the connection goes on', async () => {
    await using client = await RpcClient.dial(urls[transport])
    const slow = client.subscribe('eth', ['newHeads'], { buffer: 3 })
    const quick = client.subscribe('eth', ['newHeads'])
    await Promise.all([slow.ready(), quick.ready()])
    for (let n = 0; n < 5; n++) {
      await client.call('evm_mine')
      await quick.next()
    }
    const read = async () => {
      for await (const _ of slow);
    }
    await expect(read()).rejects.toMatchObject({ name: 'RpcOverflowError', held: 3 })
    expect(await client.call('eth_chainId')).toBe('0x7a69')
  })
})

test.each(['http', 'ws', 'ipc'] as const)(
  'anvil answers 3,000 calls at a time over %s, and batches',
  async (transport) => {
    await using client = await RpcClient.dial(urls[transport])
    const calls = Array.from({ length: 3_000 }, (_, n) =>
      client.call<string>('web3_sha3', [`0x${n.toString(16).padStart(4, '0')}`]),
    )
    expect(new Set(await Promise.all(calls)).size).toBe(3_000)
    const batch = await client.batch(Array.from({ length: 500 }, () => ({ method: 'eth_chainId' })))
    expect(batch.every((each) => each.status === 'fulfilled' && each.value === '0x7a69')).toBe(true)
  },
)
