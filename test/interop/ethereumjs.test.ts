import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { bytesToHex } from '../../src/base/bytes.ts'
import { NodeKey, Server } from '../../src/devp2p/index.ts'
import { ChainStore, networkGenesis } from '../../src/ethereum/chain/index.ts'
import { Eth } from '../../src/ethereum/eth/index.ts'
import { MemoryStore } from '../../src/storage/index.ts'
import { runProcess } from './process.ts'

const SCRIPT = fileURLToPath(new URL('./ethereumjs.mjs', import.meta.url))

test('@ethereumjs/devp2p, which speaks up to eth/68, connects to our server and gets its answers', async () => {
  const genesis = networkGenesis('mainnet')
  const chain = await ChainStore.open(new MemoryStore(), genesis)
  using eth = new Eth({ chain, networkId: 1n })
  const key = NodeKey.generate()
  await using server = await Server.listen({ key, protocols: eth.protocols, listen: '127.0.0.1:0' })
  const { listener } = server.nodeInfo().ports
  const args = [SCRIPT, bytesToHex(key.publicKey), '127.0.0.1', String(listener), bytesToHex(genesis.hash)]
  const client = await runProcess(process.execPath, args)
  const said = client.lines.map((line) => JSON.parse(line) as { what: string; data: unknown })
  const header = [
    ...(['parentHash', 'ommersHash', 'coinbase', 'stateRoot', 'transactionsRoot'] as const),
    ...(['receiptsRoot', 'logsBloom'] as const),
  ].map((field) => bytesToHex(genesis.header[field]))
  expect(said[0]).toEqual({
    what: 'status',
    data: { genesis: bytesToHex(genesis.hash), forkId: ['fc64ec04', '118c30'] },
  })
  expect(said[1]).toMatchObject({ what: 'message 4', data: ['01', [expect.arrayContaining(header)]] })
  expect(said[2]).toEqual({ what: 'message 6', data: ['02', [[[], []]]] })
  expect(said[3]).toEqual({ what: 'message 16', data: ['03', [[]]] })
})
