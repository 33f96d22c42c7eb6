#!/usr/bin/env node
/**
 * `npm start`, on a bare clone too: installs and builds what is missing, then runs the demo in this very process, so that
 * signals and the exit code need no passing on. Plain Node without dependencies.
 */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { checkNode, ensureInstalled, npm } from './ensure.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const bin = join(root, 'dist', 'cli', 'bin.js')
const stamp = join(root, 'dist', '.built')
/** Files and folders that a build depends on. */
const sources = ['src', 'assets', 'tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json']

function isBuilt() {
  if (!existsSync(stamp) || !existsSync(bin)) return false
  return sources.every((name) => newest(join(root, name)) <= statSync(stamp).mtimeMs)
}

/** @returns the time of the last change of a file, or in a folder, in milliseconds; tests are not built, and count as 0 */
function newest(path) {
  if (path.endsWith('.test.ts')) return 0
  const stats = statSync(path)
  if (!stats.isDirectory()) return stats.mtimeMs
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

checkNode()
ensureInstalled()
if (!isBuilt()) {
  console.error('peerloom: building')
  if (npm(['run', '--silent', 'build']) !== 0) {
    console.error('error: npm run build: failed (see above)')
    process.exit(1)
  }
}
process.argv = [process.argv[0], bin, 'demo', ...process.argv.slice(2)]
await import(pathToFileURL(bin).href)
