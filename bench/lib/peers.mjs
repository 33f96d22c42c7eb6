/** Runs the programs of peers/. `context` has: seconds and warmup, unless the arguments say otherwise, and `env`. */
import { join } from 'node:path'
import { jsonOf, Program } from './process.mjs'
import { sides } from './rows.mjs'

const peersFolder = join(import.meta.dirname, '..', 'peers')
const DIAL_TIMEOUT = 180_000

/** Starts the side that listens. */
export async function serve(name, context) {
  const program = start(name, ['serve'], context)
  const enode = await program.first((line) => jsonOf(line)?.enode)
  return { program, enode }
}

/** Runs a side that dials to its end; resolves with its result. */
export async function dial(name, enode, args, context) {
  return await startDial(name, enode, args, context).result
}

/** Starts a side that dials, and resolves when its load is there: `{ result, stop() }`. */
export async function hold(name, enode, args, context) {
  const { program, result } = startDial(name, enode, args, context)
  result.catch(() => {}) // whoever stops it does not ask for it
  await program.first((line) => (jsonOf(line)?.event === 'holding' ? true : undefined), DIAL_TIMEOUT)
  return { result, stop: () => program.stop() }
}

function startDial(name, enode, args, context) {
  const { seconds, warmup } = context
  const program = start(name, ['dial', ...flags({ seconds, warmup, ...args, node: enode })], context)
  const timeout = DIAL_TIMEOUT + (args.seconds ?? seconds) * 1000
  const ended = program.first((line) => (jsonOf(line)?.mode === args.mode ? jsonOf(line) : undefined), timeout)
  const result = ended.then(async (line) => {
    await program.exited
    return line
  })
  return { program, result }
}

function start(name, args, { env }) {
  const side = sides[name]
  const node = [join(peersFolder, side.file), ...args, ...side.flags]
  return new Program(process.execPath, node, { env: { ...env, ...side.env } })
}

function flags(values) {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
}
