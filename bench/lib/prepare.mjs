/** Brings a fresh clone to where it can be measured: dependencies, our build, the peers. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildInterop } from '../../scripts/build-interop.mjs'
import { checkNode, ensureInstalled } from '../../scripts/ensure.mjs'

export const root = join(import.meta.dirname, '..', '..')
const benchFolder = join(root, 'bench')

export function prepareOurs(note) {
  checkNode()
  ensureInstalled()
  note('building peerloom')
  npm(root, 'run', '--silent', 'build')
}

/** Installs what the lock file names, unless that is what lies there. */
export function preparePeers(note) {
  const installed = versionsOf(join(benchFolder, 'node_modules', '.package-lock.json'))
  const wanted = versionsOf(join(benchFolder, 'package-lock.json'))
  if (installed !== undefined && installed === wanted) return
  note('npm ci in bench/')
  npm(benchFolder, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error')
}

/** @returns the reason why go-ethereum is not measured; undefined if it is */
export async function prepareGo(names, note) {
  const { status } = spawnSync('go', ['version'], { stdio: 'ignore' })
  if (status !== 0) return 'there is no Go on PATH (https://go.dev/dl/)'
  try {
    await buildInterop({ names, log: note })
    return undefined
  } catch (error) {
    return error.message
  }
}

/** Every package but the project itself, with its version. */
function versionsOf(file) {
  try {
    const { packages } = JSON.parse(readFileSync(file, 'utf8'))
    const versions = Object.entries(packages).filter(([path]) => path !== '')
    return JSON.stringify(versions.map(([path, { version }]) => [path, version]).sort())
  } catch {
    return undefined
  }
}

/** npm's own output goes to stderr: stdout is the table. */
function npm(cwd, ...args) {
  const shell = process.platform === 'win32'
  const { status, error } = spawnSync('npm', args, { cwd, stdio: ['ignore', 2, 2], shell })
  if (status !== 0) throw new Error(`npm ${args[0]} in ${cwd} failed${error ? `: ${error.message}` : ''}`)
}
