/**
 * Default location of the data folder.
 * @module
 */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { NetworkName } from '../../ethereum/chain/index.ts'

const HOME = homedir()

/** go-ethereum's locations with our name. */
const PLACES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: join(HOME, 'Library', 'Peerloom'),
  win32: join(process.env.LOCALAPPDATA ?? join(HOME, 'AppData', 'Local'), 'Peerloom'),
}

export const DEFAULT_DATADIR = PLACES[process.platform] ?? join(HOME, '.peerloom')

/**
 * Absolute path of the data folder. Within the default one, networks other than mainnet have a sub-folder each, as in
 * go-ethereum.
 */
export function dataDirOf(datadir: string, network: NetworkName | undefined): string {
  const isOwn = datadir === DEFAULT_DATADIR && network !== undefined && network !== 'mainnet'
  return resolve(isOwn ? join(datadir, network) : datadir)
}
