#!/usr/bin/env node
/**
 * The end of a build, after tsc: copies files that are not TypeScript beside the compiled ones, makes the bin executable, and
 * writes a stamp that says that the build is complete.
 *
 *   node scripts/copy-assets.mjs [folder]     dist when none is given
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const folder = process.argv[2] ?? join(root, 'dist')

const from = join(root, 'assets', 'demo')
const to = join(folder, 'assets', 'demo')
mkdirSync(to, { recursive: true })
for (const name of readdirSync(from)) copyFileSync(join(from, name), join(to, name))
chmodSync(join(folder, 'cli', 'bin.js'), 0o755)
writeFileSync(join(folder, '.built'), '')
