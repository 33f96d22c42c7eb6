/** JSON-RPC servers under one load, one after the other on the same chain; all of them stay for all rows. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { answerGeth } from './geth.mjs'
import { jsonOf, Program, runToEnd } from './process.mjs'
import { rpcSides, takeTurns } from './rpc.mjs'

/** Pause before each round, in seconds: the connections are new. */
const SETTLE = 0.1

/** `context` has: rounds, seconds, warmup (of each server, once a row), cli (path of our bin), note. */
export async function measureServers(rows, chain, context) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-bench-'))
  const servers = {}
  try {
    servers.geth = await answerGeth(chain, folder)
    servers.peerloom = await startOurServer(chain, join(folder, 'data'), context)
    servers['bare node:http'] = servers['bare ws'] = await startBareServer()
    const found = []
    for (const row of rows) found.push(await measureRow(row, servers, context))
    return found
  } finally {
    await Promise.all([...new Set(Object.values(servers))].map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `{ pid, http, ws, stop() }` of ours: the node, as its users run it, with the chain imported. */
async function startOurServer({ genesis, file }, datadir, { cli }) {
  await runToEnd(process.execPath, [cli, 'import', '--datadir', datadir, '--genesis', genesis, file])
  const endpoints = ['--http', '--http.port', '0', '--ws', '--ws.port', '0', '--ipcdisable']
  const own = ['--json', '--datadir', datadir, '--host', '127.0.0.1', '--port', '0', '--verbosity', 'warn']
  const program = new Program(process.execPath, [cli, ...own, ...endpoints])
  const { rpc } = await program.first((line) => (jsonOf(line)?.type === 'serving' ? jsonOf(line) : undefined))
  const urls = Object.fromEntries(rpc.map((url) => [url.split(':', 1)[0], url]))
  return { ...urls, pid: program.pid, stop: () => program.stop() }
}

async function startBareServer() {
  const program = new Program(process.execPath, [join(import.meta.dirname, 'bare-server.mjs')])
  const urls = await program.first((line) => (jsonOf(line)?.event === 'listening' ? jsonOf(line) : undefined))
  return { ...urls, pid: program.pid, stop: () => program.stop() }
}

async function measureRow(row, servers, context) {
  const failures = {}
  for (const name of rpcSides(row)) {
    try {
      await load(row, servers[name], context.warmup)
    } catch (error) {
      failures[name] = error.message
    }
  }
  return await takeTurns(row, context, (name) => load(row, servers[name], context.seconds), failures)
}

async function load({ via, connections, batch, call }, server, seconds) {
  const one = JSON.stringify({ jsonrpc: '2.0', id: 1, ...call })
  const body = batch ? `[${Array(batch).fill(one).join(',')}]` : one
  const flags = { url: server[via], pid: server.pid, connections, calls: batch ?? 1, body }
  const times = { warmup: `${SETTLE}s`, duration: `${seconds}s` }
  const args = Object.entries({ ...flags, ...times }).flatMap(([name, value]) => [`--${name}`, String(value)])
  const program = new Program(interopBinary('rpcbench'), ['load', ...args])
  return await program.first((line) => (jsonOf(line)?.calls ? jsonOf(line) : undefined))
}
