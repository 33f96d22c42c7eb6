import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Logger, silentLogger } from '../base/log.ts'
import { MemoryNetwork } from '../net/index.ts'
import { Node, type NodeOptions } from '../node/index.ts'
import { MemoryStore } from '../storage/index.ts'
import { ChainStore } from './chain/index.ts'
import { type DemoChain, demoChain, importChainFile, loadDemoChain } from './files/index.ts'
import { EthereumService, type EthereumServiceOptions } from './service.ts'

let folder: string
let demo: DemoChain

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-node-'))
  demo = await demoChain()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const network = new MemoryNetwork()

interface Started extends AsyncDisposable {
  readonly node: Node
  readonly ethereum: EthereumService
}

/** Starts a node with the bundled chain, unless the options name another one. */
async function start(chain: EthereumServiceOptions, { p2p, ...options }: NodeOptions = {}): Promise<Started> {
  const ethereum = new EthereumService({ genesis: demo.genesis, ...chain })
  const node = await Node.start({ ...options, p2p: { network, ...p2p }, services: [ethereum] })
  return { node, ethereum, [Symbol.asyncDispose]: () => node.close() }
}

describe('EthereumService', () => {
  test('a node syncs from another one, and opens its folder again without a genesis', async () => {
    await using source = await start({ store: await loadDemoChain(demo) }, { p2p: { listen: '10.0.0.1:0' } })
    const p2p = { staticNodes: [source.node.enode], maxPeers: 5, name: 'first' }
    const dataDir = join(folder, 'node')
    const { node, ethereum } = await start({}, { dataDir, p2p })
    expect(await ethereum.sync.syncTo(demo.headHash)).toMatchObject({ number: demo.headNumber })
    expect(ethereum.progress).toMatchObject({ phase: 'idle', done: demo.headNumber })
    expect(ethereum.progress.bytes).toBeGreaterThan(300_000)
    expect([...source.node.server.peers.values()].map((peer) => peer.name)).toEqual(['first'])
    const { id } = node.server.nodeInfo()
    await node.close()
    await using again = await start({ genesis: undefined }, { dataDir })
    expect(again.ethereum.head).toMatchObject({ number: demo.headNumber, hash: demo.headHash })
    expect(again.ethereum.chain.earliest).toBe(0)
    expect(again.node.server.nodeInfo().id).toBe(id)
  })

  test('a node announces to peers where its receipts begin: imported blocks have none', async () => {
    const store = new MemoryStore()
    const file = fileURLToPath(new URL('../../assets/demo/chain.rlp', import.meta.url))
    await importChainFile(await ChainStore.open(store, demo.genesis), file)
    await using bare = await start({ store }, { p2p: { listen: '10.0.0.2:0' } })
    await using asker = await start({ store: new MemoryStore() })
    const joined = asker.ethereum.eth.events()
    await asker.node.server.dial(bare.node.enode)
    const { value } = await joined.next()
    expect(value?.peer.range).toMatchObject({ earliest: bare.ethereum.chain.earliest, latest: demo.headNumber })
    expect(bare.ethereum.chain.earliest).toBeGreaterThan(300)
  })

  test('stores are closed when the server cannot listen', async () => {
    const p2p = { listen: '10.0.0.3:30303' }
    await using source = await start({ store: new MemoryStore() }, { p2p })
    const dataDir = join(folder, 'busy')
    await expect(start({}, { dataDir, p2p })).rejects.toMatchObject({ field: 'p2p.listen.port' })
    await using again = await start({}, { dataDir })
    expect(again.ethereum.head.number).toBe(source.ethereum.head.number)
  })

  test('a node logs the fields of genesis.json that it does not know, and starts', async () => {
    const genesis = join(folder, 'odd.json')
    writeFileSync(genesis, JSON.stringify({ config: { chainID: 7, londonBlok: 0 } }))
    const warned: unknown[] = []
    const log = { ...silentLogger, warn: (...line: unknown[]) => warned.push(line), child: () => log } as Logger
    await using started = await start({ genesis, store: new MemoryStore() }, { log })
    expect(started.ethereum.chain.chainConfig.chainId).toBe(7n)
    const fields = { field: 'config.londonBlok', hint: 'did you mean londonBlock?' }
    expect(warned).toEqual([['Unknown field in genesis.json', fields]])
  })

  test('a chain id above 64 bits has its low 64 bits as network id, and times above 2^53 are answered', async () => {
    const genesis = join(folder, 'wide.json')
    const never = '"londonBlock":0,"shanghaiTime":18446744073709551615'
    writeFileSync(genesis, `{"config":{"chainId":${2n ** 70n + 5n},${never}},"timestamp":1700000000123456789}`)
    await using started = await start({ genesis, store: new MemoryStore() })
    expect(await started.node.rpc.call('net_version', [])).toBe('5')
    expect(await started.node.rpc.call('eth_chainId', [])).toBe(`0x${(2n ** 70n + 5n).toString(16)}`)
    expect(await started.node.rpc.call('eth_config', [])).toMatchObject({ next: { activationTime: 2 ** 64 } })
    const born = { timestamp: `0x${1_700_000_000_123_456_789n.toString(16)}` }
    expect(await started.node.rpc.call('eth_getBlockByNumber', ['earliest', false])).toMatchObject(born)
  })

  test('a sync without peers ends when its signal aborts', async () => {
    await using started = await start({ store: new MemoryStore() })
    const stop = new AbortController()
    const syncing = started.ethereum.sync.syncTo(demo.headHash, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(syncing).rejects.toThrow('enough')
  })

  test('a service without a chain is refused before the folder is created', async () => {
    const dataDir = join(folder, 'none')
    for (const options of [{ dataDir }, {}]) {
      await expect(start({ genesis: undefined }, options)).rejects.toMatchObject({
        service: 'ethereum',
        cause: { field: 'dataDir' },
      })
    }
    expect(existsSync(dataDir)).toBe(false)
  })
})
