/**
 * go-ethereum's own p2p as a bench peer: runs interop/ethereum/yardstick, which says the same lines, with this command
 * line. --warmup means nothing to it: it is compiled ahead.
 */
import { spawn } from 'node:child_process'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { commandLine } from './command.mjs'

const { role, settings } = commandLine()
const { node, mode, size, seconds, outstanding, concurrency, count } = settings
const dial = ['--node', node, '--mode', mode, '--duration', `${seconds}s`]
for (const [name, value] of Object.entries({ size, outstanding, concurrency, count }))
  dial.push(`--${name}`, String(value))

const child = spawn(interopBinary('yardstick'), [role, ...(role === 'dial' ? dial : [])], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
process.on('exit', () => child.kill('SIGKILL'))
child.on('close', (code) => process.exit(code ?? 1))
