#!/usr/bin/env node
/**
 * Compiles the examples against the built package, as a user's program would see it, and runs each one. Exits with 1 when
 * one fails or does not end by itself.
 *
 *   node scripts/run-examples.mjs [name…]     all when none is given; after `npm run build`
 *
 * They are compiled into a folder of this package, so that `peerloom/devp2p` means what its package.json exports.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Long enough for a slow machine; an example takes a second or two. */
const TIME_LIMIT = 60_000

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = join(root, 'examples', '.build')

function run(args, options = {}) {
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit', ...options })
  if (error?.code === 'ETIMEDOUT') return `did not end within ${TIME_LIMIT} ms`
  if (error) return error.message
  return signal ? `ended by ${signal}` : status === 0 ? undefined : `exit code ${status}`
}

function compile() {
  rmSync(folder, { recursive: true, force: true })
  const failure = run([join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'examples/tsconfig.json'])
  if (!failure) return
  console.error('error: the examples do not compile (see above; has `npm run build` been run?)')
  process.exit(1)
}

compile()
const wanted = process.argv.slice(2)
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.js'))
  .map((file) => file.slice(0, -3))
for (const name of wanted.length > 0 ? wanted : names) {
  console.log(`--- examples/${name}.ts`)
  const failure = run([join(folder, `${name}.js`)], { timeout: TIME_LIMIT, killSignal: 'SIGKILL' })
  if (!failure) continue
  console.error(`error: examples/${name}.ts: ${failure}`)
  process.exitCode = 1
}
