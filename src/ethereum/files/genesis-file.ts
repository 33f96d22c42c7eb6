import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../base/errors.ts'
import { type Genesis, parseGenesis } from '../chain/index.ts'

/** Reads go-ethereum's genesis.json. Throws a ConfigError, field `genesis`. */
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
