import { expect, test } from 'vitest'
import { bytesTo0x } from '../../../base/bytes.ts'
import { genesisFromJson } from './genesis.ts'
import { NETWORK_NAMES, networkGenesis } from './networks.ts'

/** Source: go-ethereum v1.17.8, params/config.go. */
const HASHES = {
  mainnet: '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  sepolia: '0x25a5cc106eea7138acab33231d7160d69cb777ee0c2c553fcddf5138993e6dd9',
  hoodi: '0xbbe312868b376a3001692a646dd2d7d1e4406380dfd86b98aa8a34d1557c971b',
}

for (const name of NETWORK_NAMES) {
  test(`${name} has its well-known genesis hash, also when read from a data directory`, () => {
    const genesis = networkGenesis(name)
    expect(bytesTo0x(genesis.hash)).toBe(HASHES[name])
    expect(genesis.body.matches(genesis.header)).toBe(true)
    const again = genesisFromJson(JSON.parse(JSON.stringify(genesis.json)))
    expect(again).toEqual(genesis)
  })
}

test('mainnet ends proof of work at the total difficulty of the merge', () => {
  expect(networkGenesis('mainnet').config.terminalTotalDifficulty).toBe(58_750_000_000_000_000_000_000n)
})
