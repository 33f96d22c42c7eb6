/** Describes the machine and the versions, on which the figures depend. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { root } from './prepare.mjs'

/** `dist` is the build of ours that is measured. */
export function describeMachine(dist) {
  const [cpu] = cpus()
  return {
    cpu: `${cpu?.model ?? 'unknown'} × ${cpus().length}, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch}`,
    load: `${loadavg()[0].toFixed(2)} when it began`,
    node: `${process.version}, OpenSSL ${process.versions.openssl}`,
    peerloom: `${version(join(root, 'package.json'))} ${commit()}, secp256k1 backend: ${backend(dist)}`.trim(),
    '@ethereumjs/devp2p': version(join(root, 'bench', 'node_modules', '@ethereumjs', 'devp2p', 'package.json')),
    'viem, ethers': ['viem', 'ethers']
      .map((name) => version(join(root, 'node_modules', name, 'package.json')))
      .join(', '),
    'go-ethereum': goEthereum(),
  }
}

function version(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).version
  } catch {
    return 'not installed'
  }
}

function commit() {
  const { status, stdout } = spawnSync('git', ['describe', '--always', '--dirty'], { cwd: root, encoding: 'utf8' })
  return status === 0 ? `(${stdout.trim()})` : ''
}

/** Asked in another process, where the choice is made as a peer makes it. */
function backend(dist) {
  const program = 'const { secp256k1 } = await import(process.argv[1]); console.log(secp256k1().backend)'
  const args = ['--input-type=module', '-e', program, resolve(dist, 'crypto/index.js')]
  try {
    return execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}

function goEthereum() {
  const wanted = /github\.com\/ethereum\/go-ethereum (\S+)/.exec(
    readFileSync(join(root, 'interop', 'ethereum', 'go.mod'), 'utf8'),
  )?.[1]
  const { status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' })
  return status === 0 ? `${wanted}, ${stdout.trim().replace('go version ', '')}` : `${wanted}, not run`
}
