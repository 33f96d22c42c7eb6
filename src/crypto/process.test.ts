/** What can only be seen in a process of its own: the environment variable, missing packages, garbage collection. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'peerloom-crypto-'))

/** Compiles this room, as Node 20 does not run TypeScript. */
beforeAll(() => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(root, 'tsconfig.build.json'),
      compilerOptions: {
        outDir: folder,
        rootDir: join(root, 'src'),
        typeRoots: [join(root, 'node_modules/@types')],
        declaration: false,
        declarationMap: false,
        sourceMap: false,
      },
      include: [],
      files: [join(root, 'src/crypto/index.ts')],
    }),
  )
  const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder])
  expect(String(tsc.stdout) + String(tsc.stderr)).toBe('')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** Makes exactly these packages importable. */
function install(packages: readonly string[]): void {
  const modules = join(folder, 'node_modules')
  rmSync(modules, { recursive: true, force: true })
  for (const name of packages) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
}

function run(script: string, variable?: string, flags: readonly string[] = []): string {
  const { PEERLOOM_CRYPTO: _, ...env } = process.env
  if (variable !== undefined) env.PEERLOOM_CRYPTO = variable
  const args = [...flags, '--input-type=module', '-e', `import * as crypto from './crypto/index.js'\n${script}`]
  const child = spawnSync(process.execPath, args, { cwd: folder, env, encoding: 'utf8' })
  return child.stdout.trim() || child.stderr
}

const ALL = ['secp256k1', '@bitauth/libauth']
const CHOOSE = `try { console.log(crypto.secp256k1().backend) } catch (e) { console.log(e.name, e.field, e.message) }`

describe('PEERLOOM_CRYPTO', () => {
  test.each(['native', 'wasm'])('PEERLOOM_CRYPTO forces the backend %s', (name) => {
    install(ALL)
    expect(run(CHOOSE, name)).toBe(name)
  })

  test('the backend without PEERLOOM_CRYPTO is native, and wasm where native does not load', () => {
    install(ALL)
    expect(run(CHOOSE)).toBe('native')
    expect(run(CHOOSE, '')).toBe('native')
    install(['@bitauth/libauth'])
    expect(run(CHOOSE)).toBe('wasm')
  })

  test('another value of PEERLOOM_CRYPTO gives a ConfigError that names the values', () => {
    expect(run(CHOOSE, 'rust')).toMatch(/^ConfigError PEERLOOM_CRYPTO .*"rust".*use native or wasm/)
    expect(run(CHOOSE, 'js')).toMatch(/^ConfigError PEERLOOM_CRYPTO .*"js".*use native or wasm/)
    expect(run(CHOOSE, 'toString')).toMatch(/^ConfigError PEERLOOM_CRYPTO .*use native or wasm/)
  })

  test.each([
    ['native', 'secp256k1'],
    ['wasm', '@bitauth/libauth'],
  ])('forcing the backend %s gives a ConfigError that says to install %s when it is missing', (name, missing) => {
    install(ALL.filter((other) => other !== missing))
    const message = run(CHOOSE, name)
    expect(message).toMatch(/^ConfigError PEERLOOM_CRYPTO /)
    expect(message).toContain(`install the ${name === 'native' ? 'optional ' : ''}package ${missing}`)
  })

  test('the backend is wasm when the native package has no binary', () => {
    install(['@bitauth/libauth'])
    const fake = join(folder, 'node_modules/secp256k1')
    mkdirSync(fake)
    writeFileSync(join(fake, 'index.js'), 'module.exports = {}')
    writeFileSync(join(fake, 'bindings.js'), 'throw new Error("no binary")')
    expect(run(CHOOSE)).toBe('wasm')
  })
})

test('importing the room loads no backend', () => {
  install([])
  expect(run(`console.log(crypto.keccak256(new Uint8Array(0)).length)`)).toBe('32')
})
