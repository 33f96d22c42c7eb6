import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { NodeKey, Server } from '../../src/devp2p/index.ts'
import {
  ChainStore,
  parseGenesis,
  verifyAccessList,
  verifyBody,
  verifyReceipts,
} from '../../src/ethereum/chain/index.ts'
import { Eth, type EthPeer, type EthVersion } from '../../src/ethereum/eth/index.ts'
import { readBlocks } from '../../src/ethereum/types/index.ts'
import { MemoryStore } from '../../src/storage/index.ts'
import { hivechain } from './chains.ts'
import { Geth } from './geth.ts'

const chain = hivechain()
const genesis = parseGenesis(readFileSync(chain.genesis, 'utf8'))
const headers = [...readBlocks(readFileSync(chain.chain))].map((block) => block.header)

/** Creates a node at genesis with one version, connected to geth. */
async function joined(geth: Geth, version: EthVersion, use: (peer: EthPeer) => Promise<void>): Promise<void> {
  const store = await ChainStore.open(new MemoryStore(), genesis)
  using eth = new Eth({ chain: store, networkId: genesis.config.chainId, versions: [version] })
  await using server = await Server.listen({ key: NodeKey.generate(), protocols: eth.protocols })
  const events = eth.events()
  await server.dial(geth.enode)
  const { value } = await events.next()
  expect(value?.peer.version).toBe(version)
  await use(value?.peer as EthPeer)
}

describe('every request of ours, answered by geth', () => {
  let geth: Geth

  beforeAll(async () => {
    geth = await Geth.start({ genesis: chain.genesis, chainFile: chain.chain })
  })
  afterAll(() => geth[Symbol.asyncDispose]())

  for (const version of [69, 70, 71] as const) {
    test(`geth answers requests for headers, bodies and receipts of every fork on eth/${version}`, async () => {
      await joined(geth, version, async (peer) => {
        const got = await peer.getBlockHeaders({ start: 1, limit: 600 })
        expect(got.map((header) => header.hash)).toEqual(headers.map((header) => header.hash))
        const reverse = await peer.getBlockHeaders({ start: headers[599]!.hash, limit: 3, skip: 99, reverse: true })
        expect(reverse.map((header) => header.number)).toEqual([600, 500, 400])
        const sample = headers.filter((header) => header.number % 7 === 0)
        const bodies = await peer.getBlockBodies(sample.map((header) => header.hash))
        expect(bodies.length).toBe(sample.length)
        for (const [i, body] of bodies.entries()) verifyBody(sample[i]!, body)
        const blocks = sample.map((header) => ({ hash: header.hash, header }))
        for (let from = 0; from < blocks.length; ) {
          const receipts = await peer.getReceipts(blocks.slice(from)) // as many as geth sends in one response
          expect(receipts.length).toBeGreaterThan(0)
          for (const list of receipts) verifyReceipts(sample[from]!, list.receipts, bodies[from++])
        }
      })
    })
  }

  test('geth answers requests for block access lists on eth/71, with their hashes where it still has them', async () => {
    await joined(geth, 71, async (peer) => {
      const late = headers.slice(-20)
      const lists = await peer.getBlockAccessLists(late.map((header) => header.hash))
      expect(lists.length).toBe(late.length)
      for (const [i, list] of lists.entries()) if (list) verifyAccessList(late[i]!, list)
    })
  })

  test('geth answers requests for unknown blocks without items', async () => {
    await joined(geth, 70, async (peer) => {
      expect(await peer.getBlockHeaders({ start: 10_000n, limit: 1 })).toEqual([])
      expect(await peer.getBlockHeaders({ start: 2n ** 64n - 1n, limit: 1 })).toEqual([])
      expect(await peer.getBlockBodies([new Uint8Array(32)])).toEqual([])
    })
  })
})
