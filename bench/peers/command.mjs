/**
 * The command line that all bench peers share:
 *
 *   node <peer>.mjs serve                             first line: {"event":"listening","enode":"enode://…"}
 *   node <peer>.mjs dial --node ENODE --mode MODE [--size BYTES] [--seconds S] [--outstanding N] [--concurrency N]
 *       [--count N] [--warmup S]                      last line: the result; before it, of those that hold a load,
 *                                                     {"event":"holding","count":N}
 *
 * Modes of all peers: handshakes, oneway, request, idle; of the JavaScript peers alone: those of crowd.mjs.
 * --warmup runs the same unmeasured first, in the same process, until the compiler has seen it.
 */
import { parseArgs } from 'node:util'
import { answer, handshakes, idle, oneWay, requests } from './bench-protocol.mjs'
import * as crowdModes from './crowd.mjs'

const modes = { handshakes, oneway: oneWay, request: requests, idle, ...crowdModes }
const numbers = { size: 100, seconds: 3, outstanding: 1, concurrency: 1, count: 500, warmup: 0 }

/** Reads the command line; `flags` are the peer's own switches. */
export function commandLine(flags = {}) {
  const options = { node: { type: 'string' }, mode: { type: 'string' }, ...flags }
  for (const name of Object.keys(numbers)) options[name] = { type: 'string' }
  const { values, positionals } = parseArgs({ allowPositionals: true, options })
  const [role] = positionals
  if (role !== 'serve' && !(role === 'dial' && values.node && Object.hasOwn(modes, values.mode ?? ''))) {
    throw new Error(`expected serve, or dial --node ENODE --mode ${Object.keys(modes).join('|')}`)
  }
  const settings = { ...values }
  for (const [name, fallback] of Object.entries(numbers)) settings[name] = Number(values[name] ?? fallback)
  return { role, settings }
}

/** Serves until it is told to end, or dials and measures once. */
export async function runPeer({ role, settings }, peer) {
  if (role === 'serve') {
    emit({ event: 'listening', enode: await peer.listen((channel) => answer(channel, peer.codec)) })
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(0))
    return
  }
  emit(await modes[settings.mode](peer, settings, emit))
  process.exit(0) // libraries that keep timers must not keep the process
}

function emit(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
