// Builds wasm/keccak.ts and writes the bytes into src/crypto/keccak-wasm.ts, which is committed.
// With --check nothing is written: exit code 1 says that the committed bytes are not what the source gives.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'src/crypto/keccak-wasm.ts')
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--initialMemory', '1']

function compile(source) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-wasm-'))
  try {
    const out = join(folder, 'out.wasm')
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
    const run = spawnSync(process.execPath, [asc, source, ...OPTIONS, '--outFile', out], {
      cwd: root,
      stdio: 'inherit',
    })
    if (run.status !== 0) process.exit(run.status ?? 1)
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toModule(bytes) {
  const lines = bytes.toString('base64').match(/.{1,112}/g)
  return [
    '// Generated from wasm/keccak.ts by scripts/build-wasm.mjs; do not edit.',
    `/** The keccak kernel: ${bytes.length} bytes of WebAssembly, as base64. */`,
    'export const KECCAK_WASM: string =',
    ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
}

const text = toModule(compile('wasm/keccak.ts'))
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/crypto/keccak-wasm.ts is not what wasm/keccak.ts gives: run node scripts/build-wasm.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}
