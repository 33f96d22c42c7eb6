/** JSON-RPC clients of one server, each in its own process for all rounds, so that it compiles its code once. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { jsonOf, Program } from './process.mjs'
import { callers } from './rows.mjs'
import { rpcSides, takeTurns } from './rpc.mjs'

const callersFolder = join(import.meta.dirname, '..', 'callers')
const START_TIMEOUT = 20_000
/** Time limit beyond the seconds of a round, in milliseconds: a call that takes longer hangs. */
const ROUND_SLACK = 20_000

/** `context` has: rounds, seconds and warmup of each side, env for ours, note. */
export async function measureCalls(row, context) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-bench-'))
  const server = new Program(interopBinary('rpcbench'), ['serve', '--ipc', join(folder, 'ipc')])
  const running = {}
  const failures = {}
  try {
    const urls = await server.first((line) => (jsonOf(line)?.event === 'listening' ? jsonOf(line) : undefined))
    for (const name of rpcSides(row)) {
      try {
        running[name] = await startCaller(name, row, urls[row.via], context.env)
        await callFor(running[name], context.warmup)
      } catch (error) {
        failures[name] = error.message
      }
    }
    return await takeTurns(row, context, (name) => callFor(running[name], context.seconds), failures)
  } finally {
    await Promise.all([server, ...Object.values(running)].map((program) => program.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startCaller(name, { concurrency, batch = 0 }, url, env) {
  const flags = ['--url', url, '--concurrency', String(concurrency), '--batch', String(batch)]
  const program =
    callers[name] === undefined
      ? new Program(interopBinary('rpcbench'), ['call', ...flags], { listens: true })
      : new Program(process.execPath, [join(callersFolder, callers[name]), ...flags], { listens: true, env })
  await program.first((line) => (jsonOf(line)?.event === 'ready' ? true : undefined), START_TIMEOUT)
  return program
}

async function callFor(program, seconds) {
  const result = program.first((line) => (jsonOf(line)?.calls ? jsonOf(line) : undefined), ROUND_SLACK + seconds * 1000)
  program.tell(seconds)
  return await result
}
