import { describe, expect, test } from 'vitest'
import { hivechain } from './chains.ts'
import { parseTap, rlpxPing, rlpxSuite } from './devp2p.ts'
import { Geth } from './geth.ts'

describe('devp2p against geth', () => {
  test('devp2p reads the Hello of geth and passes a few tests of the eth suite', async () => {
    const chain = hivechain()
    await using geth = await Geth.start({ genesis: chain.genesis, chainFile: chain.chain })
    expect(await rlpxPing(geth.enode)).toMatch(/Caps:\[.*eth\/69.* snap\/1\]/)
    const results = await rlpxSuite('eth-test', {
      node: geth.enode,
      chainDir: chain.folder,
      engineUrl: geth.engineUrl,
      jwtSecret: geth.jwtSecret,
      run: 'Status|GetBlockHeaders',
    })
    expect(results.length).toBeGreaterThan(1)
    expect(results.filter((result) => !result.ok)).toEqual([])
  })

  test('a devp2p ping of a port without a listener is rejected', async () => {
    await expect(rlpxPing(`enode://${'11'.repeat(64)}@127.0.0.1:1`)).rejects.toThrow(/ended with/)
  })
})

describe('parseTap', () => {
  test('parseTap returns each test with its result and the comments after it', () => {
    const text = ['1..2', 'ok 1 Status', 'not ok 2 GetBlockHeaders', '# dial failed: refused', '#   twice']
    expect(parseTap(text)).toEqual({
      planned: 2,
      results: [
        { name: 'Status', ok: true, output: '' },
        { name: 'GetBlockHeaders', ok: false, output: 'dial failed: refused\n  twice' },
      ],
    })
  })
})
