#!/usr/bin/env node
/**
 * Makes sure that what package-lock.json names is installed: runs `npm ci` when it is not. Plain Node, because it runs
 * before anything is installed. Compares what was installed with what is named, not times: a checkout touches files.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** @returns the reason why dependencies have to be installed; undefined if they are there */
function reasonToInstall() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return 'dependencies are not installed yet'
  for (const [path, wanted] of Object.entries(packagesOf(join(root, 'package-lock.json')) ?? {})) {
    const found = installed[path]
    const needed = path !== '' && !wanted.optional && !wanted.peer
    if (found ? found.version !== wanted.version : needed) return 'dependencies have changed'
  }
  return undefined
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined
  }
}

/** Runs npm with this Node and returns its exit code. Its output goes to stderr: stdout is the program's. */
export function npm(args) {
  const cli = process.env.npm_execpath
  const own = cli !== undefined && /npm-cli\.c?js$/.test(cli)
  const [command, first] = own ? [process.execPath, [cli]] : ['npm', []]
  const shell = !own && process.platform === 'win32'
  const { status, signal, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell,
  })
  if (signal) process.kill(process.pid, signal)
  if (error) console.error(`error: npm: ${error.message} (npm comes with Node: https://nodejs.org)`)
  return status ?? 1
}

/** Installs what is missing; exits when that fails. */
export function ensureInstalled() {
  const missing = reasonToInstall()
  if (missing === undefined) return
  console.error(`peerloom: ${missing}: npm ci`)
  if (npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error']) === 0) return
  console.error('error: npm ci: dependencies cannot be installed (see above; the first time needs a network)')
  process.exit(1)
}

/** Exits with one line when this Node cannot run the package. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`error: Node ${process.version} is too old: 20.19 or newer is needed (https://nodejs.org)`)
  process.exit(1)
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  checkNode()
  ensureInstalled()
}
