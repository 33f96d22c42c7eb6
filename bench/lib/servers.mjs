/** JSON-RPC servers under one load, one after the other on the same chain; all of them stay for all rows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { interopBinary } from '../../scripts/build-interop.mjs'
import { answerGeth } from './geth.mjs'
import { jsonOf, Program } from './process.mjs'
import { servedBlocks } from './rows.mjs'
import { rpcSides, takeTurns } from './rpc.mjs'

const serversFolder = join(import.meta.dirname, '..', 'servers')
/** Before each round, in seconds: the connections are new. */
const SETTLE = 0.1

/** `context` has: rounds, seconds, warmup (of each server, once a row), env for ours, note. */
export async function measureServers(rows, chain, context) {
  const folder = mkdtempSync(join(tmpdir(), 'peerloom-bench-'))
  const servers = {}
  try {
    servers.geth = await answerGeth(chain, folder)
    servers.peerloom = await startOurServer(servers.geth.http, folder, context.env)
    servers['bare node:http'] = servers['bare ws'] = await startServer('bare.mjs')
    const found = []
    for (const row of rows) found.push(await measureRow(row, servers, context))
    return found
  } finally {
    await Promise.all([...new Set(Object.values(servers))].map((server) => server.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `{ pid, http, ws, stop() }` of ours. What it knows of the chain it is given: it answers as a node with kept blocks does. */
async function startOurServer(geth, folder, env) {
  const file = join(folder, 'blocks.json')
  const blocks = {}
  for (const number of Object.values(servedBlocks)) {
    const id = `0x${number.toString(16)}`
    blocks[id] = await ask(geth, 'eth_getBlockByNumber', [id, true])
  }
  writeFileSync(file, JSON.stringify(blocks))
  return await startServer('peerloom.mjs', { ...env, BENCH_BLOCKS: file })
}

async function startServer(file, env) {
  const program = new Program(process.execPath, [join(serversFolder, file)], { env })
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

async function ask(url, method, params) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return (await response.json()).result
}
