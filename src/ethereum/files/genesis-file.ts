import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../base/errors.ts'
import { type Genesis, type NetworkName, networkGenesis, parseGenesis } from '../chain/index.ts'

/** Names a chain by its genesis or its network; the genesis takes precedence. */
export interface ChainName {
  /** The genesis, or the path of a `genesis.json` of go-ethereum. */
  readonly genesis?: Genesis | string | undefined
  /** Name of a built-in chain. */
  readonly network?: NetworkName | undefined
}

/**
 * Genesis of the named chain; undefined when none is named. Rejects with a ConfigError (`genesis`) for a file without a
 * genesis.
 */
export async function genesisOf({ genesis, network }: ChainName): Promise<Genesis | undefined> {
  if (typeof genesis === 'string') return await readGenesisFile(genesis)
  return genesis ?? (network && networkGenesis(network))
}

/** Reads go-ethereum's genesis.json. Throws a ConfigError (`genesis`). */
export async function readGenesisFile(path: string): Promise<Genesis> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.message})`
    throw new ConfigError('genesis', `${path} ${why}`, { cause: error })
  })
  try {
    return parseGenesis(text)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const what = error.message.replace(/^genesis: /, '')
    throw new ConfigError('genesis', `${path}: ${what}`, { cause: error })
  }
}
