import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { bytesTo0x } from '../../src/base/bytes.ts'
import { systemClock } from '../../src/base/clock.ts'
import { readBlocks } from '../../src/ethereum/types/index.ts'
import { randomBelow } from '../support/random.ts'
import { type ChainFiles, demoChain, hivechain } from './chains.ts'
import { Geth } from './geth.ts'
import { peerloom, run, serve, tempFolder } from './peerloom.ts'

interface Inspection {
  readonly head: { readonly number: number; readonly hash: string }
  readonly health: string
}

function headOf(chain: ChainFiles): { number: number; hash: string } {
  const { header } = [...readBlocks(readFileSync(chain.chain))].at(-1)!
  return { number: header.number, hash: bytesTo0x(header.hash) }
}

const syncArgs = (chain: ChainFiles, datadir: string, peers: readonly string[]): string[] => [
  ...['sync', '--genesis', chain.genesis, '--datadir', datadir, '--target', headOf(chain).hash, '--exit-when-synced'],
  ...['--host', '127.0.0.1', '--port', '0', ...peers.flatMap((enode) => ['--peer', enode])],
]

const inspect = async (datadir: string): Promise<Inspection> =>
  (await run('inspect', '--datadir', datadir)) as unknown as Inspection

const source = (chain: ChainFiles): Promise<Geth> => Geth.start({ genesis: chain.genesis, chainFile: chain.chain })

describe('a chain from geth', () => {
  test('the bundled chain is downloaded from geth, verified and stored', async () => {
    using folder = tempFolder()
    await using geth = await source(demoChain)
    await run(...syncArgs(demoChain, folder.path, [geth.enode]))
    expect(await inspect(folder.path)).toMatchObject({ head: headOf(demoChain) })
  })

  test("the 600 blocks of geth's own test data are downloaded from three geths at once", async () => {
    using folder = tempFolder()
    const chain = hivechain()
    await using one = await source(chain)
    await using two = await source(chain)
    await using three = await source(chain)
    await run(...syncArgs(chain, folder.path, [one.enode, two.enode, three.enode]))
    expect(await inspect(folder.path)).toMatchObject({ head: headOf(chain) })
  })

  test('a sync survives kill -9 of Peerloom at twenty random moments, and keeps its stored blocks', async () => {
    using folder = tempFolder()
    const chain = hivechain()
    await using geth = await source(chain)
    let stored = 0
    let inTheMiddle = 0
    for (let round = 0; round < 20; round++) {
      const command = peerloom(...syncArgs(chain, folder.path, [geth.enode]), '--json')
      await command.waitFor(/"type":"started"/)
      await systemClock.sleep(randomBelow(200))
      command.kill('SIGKILL')
      if ((await command.exited).signal === 'SIGKILL') inTheMiddle++
      const { head, health } = await inspect(folder.path)
      expect(health).toBe('ok')
      expect(head.number).toBeGreaterThanOrEqual(stored)
      stored = head.number
    }
    expect(inTheMiddle).toBeGreaterThan(0)
    await run(...syncArgs(chain, folder.path, [geth.enode]))
    expect(await inspect(folder.path)).toMatchObject({ head: headOf(chain) })
  })

  test('a sync goes on when geth is killed in the middle and comes back', async () => {
    using folder = tempFolder()
    using data = tempFolder()
    const chain = hivechain()
    const start = (port: number) =>
      Geth.start({ genesis: chain.genesis, chainFile: chain.chain, datadir: data.path, port })
    const first = await start(0)
    const port = Number(/:(\d+)/.exec(first.enode.split('@')[1]!)?.[1])
    await using command = peerloom(...syncArgs(chain, folder.path, [first.enode]), '--json', '--log-level', 'debug')
    await command.waitFor(/Peer added/)
    await first.kill('SIGKILL')
    await first[Symbol.asyncDispose]()
    await using _second = await Geth.start({ genesis: chain.genesis, datadir: data.path, port })
    await command.succeeded()
    expect(await inspect(folder.path)).toMatchObject({ head: headOf(chain) })
  })
})

describe('a chain to geth', () => {
  for (const [name, chain] of [
    ['the bundled one', demoChain],
    ['the 600 blocks of its own test data', hivechain()],
  ] as const) {
    test(`geth downloads a chain from Peerloom: ${name}`, async () => {
      using folder = tempFolder()
      {
        await using geth = await source(chain)
        await run(...syncArgs(chain, folder.path, [geth.enode]))
      }
      await using ours = await serve(folder.path)
      const { number, hash } = headOf(chain)
      await using geth = await Geth.start({
        genesis: chain.genesis,
        bootnodes: [ours.enode],
        syncTarget: hash,
        exitWhenSynced: true,
      })
      await geth.waitForLog(new RegExp(`msg="Sync target reached" number=${number}`))
      expect(await geth.exited).toEqual({ code: 0, signal: null })
    })
  }
})
