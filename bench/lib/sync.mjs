/**
 * Sync of a whole chain from one geth over loopback: ours (headers, bodies and receipts, verified and stored), in turn
 * with another geth's snap sync and full sync (`geth.mjs`). Our clock begins when the program has opened its store,
 * before it has dialed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveGeth, syncGeth } from './geth.mjs'
import { jsonOf, Program } from './process.mjs'
import { Resident } from './resident.mjs'
import { syncRows } from './rows.mjs'
import { ratios, summary } from './stats.mjs'

/** A sync that is slower than this hangs: milliseconds, and blocks a second. */
const PATIENCE = 60_000
const LEAST_RATE = 20

const ways = {
  peerloom: syncOurs,
  'geth, snap sync': (chain, enode, folder) => syncGeth('snap', chain, enode, folder, patience(chain)),
  'geth, full sync': (chain, enode, folder) => syncGeth('full', chain, enode, folder, patience(chain)),
}

/** `context` has: rounds, cli (path of our bin), env, note. */
export async function measureSync(chain, context) {
  const found = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
  const failures = {}
  await inFolder(async (sourceFolder) => {
    const source = await serveGeth(chain, sourceFolder)
    try {
      for (let round = 0; round < context.rounds; round++) {
        for (const [name, sync] of Object.entries(ways)) {
          if (failures[name]) continue
          context.note(`${chain.name}, round ${round + 1} of ${context.rounds}: ${name}`)
          try {
            found[name][round] = await inFolder((folder) => sync(chain, source.enode, folder, context))
          } catch (error) {
            failures[name] = error.message
          }
        }
      }
    } finally {
      await source.stop()
    }
  })
  return summarise(chain.name, found, failures, context.rounds)
}

/** The row of a chain that cannot be synced here. */
export function unmeasuredSync(name, why) {
  const failures = Object.fromEntries(Object.keys(ways).map((way) => [way, why]))
  return { ...summarise(name, {}, failures, 0), excused: true }
}

async function syncOurs(chain, enode, folder, { cli, env }) {
  const flags = ['sync', '--genesis', chain.genesis, '--datadir', join(folder, 'data'), '--peer', enode]
  const own = ['--target', chain.head, '--exit-when-synced', '--json', '--port', '0', '--host', '127.0.0.1']
  let began = performance.now()
  const onLine = (line) => {
    if (jsonOf(line)?.type === 'started') began = performance.now()
  }
  const program = new Program(process.execPath, [cli, ...flags, ...own], { env, onLine })
  const resident = new Resident(program.pid)
  try {
    await program.first((line) => (jsonOf(line)?.blocksPerSecond === undefined ? undefined : true), patience(chain))
    const seconds = (performance.now() - began) / 1000
    const memory = resident.stop()
    const code = await program.exited
    if (code !== 0) throw program.failure(`ended with ${code}`)
    return { seconds, blocksPerSecond: chain.blocks / seconds, ...memory }
  } finally {
    resident.stop()
    await program.stop()
  }
}

function patience({ blocks }) {
  return PATIENCE + (blocks / LEAST_RATE) * 1000
}

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-bench-'))
  try {
    return await work(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function summarise(name, found, failures, rounds) {
  const ratesOf = (way) =>
    Array.from({ length: rounds }, (_, round) => found[way][round]?.blocksPerSecond ?? Number.NaN)
  const { title, goals } = syncRows[name]
  const sides = { peerloom: { value: summary(ratesOf('peerloom')), rounds: found.peerloom ?? [] } }
  for (const [way, goal] of Object.entries(goals)) {
    const rates = ratesOf(way)
    const ratio = ratios(ratesOf('peerloom'), rates)
    sides[way] = { value: summary(rates), ratio, goal, rounds: found[way] ?? [] }
  }
  return { row: name, title, unit: ' blocks/s', sides, failures }
}
