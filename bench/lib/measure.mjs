/** Goes through the rows. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { measureCalls } from './calls.mjs'
import { prepareChain } from './chains.mjs'
import { measureFacts } from './facts.mjs'
import { measureLink } from './links.mjs'
import { prepareGo } from './prepare.mjs'
import { jsonOf, runToEnd } from './process.mjs'
import { callRows, factRows, linkRows, serveRows } from './rows.mjs'
import { unmeasuredRpc } from './rpc.mjs'
import { measureServers } from './servers.mjs'
import { measureSync, unmeasuredSync } from './sync.mjs'

/** `{ links, frames, syncs, calls, facts, complete }`: complete unless something failed that has no excuse. */
export async function measureAll(options, note) {
  const rows = linkRows.filter(({ name }) => options.wants(name))
  const missing = rows.length > 0 ? await missingSides(note) : {}
  const links = []
  for (const row of rows) links.push(await measureLink(row, contextOf(row, options, missing, note)))
  const frames = options.wants('frame') ? await measureFrames(options, note) : []
  const syncs = await measureSyncs(options, note)
  const calls = await measureRpc(options, note)
  const facts = await measureAllFacts(options, note)
  const complete = [...links, ...syncs, ...calls, ...facts].every(({ failures, excused }) =>
    Object.entries(failures).every(([name, why]) => excused || missing[name] === why),
  )
  return { links, frames, syncs, calls, facts, complete }
}

async function missingSides(note) {
  const why = await prepareGo(['yardstick'], note)
  return why === undefined ? {} : { 'go-ethereum': why }
}

function contextOf(row, { rounds, memoryRounds, seconds, warmup, load, dist }, missing, note) {
  const env = { BENCH_DIST: dist }
  return { rounds: row.heldBefore ? memoryRounds : rounds, seconds, warmup, load, env, missing, note }
}

async function measureFrames({ dist, frame }, note) {
  note('frame')
  const found = []
  const args = [join(import.meta.dirname, 'frame.mjs'), dist, String(frame.rounds), String(frame.milliseconds)]
  await runToEnd(process.execPath, args, { onLine: (line) => jsonOf(line) && found.push(jsonOf(line)) })
  return found
}

async function measureAllFacts({ wants, factRounds, dist, ...plan }, note) {
  const found = []
  for (const row of Object.keys(factRows).filter(wants)) {
    found.push(await measureFacts(row, { rounds: factRounds[row], plan, env: { BENCH_DIST: dist }, note }))
  }
  return found
}

async function measureSyncs({ wants, syncRounds, longSyncRounds, dist }, note) {
  const plan = { 'sync-600': syncRounds, 'sync-20000': longSyncRounds }
  const names = Object.keys(plan).filter((name) => wants(name) && plan[name] > 0)
  if (names.length === 0) return []
  const cli = join(dist, 'cli', 'bin.js')
  const why = existsSync(cli) ? await prepareGo(['geth'], note) : `there is no ${cli}`
  const found = []
  for (const name of names) {
    if (why !== undefined) {
      found.push(unmeasuredSync(name, why))
      continue
    }
    const chain = await prepareChain(name, note)
    found.push(await measureSync(chain, { rounds: plan[name], cli, env: {}, note }))
  }
  return found
}

/** JSON-RPC: clients of one server, then servers under one load. The server and the load are Go programs. */
async function measureRpc({ wants, rpc, dist }, note) {
  const calls = callRows.filter(({ name }) => wants(name))
  const serves = serveRows.filter(({ name }) => wants(name))
  if (calls.length + serves.length === 0) return []
  const why = await prepareGo(serves.length > 0 ? ['rpcbench', 'geth'] : ['rpcbench'], note)
  if (why !== undefined) return [...calls, ...serves].map((row) => unmeasuredRpc(row, why))
  const context = { ...rpc, env: { BENCH_DIST: dist }, cli: join(dist, 'cli', 'bin.js'), note }
  const found = []
  for (const row of calls) found.push(await measureCalls(row, context))
  if (serves.length === 0) return found
  return [...found, ...(await measureServers(serves, await prepareChain('sync-600', note), context))]
}
