#!/usr/bin/env node
/**
 * Runs the tests that a change touches: those that import, directly or not, a file that differs from the merge base with
 * main, the working tree included. The tests of floors and of exports read the sources as text, so they always run.
 *
 *   npm run test:quick [-- <options of vitest>]
 */
import { spawnSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
const ALWAYS = ['test/floors.test.ts', 'test/exports.test.ts']

/** @returns {string | undefined} stdout, if the program ended with 0 */
function outputOf(command, args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return status === 0 ? stdout.trim() : undefined
}

/** A clone without a branch main has origin/main; where neither is known, only the working tree counts as changed. */
function mergeBase() {
  for (const branch of ['main', 'origin/main']) {
    if (outputOf('git', ['rev-parse', '--quiet', '--verify', `${branch}^{commit}`]) === undefined) continue
    const base = outputOf('git', ['merge-base', branch, 'HEAD'])
    if (base !== undefined) return base
  }
  return 'HEAD'
}

function touchedTests(base) {
  const list = outputOf(process.execPath, [VITEST, 'list', '--filesOnly', '--json', '--changed', base])
  if (list === undefined) process.exit(1)
  return JSON.parse(list).map(({ file }) => relative(ROOT, file))
}

const files = new Set([...touchedTests(mergeBase()), ...ALWAYS])
const args = [VITEST, 'run', ...files, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
process.exitCode = status ?? 1
