// Builds the modules of wasm/ and writes their bytes into files of src/, which are committed.
// With --check nothing is written: exit code 1 says that committed bytes are not what their source gives.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const MODULES = [
  { source: 'wasm/kernel.ts', target: 'src/crypto/kernel-wasm.ts', name: 'KERNEL_WASM', pages: 5 },
  { source: 'wasm/snappy.ts', target: 'src/codec/snappy-wasm.ts', name: 'SNAPPY_WASM', pages: 1 },
]

// 112 warns of v128 in signatures, which JavaScript could not call: such functions are called inside the module.
const OPTIONS = '-O3 --noAssert --runtime stub --enable simd --disableWarning 112'.split(' ')

function compile({ source, pages }) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-wasm-'))
  try {
    const out = join(folder, 'out.wasm')
    const asc = join(root, 'node_modules/assemblyscript/bin/asc.js')
    const args = [asc, source, ...OPTIONS, '--initialMemory', String(pages), '--outFile', out]
    const run = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
    if (run.status !== 0) process.exit(run.status ?? 1)
    return readFileSync(out)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function toModule({ source, name }, bytes) {
  const lines = bytes.toString('base64').match(/.{1,112}/g)
  return [
    `// Generated from ${source} by scripts/build-wasm.mjs; do not edit.`,
    `/** ${bytes.length} bytes of WebAssembly, as base64. */`,
    `export const ${name}: string =`,
    ...lines.map((line, i) => `  '${line}'${i === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
}

for (const module of MODULES) {
  const text = toModule(module, compile(module))
  const target = join(root, module.target)
  if (!process.argv.includes('--check')) writeFileSync(target, text)
  else if (readFileSync(target, 'utf8') !== text) {
    console.error(`${module.target} is not what ${module.source} gives: run node scripts/build-wasm.mjs`)
    process.exitCode = 1
  }
}
