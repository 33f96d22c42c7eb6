import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ChainStore } from '../ethereum/chain/index.ts'
import { MemoryNetwork } from '../net/index.ts'
import { type KeyValueStore, MemoryStore } from '../storage/index.ts'
import { importChainFile } from './chain-file.ts'
import { type DemoChain, demoChain, loadDemoChain } from './demo-chain.ts'
import { EthereumNode, type EthereumNodeOptions } from './ethereum-node.ts'

let folder: string
let demo: DemoChain

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'peerloom-node-'))
  demo = await demoChain()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const network = new MemoryNetwork()
const open = (options: EthereumNodeOptions): Promise<EthereumNode> =>
  EthereumNode.open({ genesis: demo.genesis, network, ...options })

describe('EthereumNode', () => {
  test('syncs from another one, and goes on from its folder without a genesis', async () => {
    await using source = await open({ store: await loadDemoChain(demo), listen: '10.0.0.1:0' })
    const staticNodes = [source.enode]
    const dataDir = join(folder, 'node')
    const first = await open({ dataDir, staticNodes, maxPeers: 5, name: 'first' })
    expect(await first.syncTo(demo.headHash)).toMatchObject({ number: demo.headNumber })
    expect(first.progress).toMatchObject({ phase: 'idle', done: demo.headNumber })
    expect(first.progress.bytes).toBeGreaterThan(300_000)
    expect([...source.server.peers.values()].map((peer) => peer.name)).toEqual(['first'])
    const { id } = first.server.nodeInfo()
    await first.close()
    await using again = await EthereumNode.open({ dataDir, network })
    expect(again.head).toMatchObject({ number: demo.headNumber, hash: demo.headHash })
    expect(again.chain.earliest).toBe(0)
    expect(again.server.nodeInfo().id).toBe(id)
  })

  test('tells peers where its receipts begin: imported blocks have none', async () => {
    const store = new MemoryStore()
    const file = fileURLToPath(new URL('../../assets/demo/chain.rlp', import.meta.url))
    await importChainFile(await ChainStore.open(store, demo.genesis), file)
    await using bare = await open({ store, listen: '10.0.0.2:0' })
    await using asker = await open({ store: new MemoryStore() })
    const joined = asker.eth.events()
    await asker.server.dial(bare.enode)
    const { value } = await joined.next()
    expect(value?.peer.range).toMatchObject({ earliest: bare.chain.earliest, latest: demo.headNumber })
    expect(bare.chain.earliest).toBeGreaterThan(300)
  })

  test('what was opened is closed again when the server cannot listen', async () => {
    await using source = await open({ store: new MemoryStore(), listen: '10.0.0.3:30303' })
    const dataDir = join(folder, 'busy')
    const listen = '10.0.0.3:30303'
    await expect(open({ dataDir, listen })).rejects.toMatchObject({ field: 'port' })
    await using node = await open({ dataDir })
    expect(node.head.number).toBe(source.head.number)
  })

  test('a call of syncTo ends when its signal aborts, with nobody there', async () => {
    const store: KeyValueStore = new MemoryStore()
    await using node = await open({ store })
    const stop = new AbortController()
    const syncing = node.syncTo(demo.headHash, { signal: stop.signal })
    stop.abort(new Error('enough'))
    await expect(syncing).rejects.toThrow('enough')
  })
})
