import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bytesTo0x } from '../../src/base/bytes.ts'
import { readBlocks } from '../../src/ethereum/types/index.ts'
import { hivechain } from './chains.ts'
import { rlpxSuite, type SuiteResult } from './devp2p.ts'
import { Geth } from './geth.ts'
import { run, serve, tempFolder } from './peerloom.ts'

/** Tests that need neither the engine API nor a transaction pool. */
const TESTS = [
  'Status',
  'MaliciousHandshake',
  'BlockRangeUpdateExpired',
  'BlockRangeUpdateFuture',
  'BlockRangeUpdateInvalid',
  'GetBlockHeaders',
  'GetNonexistentBlockHeaders',
  'SimultaneousRequests',
  'SameRequestID',
  'ZeroRequestID',
  'GetBlockAccessLists',
  'GetBlockBodies',
  'GetReceipts',
  'GetLargeReceipts',
]

/** A chain synced from geth and served by the command line tool, checked by go-ethereum's conformance suite. */
describe('devp2p rlpx eth-test against peerloom serve', () => {
  let results: readonly SuiteResult[]
  const folder = tempFolder()
  afterAll(() => folder[Symbol.dispose]())

  beforeAll(async () => {
    const chain = hivechain()
    const head = [...readBlocks(readFileSync(chain.chain))].at(-1)!
    {
      await using geth = await Geth.start({ genesis: chain.genesis, chainFile: chain.chain })
      const to = ['--target', bytesTo0x(head.hash), '--exit-when-synced', '--host', '127.0.0.1', '--port', '0']
      await run('sync', '--genesis', chain.genesis, '--datadir', folder.path, '--peer', geth.enode, ...to)
    }
    await using ours = await serve(folder.path)
    const pattern = `^(${TESTS.join('|')})$`
    results = await rlpxSuite('eth-test', { node: ours.enode, chainDir: chain.folder, run: pattern })
  })

  for (const name of TESTS) {
    test(`the conformance suite of go-ethereum passes ${name}`, () => {
      const result = results.find((r) => r.name === name)
      expect(result?.ok, result?.output ?? 'the suite has no such test').toBe(true)
    })
  }
})
