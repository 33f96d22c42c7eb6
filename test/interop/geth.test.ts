import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { demoChain, readChainInfo } from './chains.ts'
import { Geth } from './geth.ts'

const info = readChainInfo(demoChain)

describe('the bundled chain', () => {
  test('geth accepts the bundled chain up to its head, Amsterdam included', async () => {
    await using geth = await Geth.start({ genesis: demoChain.genesis, chainFile: demoChain.chain })
    expect(await geth.head()).toEqual({ number: info.headNumber, hash: info.headHash })
    const block = await geth.rpc<{ blockAccessListHash?: string; stateRoot: string }>('eth_getBlockByNumber', [
      'latest',
      false,
    ])
    expect(block.blockAccessListHash).toMatch(/^0x[0-9a-f]{64}$/)
    expect(block.stateRoot).toBe(info.headStateRoot)
    expect(await geth.rpc('eth_chainId')).toBe(`0x${info.chainId.toString(16)}`)
  })

  test('geth syncs the bundled chain from another geth', async () => {
    await using source = await Geth.start({ genesis: demoChain.genesis, chainFile: demoChain.chain })
    await using target = await Geth.start({
      genesis: demoChain.genesis,
      bootnodes: [source.enode],
      syncTarget: info.headHash,
      exitWhenSynced: true,
    })
    await target.waitForLog(/msg="Sync target reached" number=320/)
    expect(await target.exited).toEqual({ code: 0, signal: null })
  })
})

describe('a geth', () => {
  test('a geth has a port of its own, and its callers see its end when it is killed', async () => {
    await using geth = await Geth.start({ genesis: demoChain.genesis })
    expect(await geth.head()).toEqual({ number: 0, hash: info.genesisHash })
    expect(geth.enode).toMatch(/^enode:\/\/[0-9a-f]{128}@127\.0\.0\.1:[1-9]\d*/)
    expect(await geth.kill()).toEqual({ code: null, signal: 'SIGKILL' })
    await expect(geth.rpc('eth_chainId')).rejects.toThrow('closed')
  })

  test('a geth goes on from a given data folder, under the same key', async () => {
    const datadir = await mkdtemp(join(tmpdir(), 'peerloom-datadir-'))
    onTestFinished(() => rm(datadir, { recursive: true, force: true }))
    const start = (chainFile?: string) =>
      Geth.start({ genesis: demoChain.genesis, datadir, ...(chainFile !== undefined && { chainFile }) })
    const first = await start(demoChain.chain)
    await first[Symbol.asyncDispose]()
    await using second = await start()
    expect(await second.head()).toEqual({ number: info.headNumber, hash: info.headHash })
    expect(new URL(second.enode).username).toBe(new URL(first.enode).username)
  })

  test('a geth that cannot start shows its log', async () => {
    await expect(Geth.start({ genesis: demoChain.genesis, extra: ['--no-such-flag'] })).rejects.toThrow(/no-such-flag/)
  })
})
