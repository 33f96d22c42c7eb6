/**
 * Layout of a data folder, as in go-ethereum: the program's files are in `<dataDir>/peerloom/`.
 * @module
 */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { ConfigError } from '../base/errors.ts'

/** Name of the program's own folder within a data folder. */
const PROGRAM = 'peerloom'

/** Absolute path of a file or folder of the program in a data folder. */
export function pathInDataDir(dataDir: string, name: string): string {
  return join(resolve(dataDir), PROGRAM, name)
}

/** Makes a folder and its parents, with access for the owner only. Throws a ConfigError (`dataDir`) that names the obstacle. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
  } catch (error) {
    const code = await firstObstacle(path, error as NodeJS.ErrnoException)
    const why = code === 'ENOTDIR' || code === 'EEXIST' ? 'a part of it is a file' : (code ?? String(error))
    throw new ConfigError('dataDir', `cannot make the folder ${path}: ${why}`, { cause: error })
  }
}

/** Error code of the first folder that cannot be made: a recursive `mkdir` reports ENOENT for any obstacle. */
async function firstObstacle(path: string, error: NodeJS.ErrnoException): Promise<string | undefined> {
  let first = path
  while (!(await pathExists(dirname(first)))) first = dirname(first)
  const failed = await mkdir(first).catch((reason: NodeJS.ErrnoException) => reason.code)
  return failed ?? error.code
}

/** @returns true if there is a file, folder or device of this path. */
export async function pathExists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
