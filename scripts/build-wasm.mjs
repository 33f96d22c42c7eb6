// Builds wasm/kernel.ts and writes the bytes into src/crypto/kernel-wasm.ts, which is committed.
// With --check nothing is written: exit code 1 says that the committed bytes are not what the source gives.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const target = join(root, 'src/crypto/kernel-wasm.ts')
// 112 warns of v128 in signatures, which JavaScript could not call: these functions are called inside the module.
const OPTIONS = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--initialMemory',
  '5',
  '--enable',
  'simd',
  '--disableWarning',
  '112',
]

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
    '// Generated from wasm/kernel.ts by scripts/build-wasm.mjs; do not edit.',
    `/** The kernel: ${bytes.length} bytes of WebAssembly, as base64. */`,
    'export const KERNEL_WASM: string =',
    ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
}

const text = toModule(compile('wasm/kernel.ts'))
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/crypto/kernel-wasm.ts is not what wasm/kernel.ts gives: run node scripts/build-wasm.mjs')
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}
