import { type Genesis, networkGenesis } from '../../../ethereum/chain/index.ts'
import { readGenesisFile } from '../../../ethereum/files/index.ts'
import type { Config } from '../../config/config.ts'
import { blamingAsync } from '../../config/parse.ts'

/** The chain that was named; undefined when none was: the data folder knows then. */
export async function chainOf(config: Config): Promise<Genesis | undefined> {
  const network = config.get('network')
  if (network !== undefined) return networkGenesis(network)
  const file = config.get('genesis')
  return file === undefined ? undefined : await blamingAsync(config.nameOf('genesis'), () => readGenesisFile(file))
}
