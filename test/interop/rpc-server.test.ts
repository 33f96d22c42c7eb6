import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrowserProvider, Contract, JsonRpcProvider, WebSocketProvider } from 'ethers'
import { createPublicClient, custom, http, webSocket } from 'viem'
import { ipc } from 'viem/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { parseGenesis } from '../../src/ethereum/chain/index.ts'
import { demoChain as bundled, loadDemoChain } from '../../src/ethereum/files/index.ts'
import { EthereumService } from '../../src/ethereum/index.ts'
import { Node } from '../../src/node/index.ts'
import { RpcClient } from '../../src/rpc/index.ts'
import { MemoryStore } from '../../src/storage/index.ts'
import { demoChain } from './chains.ts'
import { runProcess } from './process.ts'

const API = ['eth', 'net', 'web3', 'admin', 'debug']

let folder: string
let node: Node
let ethereum: EthereumService
let urls: Readonly<Record<'http' | 'ws' | 'ipc', string>>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerloom-attach-'))
  const demo = await bundled()
  ethereum = new EthereumService({ genesis: demo.genesis, store: await loadDemoChain(demo) })
  node = await Node.start({
    services: [ethereum],
    p2p: { listen: '127.0.0.1:0' },
    ipc: { path: join(folder, 'node.ipc') },
    http: { port: 0, modules: API },
    ws: { port: 0, modules: API },
  })
  const [path = '', http = '', ws = ''] = node.endpoints.urls
  urls = { http, ws, ipc: path }
})
afterAll(async () => {
  await node?.close()
  if (folder) await rm(folder, { recursive: true, force: true })
})

describe.each(['http', 'ws', 'ipc'] as const)('geth attach over %s', (transport) => {
  const attach = async (script: string): Promise<string> => {
    const args = ['attach', '--datadir', join(folder, 'geth'), '--exec', script, urls[transport]]
    return (await runProcess(interopBinary('geth'), args)).lines.join('\n').trim()
  }

  test('geth attach reads the chain, the network and the node', async () => {
    const { head } = ethereum
    expect(await attach('eth.blockNumber')).toBe(String(head.number))
    expect(await attach('eth.getBlock("latest").hash')).toBe(`"0x${Buffer.from(head.hash).toString('hex')}"`)
    expect(await attach('eth.getBlock(300, true).transactions.length > 0')).toBe('true')
    expect(await attach('eth.getTransactionReceipt(eth.getBlock(300).transactions[0]).status')).toBe('"0x1"')
    expect(await attach('[net.version, net.listening, net.peerCount].join()')).toBe('"3626026,true,0"')
    expect(await attach('web3.sha3("")')).toBe('"0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"')
    expect(await attach('admin.nodeInfo.enode')).toBe(JSON.stringify(node.enode))
    expect(await attach('admin.peers.length + " " + eth.syncing')).toBe('"0 false"')
    expect(await attach('debug.getRawHeader("0x1").length > 1000')).toBe('true')
  })

  test('geth attach shows the error of a method that needs state', async () => {
    expect(await attach('eth.getBalance("0x0000000000000000000000000000000000000000")')).toContain('no state')
  })
})

describe('viem', () => {
  const transports = {
    http: () => http(urls.http, { retryCount: 0 }),
    'http, in batches': () => http(urls.http, { batch: true, retryCount: 0 }),
    ws: () => webSocket(urls.ws, { retryCount: 0 }),
    ipc: () => ipc(urls.ipc, { retryCount: 0 }),
    'the provider': () => custom(node.rpc.provider, { retryCount: 0 }),
  }

  test.each(Object.keys(transports) as (keyof typeof transports)[])(
    'viem reads blocks, receipts and logs over %s',
    async (name) => {
      const client = createPublicClient({ transport: transports[name]() })
      const info = JSON.parse(await readFile(join(demoChain.folder, 'info.json'), 'utf8')) as { headHash: string }
      const [chainId, head, number] = await Promise.all([
        client.getChainId(),
        client.getBlock({ includeTransactions: true }),
        client.getBlockNumber(),
      ])
      expect([chainId, head.hash, number]).toEqual([3_626_026, info.headHash, BigInt(ethereum.head.number)])
      const [transaction] = head.transactions
      const receipt = await client.getTransactionReceipt({ hash: transaction!.hash })
      expect(receipt).toMatchObject({ blockHash: head.hash, transactionIndex: 0 })
      const logs = await client.getLogs({ fromBlock: head.number, toBlock: head.number })
      const receipts = await client.request<{ Method: string; Parameters: unknown; ReturnType: { logs: object[] }[] }>({
        method: 'eth_getBlockReceipts',
        params: ['latest'],
      })
      expect(logs.length).toBe(receipts.flatMap((each) => each.logs).length)
      expect((await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [50] })).baseFeePerGas.length).toBe(5)
      await expect(client.getBlock({ blockNumber: 10_000n })).rejects.toThrow('could not be found')
      await expect(client.getBalance({ address: `0x${'00'.repeat(20)}` })).rejects.toThrow('no state')
    },
  )

  test('viem watches blocks while the node syncs', async () => {
    const demo = await bundled()
    const genesis = parseGenesis(await readFile(demoChain.genesis, 'utf8'))
    const syncing = new EthereumService({ genesis, store: new MemoryStore() })
    const p2p = { staticNodes: [node.enode] }
    await using fresh = await Node.start({ services: [syncing], p2p, ws: { port: 0 } })
    const client = createPublicClient({ transport: webSocket(fresh.endpoints.url('ws'), { retryCount: 0 }) })
    const numbers: bigint[] = []
    const unwatch = client.watchBlockNumber({ onBlockNumber: (number) => numbers.push(number), emitMissed: false })
    while ((await client.getBlockNumber({ cacheTime: 0 })) !== 0n);
    await using counter = await RpcClient.dial(fresh.endpoints.url('ws') as string)
    const heads = counter.subscribe<{ number: string }>('eth', ['newHeads'])
    await heads.ready()
    await syncing.sync.syncTo(demo.headHash)
    let next = 1
    for await (const { number } of heads) {
      expect(Number(number)).toBe(next)
      if (next++ === demo.headNumber) break
    }
    while (numbers.at(-1) !== BigInt(demo.headNumber)) await new Promise((resolve) => setImmediate(resolve))
    unwatch()
    const rpc = await client.transport.getRpcClient()
    rpc.close()
  })
})

describe('ethers', () => {
  const providers = {
    http: () => new JsonRpcProvider(urls.http),
    ws: () => new WebSocketProvider(urls.ws),
    'the provider': () => new BrowserProvider(node.rpc.provider as never),
  }

  test.each(Object.keys(providers) as (keyof typeof providers)[])(
    'ethers reads blocks, receipts and logs over %s',
    async (name) => {
      const provider = providers[name]()
      try {
        expect((await provider.getNetwork()).chainId).toBe(3_626_026n)
        expect(await provider.getBlockNumber()).toBe(ethereum.head.number)
        const block = await provider.getBlock('latest', true)
        const [first] = block!.prefetchedTransactions
        const receipt = await provider.getTransactionReceipt(first!.hash)
        expect(receipt).toMatchObject({ blockNumber: ethereum.head.number, index: 0, status: 1 })
        const logs = await provider.getLogs({ fromBlock: ethereum.head.number, toBlock: ethereum.head.number })
        expect(logs.length).toBeGreaterThan(0)
        const contract = new Contract(logs[0]!.address, [], provider)
        expect(await contract.getAddress()).toBe(logs[0]!.address)
        expect(await provider.getBlock(10_000)).toBeNull()
        await expect(provider.getBalance(`0x${'00'.repeat(20)}`)).rejects.toThrow('no state')
      } finally {
        await provider.destroy()
      }
    },
  )
})
