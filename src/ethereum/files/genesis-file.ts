import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import {
  type Genesis,
  type GenesisReadOptions,
  type GenesisWarning,
  type NetworkName,
  networkGenesis,
  parseGenesis,
} from '../chain/index.ts'

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
export async function genesisOf(
  { genesis, network }: ChainName,
  options?: GenesisReadOptions,
): Promise<Genesis | undefined> {
  if (typeof genesis === 'string') return await readGenesisFile(genesis, options)
  return genesis ?? (network && networkGenesis(network))
}

/** Logs a warning about a genesis.json. */
export function logGenesisWarning(log: Logger, { problem, field, hint }: GenesisWarning): void {
  log.warn(`${problem} in genesis.json`, { field, ...(hint !== undefined && { hint }) })
}

/** Reads go-ethereum's genesis.json. Throws a ConfigError (`genesis`). */
export async function readGenesisFile(path: string, options?: GenesisReadOptions): Promise<Genesis> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read (${error.code ?? error.message})`
    throw new ConfigError('genesis', `${path} ${why}`, { cause: error })
  })
  try {
    return parseGenesis(text, options)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const what = error.message.replace(/^genesis: /, '')
    throw new ConfigError('genesis', `${path}: ${what}`, { cause: error })
  }
}
