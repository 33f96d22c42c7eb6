#!/usr/bin/env node
/**
 * Builds the real peers that interop tests and benches run against, with the machine's Go:
 *
 *   node scripts/build-interop.mjs [name…]     all of them when no name is given
 *
 * Each lands in interop/.build/<name>-<key>. The key is made of everything the binary depends on, so a binary that is
 * there is the right one, and nothing is built twice. Tests and benches call `buildInterop` and `interopBinary`.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const buildFolder = join(root, 'interop', '.build')

/** Programs, each with its Go module (a folder of interop/) and its package. */
const programs = {
  geth: { world: 'ethereum', package: 'github.com/ethereum/go-ethereum/cmd/geth' },
  devp2p: { world: 'ethereum', package: 'github.com/ethereum/go-ethereum/cmd/devp2p' },
  chainmaker: { world: 'ethereum', package: './chainmaker' },
  yardstick: { world: 'ethereum', package: './yardstick' },
  rpcbench: { world: 'ethereum', package: './rpcbench' },
}

export const interopNames = Object.keys(programs)

/** @returns the path at which a program is or will be built */
function binaryPath(name) {
  const program = programs[name]
  if (program === undefined)
    throw new Error(`no interop program is called "${name}": there are ${interopNames.join(', ')}`)
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  for (const file of sourceFiles(program)) hash.update(readFileSync(file))
  return join(buildFolder, `${name}-${hash.digest('hex').slice(0, 12)}${process.platform === 'win32' ? '.exe' : ''}`)
}

function sourceFiles({ world, package: path }) {
  const module = join(root, 'interop', world)
  const own = path.startsWith('./') ? readdirSync(join(module, path)).filter((name) => name.endsWith('.go')) : []
  return [join(module, 'go.mod'), join(module, 'go.sum'), ...own.sort().map((name) => join(module, path, name))]
}

/** The path of a program that has been built; throws when it has not. */
export function interopBinary(name) {
  const path = binaryPath(name)
  if (!existsSync(path)) throw new Error(`${name} is not built: run "node scripts/build-interop.mjs ${name}"`)
  return path
}

/** The folder of a Go module that one of the worlds depends on, downloaded when it is not there. */
export function goModuleFolder(world, module) {
  const result = spawnSync('go', ['list', '-m', '-f', '{{.Dir}}', module], {
    cwd: join(root, 'interop', world),
    encoding: 'utf8',
  })
  const folder = result.stdout?.trim()
  if (result.status !== 0 || !folder)
    throw new Error(`go list -m ${module}: ${result.stderr?.trim() || result.error?.message}`)
  return folder
}

/**
 * Builds the missing programs.
 * @param {{ names?: readonly string[], log?: (line: string) => void, signal?: AbortSignal }} [options]
 * @returns {Promise<Record<string, string>>} name to path
 */
export async function buildInterop({ names = interopNames, log = console.error, signal } = {}) {
  const paths = Object.fromEntries(names.map((name) => [name, binaryPath(name)]))
  const missing = names.filter((name) => !existsSync(paths[name]))
  if (missing.length > 0) requireGo(missing)
  for (const name of missing) await build(name, paths[name], log, signal)
  return paths
}

function requireGo(missing) {
  const { status } = spawnSync('go', ['version'], { stdio: 'ignore' })
  if (status === 0) return
  throw new Error(
    `interop needs the Go tool chain (1.26 or later) to build ${missing.join(', ')}, and "go" is not on PATH: get it from https://go.dev/dl/`,
  )
}

async function build(name, path, log, signal) {
  const started = performance.now()
  const seconds = () => Math.round((performance.now() - started) / 1000)
  log(`interop: building ${name}${name === 'geth' ? ' (the first time this takes about four minutes)' : ''}`)
  mkdirSync(buildFolder, { recursive: true })
  // Built beside its place and then renamed: two builds at once, or one cut short, leave no half binary.
  const temporary = `${path}.${process.pid}.tmp`
  const progress = setInterval(() => log(`interop: still building ${name}, ${seconds()} s`), 30_000)
  try {
    await go(['build', '-o', temporary, programs[name].package], programs[name].world, signal)
    renameSync(temporary, path)
  } finally {
    clearInterval(progress)
    rmSync(temporary, { force: true })
  }
  removeOlder(name, path)
  log(`interop: built ${name} in ${seconds()} s`)
}

/** Older builds of the same program go: each is tens of megabytes. */
function removeOlder(name, path) {
  const older = new RegExp(`^${name}-[0-9a-f]{12}(\\.exe)?$`)
  for (const entry of readdirSync(buildFolder)) {
    if (older.test(entry) && join(buildFolder, entry) !== path) rmSync(join(buildFolder, entry), { force: true })
  }
}

function go(args, world, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn('go', args, { cwd: join(root, 'interop', world), stdio: ['ignore', 'ignore', 'pipe'], signal })
    const errors = []
    lowerPriority(child.pid)
    child.stderr.on('data', (chunk) => errors.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`go ${args.join(' ')} failed:\n${Buffer.concat(errors).toString().slice(-4000)}`))
    })
  })
}

/** A build takes every core for minutes; whatever else the machine does goes first. */
function lowerPriority(pid) {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It has ended already, or the system does not let us: then it runs as it is.
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2)
  try {
    const paths = await buildInterop(names.length > 0 ? { names } : {})
    for (const [name, path] of Object.entries(paths)) console.log(`${name}\t${path}`)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
