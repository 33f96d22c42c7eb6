import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { header } from '../../../../test/support/headers.ts'
import { bytesTo0x, hexToBytes } from '../../../base/bytes.ts'
import { CodecError } from '../../../base/errors.ts'
import { parseChainConfig } from './chain-config.ts'
import { ForkIds, forkIdCodec } from './fork-id.ts'
import { type Genesis, genesisOf } from './genesis.ts'
import { NETWORK_NAMES, type NetworkName, networkGenesis } from './networks.ts'

const vectors = JSON.parse(readFileSync(new URL('../../../../test/vectors/forkid.json', import.meta.url), 'utf8')) as {
  creation: Record<NetworkName, [number, number, string, string][]>
  validation: [string, number, number, string, string, string][]
  encoding: [string, string, string][]
  timeBasedForkInGenesis: { genesisTime: number; cases: [number, number, number][] }
}

/** A config without its forks by time, as before the merge. */
function legacyMainnet(): Genesis {
  const { config, header } = networkGenesis('mainnet')
  const byBlock = Object.entries(config.json).filter(([name]) => !name.endsWith('Time'))
  return genesisOf(parseChainConfig(Object.fromEntries(byBlock)), header)
}

describe('fork ids', () => {
  for (const network of NETWORK_NAMES) {
    test(`fork ids of ${network} are those of go-ethereum at every fork`, () => {
      const ids = new ForkIds(networkGenesis(network))
      for (const [head, time, hash, next] of vectors.creation[network]) {
        expect(ids.at(head, time), `${head} ${time}`).toEqual({ hash: hexToBytes(hash), next: BigInt(next) })
      }
    })
  }

  test('fork ids of remotes are judged as go-ethereum judges them', () => {
    const local: Record<string, ForkIds> = {
      mainnet: new ForkIds(networkGenesis('mainnet')),
      'mainnet without forks by time': new ForkIds(legacyMainnet()),
    }
    for (const [config, head, time, hash, next, verdict] of vectors.validation) {
      const reason = local[config]!.refuse({ hash: hexToBytes(hash), next: BigInt(next) }, head, time)
      const expected = { accepted: undefined, 'remote is stale': 'the remote has missed a fork' }[verdict]
      if (verdict in { accepted: 0, 'remote is stale': 0 }) expect(reason, `${head} ${hash} ${next}`).toBe(expected)
      else expect(reason, `${head} ${hash} ${next}`).toMatch(/out of date/)
    }
  })

  test('fork ids omit forks by time up to the genesis block', () => {
    const { genesisTime, cases } = vectors.timeBasedForkInGenesis
    const born = header({ number: 0, timestamp: genesisTime })
    const blobSchedule = { cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3338477 } }
    const plain = new ForkIds(genesisOf(parseChainConfig({ chainId: 1337 }), born)).at(0, genesisTime)
    for (const [shanghaiTime, cancunTime, next] of cases) {
      const config = parseChainConfig({ chainId: 1337, londonBlock: 0, shanghaiTime, cancunTime, blobSchedule })
      const id = new ForkIds(genesisOf(config, born)).at(0, genesisTime)
      expect(id).toEqual({ hash: plain.hash, next: BigInt(next) })
    }
  })

  test('fork ids count forks of the same block once, and every fork that go-ethereum has a field for', () => {
    const at = (config: object) =>
      new ForkIds(genesisOf(parseChainConfig({ chainId: 1, ...config }), header())).at(9, 99)
    expect(at({ berlinBlock: 3, londonBlock: 3 })).toEqual(at({ londonBlock: 3 }))
    expect(at({ londonBlock: 3, ubtTime: 100 }).next).toBe(100n)
    expect(at({ londonBlock: 3, bogotaTime: 100 }).next).toBe(100n)
  })

  test('fork ids of forks above 2^53 keep every digit', () => {
    const never = 2n ** 64n - 1n
    const config = { chainId: 1, londonBlock: 0, shanghaiTime: 1_700_000_000_123_456_790n, bogotaTime: never }
    const born = header({ number: 0, timestamp: 1_700_000_000_123_456_789n })
    const ids = new ForkIds(genesisOf(parseChainConfig(config), born))
    expect(ids.at(0, born.exactTimestamp).next).toBe(1_700_000_000_123_456_790n)
    expect(ids.at(1, 1_700_000_000_123_456_790n).next).toBe(never)
    expect(ids.at(1, never).next).toBe(0n)
  })

  test('fork ids are encoded as in EIP-2124', () => {
    for (const [hash, next, raw] of vectors.encoding) {
      const id = { hash: hexToBytes(hash), next: BigInt(next) }
      expect(bytesTo0x(forkIdCodec.encode(id))).toBe(raw)
      expect(forkIdCodec.decode(hexToBytes(raw))).toEqual(id)
    }
  })

  test('random bytes decode to a fork id or throw a CodecError', () => {
    const bytes = fc.uint8Array({ maxLength: 20 })
    fc.assert(
      fc.property(bytes, (raw) => {
        try {
          expect(forkIdCodec.encode(forkIdCodec.decode(raw))).toEqual(raw)
        } catch (error) {
          if (!(error instanceof CodecError)) throw error
        }
      }),
    )
  })

  test('judging any fork id of a remote never throws', () => {
    const ids = new ForkIds(networkGenesis('sepolia'))
    const hash = fc.uint8Array({ minLength: 4, maxLength: 4 })
    fc.assert(
      fc.property(hash, fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(), fc.nat(), (hash, next, number, time) => {
        expect(['string', 'undefined']).toContain(typeof ids.refuse({ hash, next }, number, time))
      }),
    )
  })
})
