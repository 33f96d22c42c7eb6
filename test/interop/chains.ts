import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { goModuleFolder } from '../../scripts/build-interop.mjs'

/** Paths of a chain's files. */
export interface ChainFiles {
  readonly folder: string
  readonly genesis: string
  readonly chain: string
}

/** Summary that interop/ethereum/chainmaker prints of a chain. */
export interface ChainInfo {
  readonly chainId: number
  readonly networkId: number
  readonly genesisHash: string
  readonly headNumber: number
  readonly headHash: string
  readonly headTime: number
  readonly headStateRoot: string
  readonly forks: Readonly<Record<string, number>>
  readonly transactions: Readonly<Record<string, number>>
  readonly testKeys: Readonly<Record<string, string>>
}

function chainFiles(folder: string): ChainFiles {
  return { folder, genesis: join(folder, 'genesis.json'), chain: join(folder, 'chain.rlp') }
}

/** The chain that comes with the package: 320 blocks, Shanghai to Amsterdam. */
export const demoChain: ChainFiles = chainFiles(fileURLToPath(new URL('../../assets/demo', import.meta.url)))

export function readChainInfo(chain: ChainFiles): ChainInfo {
  return JSON.parse(readFileSync(join(chain.folder, 'info.json'), 'utf8')) as ChainInfo
}

/** The 600 blocks that devp2p's conformance suites are about. They lie in the go-ethereum module. */
export function hivechain(): ChainFiles {
  return chainFiles(hivechainDir())
}

export function hivechainDir(): string {
  return join(goModuleFolder('ethereum', 'github.com/ethereum/go-ethereum'), 'cmd/devp2p/internal/ethtest/testdata')
}
